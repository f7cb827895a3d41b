//! What each thread has of its own on the hit path: its place among the readers and its hit counts.
//!
//! It is one thread-local without a destructor, so that a hit pays one load for all of it. The
//! record behind it outlives the thread and is passed on to the next one: totals never decrease, and
//! there are never more records than there were threads at once.

use std::cell::Cell;
use std::sync::Mutex;

use crate::observe::Hits;
use crate::reclaim::{DOMAIN, Guard, Reader};
use crate::sync::lock;

/// What one thread at a time writes and all may read.
// Alone in its cache lines: what one thread counts must not slow down its neighbour.
#[repr(align(128))]
#[derive(Debug)]
pub(crate) struct Record {
    reader: Reader,
    hits: Hits,
}

static RECORDS: Mutex<Vec<&'static Record>> = Mutex::new(Vec::new());
static FREE: Mutex<Vec<&'static Record>> = Mutex::new(Vec::new());

struct Here {
    /// The thread's record; `None` before its first use and after its end.
    mine: Cell<Option<Own>>,
    /// The same, but `None` also if the scope says anything other than "cached as usual".
    fast: Cell<Option<Own>>,
    is_special: Cell<bool>,
}

thread_local! {
    static HERE: Here = const {
        Here {
            mine: Cell::new(None),
            fast: Cell::new(None),
            is_special: Cell::new(false),
        }
    };
    // Separate, because a destructor would make every access check whether it has run.
    static END: End = const { End(Cell::new(None)) };
}

/// Gives the thread's record back. It has its own pointer to it: where thread-locals are implemented with
/// keys, `HERE` may be gone by then, though it has no destructor.
struct End(Cell<Option<Own>>);

impl Drop for End {
    fn drop(&mut self) {
        // It must not be used after this: the next thread may have it by then.
        let _ = HERE.try_with(|here| {
            here.fast.set(None);
            here.mine.set(None);
        });
        if let Some(own) = self.0.take() {
            own.give_back();
        }
    }
}

/// A record, held by the only thread that may use it.
#[derive(Clone, Copy)]
pub(crate) struct Own(&'static Record, std::marker::PhantomData<*mut ()>);

impl Own {
    fn take() -> Self {
        let free = lock(&FREE).pop();
        let record = free.unwrap_or_else(|| {
            let record: &'static Record = Box::leak(Box::new(Record {
                reader: Reader::new(),
                hits: Hits::new(),
            }));
            DOMAIN.enroll(&record.reader);
            lock(&RECORDS).push(record);
            record
        });
        Self(record, std::marker::PhantomData)
    }

    /// Makes it available to the next thread.
    fn give_back(self) {
        lock(&FREE).push(self.0);
    }

    /// Begins to read.
    #[inline]
    #[expect(unsafe_code, reason = "only one thread has this record")]
    pub(crate) fn pin(self) -> Guard<'static> {
        // SAFETY: the reader was enrolled when it was made. `Own` is not `Send`, and a record is in
        // one thread's hands from `take` until it is put back, at its end or after `with`. Guards
        // are only ever held by variables of one function, which end in the reverse order.
        unsafe { self.0.reader.pin(&DOMAIN) }
    }

    /// Counts a hit of the counter with this number.
    #[inline]
    pub(crate) fn count_hit(self, number: u32) {
        self.0.hits.count(number);
    }
}

/// Returns the record, if this thread has used a cache before, in a scope that says nothing.
#[inline]
pub(crate) fn fast() -> Option<Own> {
    HERE.try_with(|here| here.fast.get()).ok().flatten()
}

/// Returns whether this scope says anything other than "cached as usual".
#[inline]
pub(crate) fn is_special() -> bool {
    HERE.try_with(|here| here.is_special.get()).unwrap_or(false)
}

pub(crate) fn set_special(is_special: bool) {
    let _ = HERE.try_with(|here| {
        here.is_special.set(is_special);
        here.fast
            .set(if is_special { None } else { here.mine.get() });
    });
}

/// Calls `f` with a record, at any time of a thread's life.
#[inline]
pub(crate) fn with<T>(f: impl FnOnce(Own) -> T) -> T {
    match HERE.try_with(|here| here.mine.get()) {
        Ok(Some(own)) => f(own),
        _ => with_new(f),
    }
}

#[cold]
fn with_new<T>(f: impl FnOnce(Own) -> T) -> T {
    let own = Own::take();
    let kept = HERE.try_with(|here| {
        END.try_with(|end| end.0.set(Some(own)))?;
        here.mine.set(Some(own));
        if !here.is_special.get() {
            here.fast.set(Some(own));
        }
        Ok(())
    });
    if kept.and_then(|kept| kept).is_ok() {
        return f(own);
    }
    // The destructors of this thread are running: the record is lent for this once.
    let _back = Back(own);
    f(own)
}

struct Back(Own);

impl Drop for Back {
    fn drop(&mut self) {
        self.0.give_back();
    }
}

/// Returns the hits of the counter with this number, over all threads.
pub(crate) fn total_hits(number: u32) -> u64 {
    let records = lock(&RECORDS);
    records.iter().map(|record| record.hits.of(number)).sum()
}

#[cfg(test)]
mod tests {
    use super::{total_hits, with};

    #[test]
    fn counts_of_all_threads_add_up_and_survive_them() {
        let number = u32::from(u16::MAX);
        for _ in 0..3 {
            std::thread::scope(|scope| {
                for _ in 0..4 {
                    scope.spawn(|| (0..1000).for_each(|_| with(|own| own.count_hit(number))));
                }
            });
        }
        with(|own| own.count_hit(number));
        assert_eq!(total_hits(number), 12_001);
    }
}
