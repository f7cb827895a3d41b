//! How many entries there are and how many bytes they have, shard by shard, in one small file.
//!
//! Whoever changes a shard changes its numbers, under the shard's lock, so that nobody has to count files
//! to see that the folder is full. A process that is killed at the wrong moment leaves a number too
//! high, and a person who copies files by hand one that is too low: the next walk through the shard corrects
//! it.
//!
//! ```text
//!  0  magic, version   16 bytes
//! 16  256 times        u64 entries, u64 bytes
//! ```

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::Path;

use super::names::{self, Ours, SHARDS, TEMPORARY};
use super::writing;

const MAGIC: [u8; 16] = *b"\xc5cre ledger\0\0\0\0\x01";
const SLOT: usize = 16;
const LEN: usize = MAGIC.len() + SHARDS * SLOT;

/// The numbers of one shard, or of several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Count {
    pub(super) entries: u64,
    pub(super) bytes: u64,
}

impl Count {
    /// Returns the count of one file of this length.
    pub(super) fn one(len: u64) -> Self {
        Self {
            entries: 1,
            bytes: len,
        }
    }

    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            entries: self.entries.saturating_add(other.entries),
            bytes: self.bytes.saturating_add(other.bytes),
        }
    }

    pub(super) fn minus(self, other: Self) -> Self {
        Self {
            entries: self.entries.saturating_sub(other.entries),
            bytes: self.bytes.saturating_sub(other.bytes),
        }
    }
}

/// All numbers, as they were a moment ago.
pub(super) struct Counts(Vec<u8>);

impl Counts {
    pub(super) fn of(&self, shard: u8) -> Count {
        let at = place(shard);
        slot(&self.0[at..at + SLOT])
    }
}

/// The open file.
pub(super) struct Ledger {
    file: File,
    /// Its numbers when it was opened.
    pub(super) counts: Counts,
}

impl Ledger {
    /// Opens the ledger of the folder `root`; if there is none, it is made by counting.
    pub(super) fn open(root: &Path) -> io::Result<Self> {
        let path = names::ledger(root);
        for _ in 0..writing::TRIES {
            match OpenOptions::new().read(true).write(true).open(&path) {
                Ok(file) => {
                    if let Some(counts) = read(&file)? {
                        return Ok(Self { file, counts });
                    }
                    // Another version, or broken: its name belongs to this store.
                    remove(&path)?;
                }
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
            make(root, &path)?;
        }
        Err(ErrorKind::NotFound.into())
    }

    /// Reads the current numbers.
    pub(super) fn read(&self) -> io::Result<Counts> {
        (&self.file).seek(SeekFrom::Start(0))?;
        read(&self.file)?.ok_or_else(|| ErrorKind::InvalidData.into())
    }

    /// Changes the numbers of a shard; its lock must be held.
    pub(super) fn change(&self, shard: u8, change: impl FnOnce(Count) -> Count) -> io::Result<()> {
        let at = SeekFrom::Start(place(shard) as u64);
        let mut bytes = [0; SLOT];
        (&self.file).seek(at)?;
        (&self.file).read_exact(&mut bytes)?;
        let changed = change(slot(&bytes));
        (&self.file).seek(at)?;
        (&self.file).write_all(&bytes_of(changed))
    }
}

/// Reads all of it; `None` if this is not a ledger.
fn read(mut file: &File) -> io::Result<Option<Counts>> {
    // One byte more than there should be.
    let mut bytes = Vec::with_capacity(LEN + 1);
    Read::by_ref(&mut file)
        .take(LEN as u64 + 1)
        .read_to_end(&mut bytes)?;
    let is_ours = bytes.len() == LEN && bytes.starts_with(&MAGIC);
    Ok(is_ours.then_some(Counts(bytes)))
}

fn place(shard: u8) -> usize {
    MAGIC.len() + usize::from(shard) * SLOT
}

fn slot(bytes: &[u8]) -> Count {
    let (words, _) = bytes.as_chunks::<8>();
    Count {
        entries: u64::from_le_bytes(words[0]),
        bytes: u64::from_le_bytes(words[1]),
    }
}

fn bytes_of(count: Count) -> [u8; SLOT] {
    let mut bytes = [0; SLOT];
    bytes[..8].copy_from_slice(&count.entries.to_le_bytes());
    bytes[8..].copy_from_slice(&count.bytes.to_le_bytes());
    bytes
}

/// Counts what is there. Another process doing the same may be faster, and what is written meanwhile
/// is not counted; neither matters much.
fn make(root: &Path, path: &Path) -> io::Result<()> {
    writing::make_folder(root)?;
    let mut bytes = MAGIC.to_vec();
    for shard in 0..=u8::MAX {
        let count = count(root, shard)?;
        bytes.extend_from_slice(&bytes_of(count));
    }
    let name = path.file_name().unwrap_or_default();
    let prefix = format!("{}.", name.to_string_lossy());
    sweep(root, &prefix);
    let mut file = tempfile::Builder::new()
        .prefix(&prefix)
        .suffix(TEMPORARY)
        .tempfile_in(root)?;
    file.write_all(&bytes)?;
    match file.persist_noclobber(path) {
        Ok(_) => Ok(()),
        Err(error) if error.error.kind() == ErrorKind::AlreadyExists => Ok(()),
        // The folder has vanished again.
        Err(error) if error.error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error.error),
    }
}

/// Removes what a process left behind that was killed here.
fn sweep(root: &Path, prefix: &str) {
    for file in fs::read_dir(root).into_iter().flatten().flatten() {
        let name = file.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(prefix) && name.ends_with(TEMPORARY) && writing::is_left(&file) {
            let _ = fs::remove_file(file.path());
        }
    }
}

fn count(root: &Path, shard: u8) -> io::Result<Count> {
    let files = match fs::read_dir(names::folder(root, shard)) {
        Ok(files) => files,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Count::default()),
        Err(error) => return Err(error),
    };
    let mut sum = Count::default();
    for file in files {
        let file = file?;
        if names::ours(&file.file_name(), shard) == Some(Ours::Entry)
            && let Ok(metadata) = file.metadata()
        {
            sum = sum.plus(Count::one(metadata.len()));
        }
    }
    Ok(sum)
}

/// Removes a file, which may be gone already; false if there is none, or a folder in its place.
pub(super) fn remove(path: &Path) -> io::Result<bool> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::IsADirectory) => {
            Ok(false)
        }
        Err(error) => Err(error),
    }
}
