//! The errors of run time, each made as a user would make it.

pub(crate) mod builders;
pub(crate) mod functions;
pub(crate) mod log;
pub(crate) mod operations;
pub(crate) mod servers;
pub(crate) mod stores;
pub(crate) mod urls;
