//! A store that fails on demand, to test what a service does then.
//!
//! ```text
//! faults.rs       which operation is hit by what
//! store.rs        the store around a store
//! ```

mod faults;
mod store;

pub use faults::{Fault, When};
pub use store::FaultyStore;
