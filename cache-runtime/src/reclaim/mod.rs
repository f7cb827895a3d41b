//! Reading without a lock what others may replace meanwhile, and freeing it when nobody reads it.
//!
//! Readers pin themselves: one store to memory of their own ([`domain`]). Writers take things out of
//! sight first, and put them into a [`bag`], which frees them once every reader who may still see
//! them is gone. `docs/design/decisions.md` says why this is not a crate.

mod atomic;
mod bag;
mod domain;
mod swap;

pub(crate) use bag::{Bag, Retired};
pub(crate) use domain::{DOMAIN, Guard, Pinned, Reader};
pub(crate) use swap::Swap;
