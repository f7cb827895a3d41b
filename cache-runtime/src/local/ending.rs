//! Whether this thread can still use the table.
//!
//! The table's guards live in a thread-local of theirs, and asking for one after it is destroyed
//! would abort the process: a value in another thread-local whose `drop` calls a cached function is
//! enough. So a thread-local of ours is made right after theirs; the last made is destroyed first.

use std::cell::Cell;

use once_cell::sync::Lazy;

#[derive(Clone, Copy, PartialEq)]
enum State {
    New,
    Alive,
    Ended,
}

struct Sentinel;

impl Drop for Sentinel {
    fn drop(&mut self) {
        STATE.set(State::Ended);
    }
}

thread_local! {
    static STATE: Cell<State> = const { Cell::new(State::New) };
    static SENTINEL: Sentinel = const { Sentinel };
}

/// Whether guards can be had.
#[inline]
pub(crate) fn thread_is_alive() -> bool {
    match STATE.get() {
        State::Alive => true,
        State::New => first_use(),
        State::Ended => false,
    }
}

#[cold]
fn first_use() -> bool {
    // Any table will do: the thread-local is the same for all.
    static ANY: Lazy<papaya::HashMap<(), ()>> = Lazy::new(papaya::HashMap::new);
    drop(ANY.guard());
    let is_alive = SENTINEL.try_with(|_| ()).is_ok();
    STATE.set(if is_alive { State::Alive } else { State::Ended });
    is_alive
}
