//! The stores outside the process. A URL makes them; they can be made by hand too.

#[cfg(feature = "redis")]
pub mod redis;
