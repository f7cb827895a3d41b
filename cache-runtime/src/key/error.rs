//! What can be wrong with a key: one small error, one word wide, so that results stay in a register.

use std::error::Error as StdError;
use std::fmt;

/// Why arguments cannot be made into a key, or a key cannot be used.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct KeyError(Box<Reason>);

/// The reasons, kept apart so that tests can check for one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reason {
    /// The value is nested deeper than [`MAX_DEPTH`](super::tree::MAX_DEPTH).
    TooDeep,
    /// A map has a key that Python's `json.dumps` does not accept.
    MapKey(&'static str),
    /// The keys of a map cannot be sorted, for which Python raises `TypeError`.
    MixedMapKeys,
    /// Two keys of a map have the same text.
    DuplicateMapKey,
    /// Two keyword arguments have the same name.
    DuplicateKwarg,
    /// A piece of text does not fit the length field.
    LongText,
    /// The bytes are not a tree.
    Garbage(&'static str),
    /// The value's own `Serialize` returned an error.
    Custom(String),
    /// Another type of this name was seen before.
    SameName(&'static str),
    /// The key is empty.
    Empty,
    /// The key holds a control character.
    Control(char),
    /// The key has more bytes than stores accept.
    TooLong(usize),
}

impl KeyError {
    // Out of line: errors are rare, and the encoder is inlined into every call.
    #[cold]
    #[inline(never)]
    pub(crate) fn new(reason: Reason) -> Self {
        Self(Box::new(reason))
    }

    /// Returns the error for bytes that are not a tree, and where that was noticed.
    #[cold]
    pub(crate) fn garbage(what: &'static str) -> Self {
        Self::new(Reason::Garbage(what))
    }

    /// Returns the error for a type parameter that has the same name as another type.
    #[cold]
    pub(crate) fn same_name(name: &'static str) -> Self {
        Self::new(Reason::SameName(name))
    }

    /// Returns the reason.
    #[cfg(test)]
    pub(crate) fn reason(&self) -> &Reason {
        &self.0
    }
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Reason::TooDeep => write!(
                f,
                "the value is nested deeper than {} levels",
                super::tree::MAX_DEPTH
            ),
            Reason::MapKey(what) => {
                write!(
                    f,
                    "a map key must be text, a number, a bool or none, not {what}"
                )
            }
            Reason::MixedMapKeys => {
                f.write_str("the keys of a map are of different types and have no order")
            }
            Reason::DuplicateMapKey => {
                f.write_str("two keys of a map are the same when serialized")
            }
            Reason::DuplicateKwarg => f.write_str("two keyword arguments have the same name"),
            Reason::LongText => f.write_str("a text of 4 GiB or more cannot be part of a key"),
            Reason::Garbage(what) => write!(f, "not an argument tree: {what}"),
            Reason::Custom(message) => f.write_str(message),
            Reason::SameName(name) => write!(
                f,
                "another type is called `{name}` too, and in a shared store they would be one"
            ),
            Reason::Empty => f.write_str("the key is empty"),
            Reason::Control(c) => write!(f, "the key holds the control character {c:?}"),
            Reason::TooLong(bytes) => write!(
                f,
                "the key has {bytes} bytes, more than {}",
                super::shared::MAX_KEY_BYTES
            ),
        }
    }
}

impl fmt::Debug for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("KeyError").field(&self.0).finish()
    }
}

impl StdError for KeyError {}

impl serde::ser::Error for KeyError {
    #[cold]
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(Reason::Custom(message.to_string()))
    }
}
