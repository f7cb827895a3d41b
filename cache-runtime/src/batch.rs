//! Many calls of one function at once: `many` and `warm`.
//!
//! An item of a batch is a call like any other, and takes the same path. A batch only covers part of
//! that path for all of them together: it leads the flights that are free and asks the shared store
//! once, and each call is given its share of the result (`given.rs`).

mod answer;
mod asked;
mod given;
mod item;
mod look;
mod many;
mod parted;
mod progress;
pub mod reason;
mod run;
mod shared;
mod sort;
mod together;
mod warm;
mod warmed;

pub use answer::Answer;
pub use asked::Asked;
pub(crate) use given::{Given, given};
pub use item::Item;
pub use parted::Parted;
pub use run::{Batch, Batched};
pub use warm::{BlockingWarm, Warm, Warming};
pub use warmed::{Unwarmed, Warmed};
