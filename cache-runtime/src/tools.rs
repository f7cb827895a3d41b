//! Small things that know nothing of caching.
//!
//! | file | answers |
//! | --- | --- |
//! | `glob` | which names a pattern with stars means |
//! | `panics` | a panic as a value |
//! | `random` | chance, where no more than a share is asked for |
//! | `suggest` | which known word a mistyped one may be meant for |

pub(crate) mod glob;
pub(crate) mod panics;
pub(crate) mod random;
pub(crate) mod suggest;
