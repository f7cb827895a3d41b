//! One look into the shared store for many entries.

use super::given::Looked;
use crate::mode::Mode;
use crate::observe::Counter;
use crate::recovery;
use crate::target::{Target, confirm_many};

/// Returns what the store has for each of `targets`, in one round trip; `None` for those that have to be asked
/// for one by one, and if there is no store. `is_shared`: the values may leave the process.
pub(super) async fn look(mode: Mode, is_shared: bool, targets: &[&Target]) -> Vec<Option<Looked>> {
    let mut looked: Vec<Option<Looked>> = targets.iter().map(|_| None).collect();
    let is_asked = |at: &usize| {
        let core = targets[*at].cache.core();
        let stored_key = targets[*at].stored_key().filter(|_| core.store().is_some());
        // An owed entry should have been deleted, if it is there: a call sees to that.
        is_shared && stored_key.is_some_and(|stored_key| !core.owed.has(stored_key))
    };
    let mut left: Vec<usize> = (0..targets.len()).filter(is_asked).collect();
    // If the cache depends on the arguments, there may be several.
    while let Some(first) = left.first().map(|at| targets[*at]) {
        let is_mate = |at: &usize| std::ptr::eq(targets[*at].cache.core(), first.cache.core());
        let (mates, others): (Vec<usize>, Vec<usize>) = left.into_iter().partition(is_mate);
        left = others;
        let Some(store) = first.cache.core().store() else {
            continue;
        };
        let keys: Vec<String> = mates
            .iter()
            .filter_map(|at| targets[*at].stored_key().map(str::to_owned))
            .collect();
        let near = first.cache.core().near();
        let ticket = |at: &usize| near.map(|near| near.reading(targets[*at].key.stored_hash));
        let tickets: Vec<_> = mates.iter().map(ticket).collect();
        // The markers of all of them are requested along with them.
        let whole = first.ask_whole();
        let all: Vec<String> = keys.iter().cloned().chain(whole.keys()).collect();
        let values = store
            .ask(mode, "get_many", |store| store.get_many(&all))
            .await;
        recovery::tend(&first.cache, mode);
        match values {
            Ok(mut values) => {
                let marks = values.split_off(keys.len().min(values.len()));
                whole.answered(first.cache.core(), marks);
                let found = mates.iter().zip(&values).filter_map(|(at, value)| {
                    let bytes = value.as_deref()?;
                    Some((targets[*at], bytes))
                });
                // What this cannot tell, each is told for itself.
                let _ = confirm_many(mode, found).await;
                for ((at, value), ticket) in mates.into_iter().zip(values).zip(tickets) {
                    let value = Ok(value);
                    looked[at] = Some(Looked { value, ticket });
                }
            }
            // Some of its servers are there: a call finds out about its own.
            Err(error) if error.is_partial() => {}
            Err(error) => {
                first.count(Counter::Errors);
                for (at, key) in mates.into_iter().zip(&keys) {
                    looked[at] = Some(Looked {
                        value: Err(error.clone().on_key(key)),
                        ticket: None,
                    });
                }
            }
        }
    }
    looked
}
