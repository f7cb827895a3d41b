//! What an error of the file system means for the caller.

use std::io;
use std::path::Path;

use crate::error::{CacheError, ErrorKind};

/// Returns the error as a caller sees it.
pub(super) fn describe(root: &Path, error: io::Error) -> CacheError {
    let detail = format!("{}: {error}", root.display());
    CacheError::new(kind(&error), detail).with_source(error)
}

/// The disk is there and refuses (full, forbidden, not a folder), or it is not there.
fn kind(error: &io::Error) -> ErrorKind {
    match error.kind() {
        io::ErrorKind::TimedOut => ErrorKind::Timeout,
        io::ErrorKind::StaleNetworkFileHandle
        | io::ErrorKind::NotConnected
        | io::ErrorKind::HostUnreachable
        | io::ErrorKind::NetworkUnreachable
        | io::ErrorKind::NetworkDown
        | io::ErrorKind::OutOfMemory => ErrorKind::Unavailable,
        _ if is_passing(error) => ErrorKind::Unavailable,
        _ => ErrorKind::Store,
    }
}

/// A broken disk, or no file descriptors left: std has no kinds for these.
#[cfg(unix)]
fn is_passing(error: &io::Error) -> bool {
    matches!(
        error.raw_os_error(),
        Some(libc::EIO | libc::EMFILE | libc::ENFILE)
    )
}

#[cfg(not(unix))]
fn is_passing(_: &io::Error) -> bool {
    false
}

/// Returns the error if another process or thread is in the way for too long.
pub(super) fn locked() -> io::Error {
    io::Error::new(
        io::ErrorKind::TimedOut,
        "another writer holds the lock for too long",
    )
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::path::Path;

    use super::{describe, locked};
    use crate::error::ErrorKind;

    #[test]
    fn a_disk_that_says_no_is_not_one_that_is_gone() {
        for (error, kind) in [
            (io::ErrorKind::StorageFull.into(), ErrorKind::Store),
            (io::ErrorKind::PermissionDenied.into(), ErrorKind::Store),
            (io::ErrorKind::NotADirectory.into(), ErrorKind::Store),
            (locked(), ErrorKind::Timeout),
            #[cfg(unix)]
            (
                io::Error::from_raw_os_error(libc::EIO),
                ErrorKind::Unavailable,
            ),
            #[cfg(unix)]
            (
                io::Error::from_raw_os_error(libc::ESTALE),
                ErrorKind::Unavailable,
            ),
        ] {
            assert_eq!(describe(Path::new("/x"), error).kind(), kind);
        }
    }
}
