//! The two fences, in two ways: as they are where both are real, and as they are on Linux.
//!
//! Of the asymmetric pair, the heavy fence makes the others pass one at some time while it runs. Here
//! they pass it in their light fence only, and as weakly as can be: a reader shows what he has done so
//! far (`SHOWN`), then takes note of what was done before the last heavy fence (`BUS`); a writer does
//! the same the other way round. So at least one of the two sees the other, which is what the kernel
//! promises, and a reader learns of nothing else: a light fence is no acquire fence.

use std::cell::Cell;
use std::sync::atomic::Ordering::{Acquire, Release, SeqCst};

use loom::sync::atomic::{AtomicUsize, fence};

#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Real,
    Asymmetric,
}

thread_local! {
    // Loom's threads are all in the one thread of the test.
    static KIND: Cell<Kind> = const { Cell::new(Kind::Real) };
    static IS_REFUSED: Cell<bool> = const { Cell::new(false) };
}

loom::lazy_static! {
    static ref BUS: AtomicUsize = AtomicUsize::new(0);
    static ref SHOWN: AtomicUsize = AtomicUsize::new(0);
}

/// To be called before there is a second thread: who comes later to what is made at its first use is
/// in an order with who made it.
pub(crate) fn choose(kind: Kind) {
    KIND.set(kind);
    IS_REFUSED.set(false);
    let _ = (BUS.load(Acquire), SHOWN.load(Acquire));
}

/// From now on the kernel refuses the heavy fence, or not any more.
pub(crate) fn refuse(is_refused: bool) {
    IS_REFUSED.set(is_refused);
}

pub(crate) fn prepare() {}

pub(crate) fn light() {
    match KIND.get() {
        Kind::Real => real(),
        Kind::Asymmetric => {
            SHOWN.fetch_add(1, Release);
            BUS.fetch_add(0, Acquire);
        }
    }
}

pub(crate) fn heavy() -> bool {
    if IS_REFUSED.get() {
        return false;
    }
    match KIND.get() {
        Kind::Real => real(),
        Kind::Asymmetric => {
            BUS.fetch_add(1, Release);
            SHOWN.fetch_add(0, Acquire);
        }
    }
    true
}

fn real() {
    // Loom does not let another thread in before a fence, only before an operation.
    BUS.fetch_add(0, std::sync::atomic::Ordering::Relaxed);
    fence(SeqCst);
}
