//! A file as an entry, or as something invalid.
//!
//! Nothing writes into a file of this store once it has its name, so one that is not whole was left by a power
//! failure, by another version, or by someone else.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use super::entry::{HEADER, Header};
use crate::clock::millis;

/// What a file is to a caller that looks for a key.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// There is no file.
    Nothing,
    /// The key's entry.
    Fresh(Entry),
    /// The key's entry, too old.
    Expired,
    /// The entry of another key with the same hash.
    OfAnother,
    /// Not an entry at all.
    Strange,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) value: Vec<u8>,
    pub(super) expires: u64,
}

/// What can be said about a file without its value.
#[derive(Debug)]
pub(super) struct Seen {
    /// Its key and when it expires; `None`: it is strange.
    pub(super) entry: Option<(String, u64)>,
    pub(super) modified: SystemTime,
    pub(super) len: u64,
}

impl Seen {
    /// Returns whether it is of no use any more.
    pub(super) fn is_over(&self, now: u64) -> bool {
        self.entry
            .as_ref()
            .is_none_or(|(_, expires)| *expires <= now)
    }
}

/// Now, as the headers say it.
pub(super) fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, millis)
}

/// Looks for the entry of `key`, value and all.
pub(super) fn find(path: &Path, key: &str) -> io::Result<Found> {
    let mut opened = match open(path)? {
        Opened::Nothing => return Ok(Found::Nothing),
        Opened::Strange(_) => return Ok(Found::Strange),
        Opened::Entry(opened) => opened,
    };
    let found_key = opened.key()?;
    if found_key != key.as_bytes() {
        // Only the checksum distinguishes a broken key from another one.
        let value = opened.value()?;
        let is_whole = opened.header.is_whole(&found_key, &value);
        return Ok(if is_whole {
            Found::OfAnother
        } else {
            Found::Strange
        });
    }
    if opened.header.expires <= now() {
        return Ok(Found::Expired);
    }
    let value = opened.value()?;
    if !opened.header.is_whole(&found_key, &value) {
        return Ok(Found::Strange);
    }
    Ok(Found::Fresh(Entry {
        value,
        expires: opened.header.expires,
    }))
}

/// Looks at a file without its value; `None` if there is none.
pub(super) fn see(path: &Path) -> io::Result<Option<Seen>> {
    let (metadata, entry) = match open(path)? {
        Opened::Nothing => return Ok(None),
        Opened::Strange(metadata) => (metadata, None),
        Opened::Entry(mut opened) => {
            let key = String::from_utf8(opened.key()?).ok();
            let entry = key.map(|key| (key, opened.header.expires));
            (Some(opened.metadata), entry)
        }
    };
    let metadata = match metadata {
        Some(metadata) => metadata,
        // What cannot be opened can be inspected; if it is gone meanwhile, it is nothing.
        None => match path.symlink_metadata() {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        },
    };
    Ok(Some(Seen {
        entry,
        modified: metadata.modified()?,
        len: metadata.len(),
    }))
}

/// How much is read at once: the whole of most files.
const START: usize = 4096;

enum Opened {
    Nothing,
    Strange(Option<Metadata>),
    Entry(Reading),
}

/// An open file with a header that fits its length.
struct Reading {
    file: File,
    metadata: Metadata,
    header: Header,
    start: Vec<u8>,
    /// How much of `start` has been used.
    used: usize,
}

fn open(path: &Path) -> io::Result<Opened> {
    let mut file = match options().open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Opened::Nothing),
        // A symbolic link, a socket.
        Err(error) if is_no_file(&error) => return Ok(Opened::Strange(None)),
        Err(error) => return Err(error),
    };
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Ok(Opened::Strange(Some(metadata)));
    }
    let wanted = usize::try_from(metadata.len()).map_or(START, |len| len.min(START));
    let mut start = vec![0; wanted];
    let filled = fill(&mut file, &mut start)?;
    start.truncate(filled);
    match Header::read(&start) {
        Some(header) if header.file_len() == Some(metadata.len()) => Ok(Opened::Entry(Reading {
            file,
            metadata,
            header,
            start,
            used: HEADER,
        })),
        _ => Ok(Opened::Strange(Some(metadata))),
    }
}

impl Reading {
    fn key(&mut self) -> io::Result<Vec<u8>> {
        self.next(self.header.key)
    }

    /// After the key.
    fn value(&mut self) -> io::Result<Vec<u8>> {
        self.next(self.header.value)
    }

    fn next(&mut self, len: u64) -> io::Result<Vec<u8>> {
        let len = usize::try_from(len).map_err(|_| ErrorKind::OutOfMemory)?;
        let mut bytes = Vec::new();
        // The file has this length, which does not mean that there is as much memory.
        bytes.try_reserve_exact(len)?;
        let at_hand = &self.start[self.used..];
        let at_hand = &at_hand[..len.min(at_hand.len())];
        bytes.extend_from_slice(at_hand);
        self.used += at_hand.len();
        let missing = len - bytes.len();
        if missing > 0 {
            // Shorter than it was a moment ago: then the checksum is wrong.
            Read::by_ref(&mut self.file)
                .take(missing as u64)
                .read_to_end(&mut bytes)?;
        }
        Ok(bytes)
    }
}

/// Fills `bytes`, or as much of them as there is.
fn fill(file: &mut File, bytes: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < bytes.len() {
        match file.read(&mut bytes[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

// Do not follow a link to a foreign file, and do not wait for the other end of a pipe.
#[cfg(unix)]
fn options() -> OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;

    let mut options = OpenOptions::new();
    options
        .read(true)
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK);
    options
}

#[cfg(unix)]
fn is_no_file(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::ELOOP | libc::ENXIO))
}

#[cfg(not(unix))]
fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true);
    options
}

#[cfg(not(unix))]
fn is_no_file(_: &io::Error) -> bool {
    false
}
