//! What a behaviour reports when it does not hold, and the checks that report it.

use std::fmt;
use std::panic::Location;

use crate::error::{CacheError, ErrorKind};

/// How a behaviour ends.
pub(super) type Verdict = Result<(), Failure>;

/// Why a behaviour does not hold: what was found, and where in the suite.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    message: String,
    at: &'static Location<'static>,
    /// The operation that the store says it cannot do.
    unsupported: Option<&'static str>,
}

impl Failure {
    #[track_caller]
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            at: Location::caller(),
            unsupported: None,
        }
    }

    /// Returns the failure of a store that simply does not claim to do this.
    #[track_caller]
    pub(super) fn unable(why: impl Into<String>) -> Self {
        Self {
            unsupported: Some(""),
            ..Self::new(why)
        }
    }

    /// Returns the operation that the store says it cannot do, if that is all; empty if it is none.
    pub(super) fn unsupported(&self) -> Option<&'static str> {
        self.unsupported
    }

    /// Returns what was found.
    pub(super) fn message(&self) -> &str {
        &self.message
    }
}

/// Makes `?` after an operation record which line of the suite met the error.
impl From<CacheError> for Failure {
    #[track_caller]
    fn from(error: CacheError) -> Self {
        let is_unsupported = error.kind() == ErrorKind::Unsupported;
        let mut message = error.to_string();
        if let (true, Some(key)) = (is_unsupported, error.key()) {
            // It is about all keys alike.
            message = message.replacen(&format!(" {key:?}"), "", 1);
        }
        Self {
            unsupported: is_unsupported.then(|| operation(&error)),
            message,
            at: Location::caller(),
        }
    }
}

/// Returns the operation of the error, as a text that lives as long as the program.
fn operation(error: &CacheError) -> &'static str {
    const KNOWN: &[&str] = &[
        "get",
        "set",
        "delete",
        "set_unless",
        "add",
        "touch",
        "ttl",
        "incr",
        "get_many",
        "set_many",
        "delete_many",
        "keys",
        "clear",
        "ping",
        "close",
        "incr_version",
    ];
    let known = KNOWN.iter().find(|known| **known == error.operation());
    known.copied().unwrap_or("an operation")
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.at.file().rsplit(['/', '\\']).next();
        let file = file.unwrap_or_default();
        write!(f, "{} ({file}:{})", self.message, self.at.line())
    }
}

impl std::error::Error for Failure {}

/// Returns the error of an operation that must fail.
#[track_caller]
pub(super) fn refused<T>(answer: Result<T, CacheError>) -> Result<CacheError, Failure> {
    match answer {
        Ok(_) => Err(Failure::new("it succeeded and must not")),
        // Not the expected error, whatever that was.
        Err(error) if error.kind() == ErrorKind::Unsupported => Err(error.into()),
        Err(error) => Ok(error),
    }
}

/// Continues if the condition holds.
macro_rules! check {
    ($condition:expr $(,)?) => {
        check!($condition, "{}", stringify!($condition))
    };
    ($condition:expr, $($why:tt)+) => {
        let holds: bool = $condition;
        if !holds {
            return Err($crate::testing::conformance::failure::Failure::new(
                format!("not so: {}", format_args!($($why)+)),
            ));
        }
    };
}

/// Continues if both are equal.
macro_rules! check_eq {
    ($left:expr, $right:expr $(,)?) => {
        check_eq!($left, $right, "{}", stringify!($left))
    };
    ($left:expr, $right:expr, $($why:tt)+) => {
        match (&$left, &$right) {
            (left, right) => {
                if *left != *right {
                    return Err($crate::testing::conformance::failure::Failure::new(format!(
                        "{}: is {}, and must be {}",
                        format_args!($($why)+),
                        $crate::testing::conformance::failure::shown(left),
                        $crate::testing::conformance::failure::shown(right),
                    )));
                }
            }
        }
    };
}

pub(super) use {check, check_eq};

/// Formats a value for a message; of a huge one, the beginning.
pub(super) fn shown(value: &dyn fmt::Debug) -> String {
    const MOST: usize = 200;
    let text = format!("{value:?}");
    match text.char_indices().nth(MOST) {
        None => text,
        Some((at, _)) => format!("{}…", &text[..at]),
    }
}
