//! Whether a thing is still alive, said so that loom sees who looks while another frees it.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::RefCell;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;

use loom::cell::UnsafeCell;

/// A part of a thing that must not be used after its end.
// Aligned like nothing else here: so the allocator knows what has one in it.
#[repr(align(64))]
#[derive(Debug)]
pub(crate) struct Life {
    /// What is freed stays in memory for a while: see [`Cemetery`].
    has_ended: AtomicBool,
    /// Loom fails if a look and the end are in no order.
    looked_at: UnsafeCell<()>,
}

// SAFETY: what is in the cell is nothing; only loom's account of it matters, which is its own.
#[expect(unsafe_code, reason = "loom's cell is not Sync by itself")]
unsafe impl Sync for Life {}

impl Life {
    pub(crate) fn new() -> Self {
        Self {
            has_ended: AtomicBool::new(false),
            looked_at: UnsafeCell::new(()),
        }
    }

    /// Fails if this is freed, or may be at the same time.
    pub(crate) fn check(&self) {
        assert!(!self.has_ended.load(Relaxed), "this was freed");
        self.looked_at.with(|_| ());
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        // A failed model unwinds; one panic is enough.
        if !std::thread::panicking() {
            assert!(!self.has_ended.load(Relaxed), "this was freed before");
            self.looked_at.with_mut(|_| ());
        }
        self.has_ended.store(true, Relaxed);
    }
}

/// Keeps what had a [`Life`] until the order of events has come to its end: so a scheme that frees too
/// early fails the test instead of reading the memory of another.
struct Cemetery;

#[global_allocator]
static CEMETERY: Cemetery = Cemetery;

thread_local! {
    // Loom's threads are all in the one thread of the test.
    static BURIED: RefCell<Vec<(*mut u8, Layout)>> = const { RefCell::new(Vec::new()) };
}

/// Frees what the last order of events left.
pub(crate) fn bury() {
    let all = BURIED.with_borrow_mut(std::mem::take);
    for (memory, layout) in all {
        // SAFETY: it was given to `dealloc` with this layout, and is in the list once.
        #[expect(unsafe_code, reason = "the end of an allocation")]
        unsafe {
            System.dealloc(memory, layout);
        }
    }
}

// SAFETY: all memory is the system's; what is kept longer is not given out again.
#[expect(unsafe_code, reason = "an allocator is unsafe to write")]
unsafe impl GlobalAlloc for Cemetery {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        if layout.align() >= align_of::<Life>() {
            let kept = BURIED.try_with(|buried| buried.borrow_mut().push((memory, layout)));
            if kept.is_ok() {
                return;
            }
        }
        // SAFETY: as the caller's.
        unsafe { System.dealloc(memory, layout) }
    }
}
