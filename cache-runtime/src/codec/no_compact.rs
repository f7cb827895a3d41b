//! Replaces `compact` if the cargo feature is off: its entries are misses.

use serde::de::DeserializeOwned;

use crate::error::{CacheError, ErrorKind};

pub(super) fn read<V: DeserializeOwned>(_: &[u8]) -> Result<V, CacheError> {
    Err(CacheError::new(
        ErrorKind::Decode,
        "what is stored is MessagePack, which needs the cargo feature `compact`",
    ))
}
