//! Keys: the arguments of a call as a tree of bytes, and that tree as the text other stores use.
//!
//! The in-process level compares trees. The shared key is made from the same tree: its text as
//! Python's `json.dumps(sort_keys=True)` writes it, hashed, with the prefixes in front. There is only one
//! encoding of the arguments, so the two keys cannot differ in what they mean.
//!
//! | file | about |
//! | --- | --- |
//! | `buffer` | where the bytes are kept, how they are compared and hashed |
//! | `tree` | what the bytes mean, and how they are read back |
//! | `encode` | how a serde value becomes a tree |
//! | `json_number` | numbers of a `serde_json::Value` as other crates' features write them |
//! | `map_key` | which values may be keys of a map |
//! | `python` | the tree as the text of Python's `json.dumps` |
//! | `repr` | floats and text, letter by letter as Python writes them |
//! | `shared` | the text as the key of a store, and Django's `make_key` |
//! | `survey` | how large a value is, and whether it comes back from JSON as it went in |
//! | `error` | what can be wrong with a key |
//! | `fuzz` | trees as a target for fuzzing |

mod buffer;
pub(crate) mod call_key;
mod encode;
mod error;
#[cfg(any(test, cache_fuzz))]
pub(crate) mod fuzz;
mod json_number;
mod map_key;
mod python;
mod repr;
mod shared;
mod survey;
mod tree;
pub(crate) mod types;
pub(crate) mod version;

#[cfg(test)]
mod tests;

pub(crate) use buffer::{Head, Tree};
pub(crate) use error::KeyError;
#[cfg(test)]
pub(crate) use python::to_python_key;
pub(crate) use python::{call_text, value_text};
pub(crate) use shared::{KeyHash, function_key, make_key, validate};
pub(crate) use survey::{Survey, survey};
