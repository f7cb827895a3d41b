//! The atomics of this scheme, and a pair of fences of which one costs nothing.
//!
//! A reader passes the light fence between a store and a later load, a writer
//! the heavy one. Of two threads, one of which passes each, at least one sees the other's store. On
//! Linux, the heavy one is a system call that makes every other thread of the process pass a fence,
//! so the light one need only restrain the compiler; elsewhere both are real.
//!
//! Everything that this scheme and the table share between threads is made of the types named here, so that a
//! model of them can replace them (`tests/models`).

pub(crate) use std::sync::atomic::{AtomicPtr, AtomicU64};
pub(crate) use std::sync::{Mutex, MutexGuard};

#[cfg(any(target_os = "linux", target_os = "android"))]
mod fences {
    use std::sync::atomic::Ordering::{Relaxed, SeqCst};
    use std::sync::atomic::{AtomicBool, compiler_fence, fence};

    use once_cell::sync::Lazy;

    /// Whether the kernel does it. Once true, it stays true.
    static ASYMMETRIC: AtomicBool = AtomicBool::new(false);

    static REGISTERED: Lazy<bool> = Lazy::new(|| {
        let commands = membarrier(libc::MEMBARRIER_CMD_QUERY);
        let is_there = commands >= 0
            && commands & libc::c_long::from(libc::MEMBARRIER_CMD_PRIVATE_EXPEDITED) != 0
            && membarrier(libc::MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) == 0;
        ASYMMETRIC.store(is_there, SeqCst);
        is_there
    });

    pub(in super::super) fn prepare() {
        Lazy::force(&REGISTERED);
    }

    #[inline]
    pub(in super::super) fn light() {
        // A reader that has not noticed that yet passes a real fence, which is no less.
        if ASYMMETRIC.load(Relaxed) {
            compiler_fence(SeqCst);
        } else {
            fence(SeqCst);
        }
    }

    /// Passes the heavy fence. False if the others have passed none: the kernel is short of memory, or the program
    /// has sandboxed itself since the first use and may not request this any more.
    pub(in super::super) fn heavy() -> bool {
        fence(SeqCst);
        !*REGISTERED || membarrier(libc::MEMBARRIER_CMD_PRIVATE_EXPEDITED) == 0
    }

    #[expect(unsafe_code, reason = "std does not have this system call")]
    fn membarrier(command: libc::c_int) -> libc::c_long {
        // SAFETY: the call takes three numbers and touches no memory of ours.
        unsafe { libc::syscall(libc::SYS_membarrier, command, 0, 0) }
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod fences {
    use std::sync::atomic::{Ordering::SeqCst, fence};

    pub(in super::super) fn prepare() {}

    #[inline]
    pub(in super::super) fn light() {
        fence(SeqCst);
    }

    pub(in super::super) fn heavy() -> bool {
        fence(SeqCst);
        true
    }
}

pub(super) use fences::{heavy, light, prepare};
