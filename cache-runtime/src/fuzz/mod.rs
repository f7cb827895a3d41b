//! What reads bytes from outside, each as a target for bytes that nobody meant.
//!
//! Here is what they have in common; the targets themselves stand beside what they are about
//! (`codec/fuzz/`, `stores/redis/fuzz.rs`, …). The tests run each on its seeds and on changes of them;
//! `fuzz/` at the root of the repository runs each under libFuzzer.
//!
//! | file | answers |
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
