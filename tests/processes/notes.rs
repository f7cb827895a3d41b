//! What a process notes: a number, and when.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// A number, from when to when, in microseconds since 1970.
///
/// Of a writer: the number is in the truth since `from`, and its delete has been answered at `to`. Of a
/// reader: it was seen by every look that began between `from` and `to`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Note {
    pub(crate) number: u64,
    pub(crate) from: u64,
    pub(crate) to: u64,
}

pub(crate) fn now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    u64::try_from(now.as_micros()).unwrap()
}

pub(crate) struct Notes(BufWriter<File>);

impl Notes {
    pub(crate) fn create(folder: &Path, role: &str) -> Self {
        let path = folder.join(format!("{role}.{}", std::process::id()));
        Self(BufWriter::new(File::create(path).unwrap()))
    }

    pub(crate) fn add(&mut self, note: Note) {
        let Note { number, from, to } = note;
        writeln!(self.0, "{number} {from} {to}").unwrap();
    }
}

/// The notes of each process in this role.
pub(crate) fn read(folder: &Path, role: &str) -> Vec<Vec<Note>> {
    let files = fs::read_dir(folder).unwrap().map(Result::unwrap);
    let of_role = files.filter(|file| {
        let name = file.file_name().into_string().unwrap();
        name.starts_with(role)
    });
    let note = |line: &str| {
        let mut numbers = line.split(' ').map(|number| number.parse().unwrap());
        let mut next = || numbers.next().unwrap();
        Note {
            number: next(),
            from: next(),
            to: next(),
        }
    };
    of_role
        .map(|file| {
            fs::read_to_string(file.path())
                .unwrap()
                .lines()
                .map(note)
                .collect()
        })
        .collect()
}
