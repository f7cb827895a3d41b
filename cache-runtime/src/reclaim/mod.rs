//! Reading without a lock what others may replace meanwhile, and freeing it when nobody reads it.
//!
//! Readers pin themselves: one store to memory of their own ([`domain`]). Writers first unlink
//! things, and then put them into a [`bag`], which frees them once every reader that may still see
//! them is gone. `docs/design/decisions.md` says why this is not a crate.

pub(crate) mod atomic;
mod bag;
mod domain;
mod swap;

pub(crate) use bag::{Bag, Retired};
pub(crate) use domain::{Domain, Guard, Pinned, Reader};
pub(crate) use swap::Swap;

/// The one domain of this process.
pub(crate) static DOMAIN: Domain = Domain {
    epoch: atomic::AtomicU64::new(1),
    readers: atomic::Mutex::new(Vec::new()),
};
