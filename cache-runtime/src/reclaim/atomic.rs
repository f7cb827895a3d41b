//! The atomics of this scheme, and a pair of fences of which one costs nothing.
//!
//! Between a store and a later load of a reader stands the light fence, between those of a writer the
//! heavy one. Of two threads, one of which passes each, at least one sees the other's store. On
//! Linux the heavy one is a system call that makes every other thread of the process pass a fence,
//! so the light one need only hold the compiler back; elsewhere both are real.

pub(super) use std::sync::Mutex;
pub(super) use std::sync::atomic::AtomicPtr;
pub(super) use std::sync::atomic::AtomicU64;

#[cfg(any(target_os = "linux", target_os = "android"))]
mod fences {
    use std::sync::atomic::Ordering::{Relaxed, SeqCst};
    use std::sync::atomic::{AtomicBool, compiler_fence, fence};

    use once_cell::sync::Lazy;

    /// Whether the kernel does it for us. Once true, it stays true.
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
        // A reader who has not heard of it yet passes a real fence, which is no less.
        if ASYMMETRIC.load(Relaxed) {
            compiler_fence(SeqCst);
        } else {
            fence(SeqCst);
        }
    }

    pub(in super::super) fn heavy() {
        fence(SeqCst);
        if *REGISTERED {
            let done = membarrier(libc::MEMBARRIER_CMD_PRIVATE_EXPEDITED);
            // It cannot fail once it is registered; going on would free what is still read.
            assert!(done == 0, "the kernel refused a memory barrier");
        }
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

    pub(in super::super) fn heavy() {
        fence(SeqCst);
    }
}

pub(super) use fences::{heavy, light, prepare};
