//! What the exit code means, and errors that end a command early.

use std::io;
use std::process::ExitCode;

use cache_runtime::{CacheError, ErrorKind};

use crate::explain::advice;

/// How the command ended. The numbers are a promise: see `cachectl --help`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done, and the answer is yes.
    Ok = 0,
    /// Done, and the answer is no: there is no such entry, a check has failed.
    No = 1,
    /// The command line, the URL or an option in it is wrong.
    Usage = 2,
    /// The store cannot be reached or does not answer in time.
    Unreachable = 3,
    /// This store or format cannot do that.
    Unsupported = 4,
    /// The store is there and refuses: a wrong password, missing permissions, a full disk.
    Refused = 5,
    /// There is an entry, and it cannot be read: another format, another secret.
    Unreadable = 6,
    /// The question was not answered with yes.
    Declined = 7,
}

impl Exit {
    /// Returns the code for an error of this kind.
    pub(crate) fn of(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::Config | ErrorKind::UnknownCache | ErrorKind::Key => Self::Usage,
            ErrorKind::Unavailable | ErrorKind::Timeout | ErrorKind::BreakerOpen => {
                Self::Unreachable
            }
            ErrorKind::Unsupported => Self::Unsupported,
            ErrorKind::Decode => Self::Unreadable,
            ErrorKind::NotFound => Self::No,
            _ => Self::Refused,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command ends early.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    /// What happened; empty if nobody is left to read it.
    pub(crate) message: String,
    /// What to do about it.
    pub(crate) advice: Option<String>,
}

impl Failure {
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self {
            exit,
            message: message.into(),
            advice: None,
        }
    }

    pub(crate) fn advising(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }
}

impl From<CacheError> for Failure {
    fn from(error: CacheError) -> Self {
        Self {
            exit: Exit::of(error.kind()),
            advice: advice(&error),
            message: error.to_string(),
        }
    }
}

/// An error of writing to standard output.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            // `cachectl keys | head`: the reader has enough.
            io::ErrorKind::BrokenPipe => Self::new(Exit::Ok, ""),
            _ => Self::new(Exit::Refused, format!("cannot write: {error}")),
        }
    }
}

/// The result of a command.
pub(crate) type Outcome = Result<Exit, Failure>;
