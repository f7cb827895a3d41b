//! How much a thread allocates while it reads: a few bytes must never ask for very many.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// Counts, and passes on to the system's allocator. What C code allocates it does not see.
struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

thread_local! {
    /// What this thread has allocated and not freed; below zero where others allocated it.
    static HELD: Cell<isize> = const { Cell::new(0) };
    /// The most that it held.
    static MOST: Cell<isize> = const { Cell::new(0) };
}

/// Runs `f`, and panics if at any time it held more than so many bytes.
pub(crate) fn within<R>(bytes: usize, f: impl FnOnce() -> R) -> R {
    let before = HELD.get();
    MOST.set(before);
    let result = f();
    let most = MOST.get() - before;
    assert!(
        most <= as_change(bytes),
        "{most} bytes are held, {bytes} are allowed"
    );
    result
}

fn changed(by: isize) {
    // A thread that ends has no counter any more.
    let _ = HELD.try_with(|held| {
        let now = held.get() + by;
        held.set(now);
        let _ = MOST.try_with(|most| most.set(most.get().max(now)));
    });
}

fn as_change(bytes: usize) -> isize {
    isize::try_from(bytes).unwrap_or(isize::MAX)
}

#[expect(unsafe_code, reason = "counting allocations takes an allocator")]
// SAFETY: every call is passed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        changed(as_change(layout.size()));
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        changed(as_change(layout.size()));
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, old: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        changed(as_change(size) - as_change(layout.size()));
        unsafe { System.realloc(old, layout, size) }
    }

    unsafe fn dealloc(&self, old: *mut u8, layout: Layout) {
        changed(-as_change(layout.size()));
        unsafe { System.dealloc(old, layout) }
    }
}
