//! The behaviours themselves, by theme. Above: what a cache does; below: what a store does.

pub(super) mod basics;
pub(super) mod key_functions;
pub(super) mod keys;
pub(super) mod many;
pub(super) mod memory;
pub(super) mod nothing;
pub(super) mod numbers;
pub(super) mod size;
pub(super) mod stamps;
pub(super) mod timeouts;
pub(super) mod versions;
pub(super) mod whole;

pub(super) mod batches;
pub(super) mod bytes;
pub(super) mod honesty;
pub(super) mod listing;
pub(super) mod names;
pub(super) mod races;
pub(super) mod words;
