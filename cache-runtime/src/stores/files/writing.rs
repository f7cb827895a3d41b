//! A new entry: a temporary file beside its place, and a rename.

use std::fs::{self, DirBuilder, DirEntry};
use std::io::{self, ErrorKind, Write};
use std::path::Path;
use std::time::{Duration, SystemTime};

use tempfile::NamedTempFile;

use super::entry::Header;
use super::folder::{EntryPath, Folder};
use super::ledger::{Count, Ledger};
use super::locks::Held;
use super::names::{TEMPORARY, TEMPORARY_CHARACTERS};

/// How often to try again if a folder vanishes meanwhile.
pub(super) const TRIES: usize = 4;

/// Older temporary files were left behind by a process that was killed.
const LEFT_AFTER: Duration = Duration::from_secs(3600);

/// A value up to this size is copied, to be written at once with what precedes it.
const COPIED: usize = 4096;

/// The contents of a file to be written.
pub(super) struct Draft<'a> {
    start: Vec<u8>,
    /// What is not in `start` yet.
    value: &'a [u8],
}

impl<'a> Draft<'a> {
    pub(super) fn new(key: &str, value: &'a [u8], expires: u64) -> Self {
        let header = Header::new(expires, key, value).bytes();
        let is_copied = value.len() <= COPIED;
        let (copied, value) = value.split_at(if is_copied { value.len() } else { 0 });
        Self {
            start: [&header, key.as_bytes(), copied].concat(),
            value,
        }
    }

    /// The length of the file.
    pub(super) fn len(&self) -> u64 {
        (self.start.len() + self.value.len()) as u64
    }

    /// Writes the file, not yet in its place.
    fn write(&self, place: &EntryPath<'_>) -> io::Result<NamedTempFile> {
        let mut file = match temporary(place) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                make_folder(&place.folder)?;
                temporary(place)?
            }
            file => file?,
        };
        file.as_file_mut().write_all(&self.start)?;
        file.as_file_mut().write_all(self.value)?;
        Ok(file)
    }
}

/// Creates a temporary file for its owner only (0600).
fn temporary(place: &EntryPath<'_>) -> io::Result<NamedTempFile> {
    tempfile::Builder::new()
        .prefix(&format!("{}.", place.name.hash))
        .suffix(TEMPORARY)
        .rand_bytes(TEMPORARY_CHARACTERS)
        .tempfile_in(&place.folder)
}

/// Creates the folder, and missing parents, for their owner only (0700).
pub(super) fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Returns whether a temporary file was left behind.
pub(super) fn is_left(file: &DirEntry) -> bool {
    let modified = file.metadata().and_then(|metadata| metadata.modified());
    modified.is_ok_and(|modified| {
        let age = SystemTime::now().duration_since(modified);
        age.is_ok_and(|age| age > LEFT_AFTER)
    })
}

impl Folder {
    /// Puts `draft` in its place if `may` allows it, which is called while nobody else writes there.
    pub(super) fn put(
        &self,
        place: &EntryPath<'_>,
        draft: &Draft<'_>,
        may: impl Fn(&EntryPath<'_>) -> io::Result<bool>,
    ) -> io::Result<bool> {
        self.with_folder(|ledger| {
            self.make_room(ledger, place, draft.len())?;
            let file = draft.write(place)?;
            let held = self
                .locks
                .lock(place.name.shard, &place.folder, place.until)?;
            if !may(place)? {
                return Ok(false);
            }
            put_in_place(ledger, place, file, draft.len(), &held)?;
            Ok(true)
        })
    }

    /// Replaces the entry that is read there with what `make` returns, while nobody else
    /// writes.
    pub(super) fn replace<T>(
        &self,
        place: &EntryPath<'_>,
        make: impl Fn(&EntryPath<'_>) -> io::Result<(Option<(Vec<u8>, u64)>, T)>,
    ) -> io::Result<T> {
        self.with_folder(|ledger| {
            // What was there a moment ago may be gone with its folder.
            if !place.folder.is_dir() {
                make_folder(&place.folder)?;
            }
            let held = self
                .locks
                .lock(place.name.shard, &place.folder, place.until)?;
            let (new, answer) = make(place)?;
            if let Some((value, expires)) = new {
                let draft = Draft::new(place.key, &value, expires);
                let file = draft.write(place)?;
                put_in_place(ledger, place, file, draft.len(), &held)?;
            }
            Ok(answer)
        })
    }

    /// Creates what is missing, and a temporary file.
    pub(super) fn try_writing(&self, place: &EntryPath<'_>) -> io::Result<()> {
        let draft = Draft::new(place.key, b"", 0);
        self.with_folder(|_| draft.write(place).map(drop))
    }

    /// Tries again if a folder has vanished.
    fn with_folder<T>(&self, work: impl Fn(&Ledger) -> io::Result<T>) -> io::Result<T> {
        let mut tries = 1;
        loop {
            let done = Ledger::open(self.root()).and_then(|ledger| {
                let done = work(&ledger)?;
                self.tidy_in_turn(&ledger);
                Ok(done)
            });
            match done {
                Err(error) if error.kind() == ErrorKind::NotFound && tries < TRIES => tries += 1,
                done => return done,
            }
        }
    }
}

fn put_in_place(
    ledger: &Ledger,
    place: &EntryPath<'_>,
    file: NamedTempFile,
    len: u64,
    _held: &Held<'_>,
) -> io::Result<()> {
    let old = match fs::symlink_metadata(&place.path) {
        Ok(old) => Count::one(old.len()),
        Err(_) => Count::default(),
    };
    let shard = place.name.shard;
    let new = Count::one(len);
    // Before the rename: if killed in between, this leaves a number that is too high, which is noticed.
    if new != old {
        ledger.change(shard, |count| count.minus(old).plus(new))?;
    }
    file.persist(&place.path).map(drop).map_err(|error| {
        let _ = ledger.change(shard, |count| count.minus(new).plus(old));
        error.error
    })
}
