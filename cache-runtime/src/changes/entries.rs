//! Which entries an expression names: one, or as many as a loop gives.

use crate::entry::{BlockingEntry, Entry};

/// One entry of a cached function, or several.
///
/// The function that makes a change is the one that waits for it, so it does not matter whether an entry is that
/// of a `fn` or of an `async fn`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no entry of a cached function",
    label = "expected an entry, as in `get_task::entry(task_id)`, or a loop that gives entries",
    note = "name the entry alone: without `.delete()`, `.set(..)` or `.await`",
    note = "for all entries of a function there is `clear(get_task)`, for those with a tag `tag(\"user:{{user_id}}\")`"
)]
pub trait Entries {
    /// What their function returns.
    type Returns;
    /// How its values are held.
    type Form;
    /// Adds the entries themselves.
    fn add_to(self, entries: &mut Vec<Entry<Self::Returns, Self::Form>>);
}

impl<R, F> Entries for Entry<R, F> {
    type Returns = R;
    type Form = F;
    fn add_to(self, entries: &mut Vec<Entry<R, F>>) {
        entries.push(self);
    }
}

impl<R, F> Entries for &Entry<R, F> {
    type Returns = R;
    type Form = F;
    fn add_to(self, entries: &mut Vec<Entry<R, F>>) {
        entries.push(self.blocking().awaiting());
    }
}

impl<R, F> Entries for BlockingEntry<R, F> {
    type Returns = R;
    type Form = F;
    fn add_to(self, entries: &mut Vec<Entry<R, F>>) {
        entries.push(self.awaiting());
    }
}

impl<R, F> Entries for &BlockingEntry<R, F> {
    type Returns = R;
    type Form = F;
    fn add_to(self, entries: &mut Vec<Entry<R, F>>) {
        entries.push(self.awaiting());
    }
}

// What is not an entry is reported as such, not as a missing iterator.
#[diagnostic::do_not_recommend]
impl<I: IntoIterator<Item: Entries>> Entries for I {
    type Returns = <I::Item as Entries>::Returns;
    type Form = <I::Item as Entries>::Form;
    fn add_to(self, entries: &mut Vec<Entry<Self::Returns, Self::Form>>) {
        for entry in self {
            entry.add_to(entries);
        }
    }
}

/// Returns the entries that an expression names.
pub fn entries<E: Entries>(named: E) -> Vec<Entry<E::Returns, E::Form>> {
    let mut entries = Vec::new();
    named.add_to(&mut entries);
    entries
}
