//! The value: a struct with a text of 100 bytes or of 10 KiB.

use serde::{Deserialize, Serialize};

/// Pages from this number on are large.
pub(crate) const LARGE: u64 = 1 << 32;

/// What the functions return.
#[derive(Debug, Clone, Serialize, Deserialize, hitbox_fn::CacheableResponse)]
pub(crate) struct Page {
    pub(crate) id: u64,
    pub(crate) body: String,
}

impl Page {
    pub(crate) fn of(id: u64) -> Self {
        let length = if id < LARGE { 100 } else { 10 << 10 };
        Self {
            id,
            body: "The quick brown fox jumps over the lazy dog. "
                .chars()
                .cycle()
                .take(length)
                .collect(),
        }
    }
}

/// The error of the functions: rivals ask for one that their own errors become.
#[derive(Debug, Clone)]
pub(crate) struct Failure(#[allow(dead_code, reason = "shown by Debug")] pub(crate) String);
