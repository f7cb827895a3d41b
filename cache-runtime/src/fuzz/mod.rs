//! What reads bytes from outside, each as a target for arbitrary bytes.
//!
//! This module holds what they have in common; the targets themselves are beside the code they test
//! (`codec/fuzz/`, `stores/redis/fuzz.rs`, …). The tests run each on its seeds and on mutations of them;
//! `fuzz/` at the root of the repository runs each under libFuzzer.
//!
//! | file | about |
//! | --- | --- |
//! | `target` | what a target is, and the list of them |
//! | `memory` | how much is allocated |
//! | `url`, `glob` | targets of single files |

mod glob;
pub(crate) mod memory;
mod target;
mod url;

#[cfg(test)]
#[path = "../../../fuzz/short.rs"]
mod short;
#[cfg(test)]
mod tests;

pub use target::{TARGETS, Target};
