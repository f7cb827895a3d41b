//! A file that anybody may have written.

use std::path::PathBuf;

use super::entry::{HEADER, Header, NEVER};
use super::reading::{self, Found};
use crate::fuzz::{Target, memory};

pub(crate) const FILE: Target = Target {
    name: "file",
    run,
    seeds,
    words: &[
        b"\xc5cre\x01\0\0\0",
        b"\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\0\0\0\0\0\0\0\0",
        b"app:1:key",
    ],
};

const KEY: &str = "app:1:key";

/// Whether the checksum is made good, and the file.
fn run(bytes: &[u8]) {
    let Some((mode, rest)) = bytes.split_first() else {
        return;
    };
    let mut file = rest.to_vec();
    if mode % 2 == 1 {
        mend(&mut file);
    }
    let file = file;
    let path = PathOfThread::new();
    std::fs::write(&path.0, &file).unwrap_or_else(|error| panic!("{error}"));
    // What is read at first, and key and value.
    let most = 2 * file.len() + (8 << 10);
    let found = memory::within(most, || reading::find(&path.0, KEY));
    let seen = memory::within(most, || reading::see(&path.0));
    let seen = seen.ok().flatten().and_then(|seen| seen.entry);
    match found.unwrap_or_else(|error| panic!("{error}")) {
        Found::Fresh(entry) => {
            assert_eq!(file, written(entry.expires, KEY, &entry.value));
            assert!(entry.expires > 0);
            assert_eq!(seen, Some((KEY.to_owned(), entry.expires)));
        }
        Found::OfAnother => {
            let header = Header::read(&file).unwrap_or_else(|| panic!("there is a header"));
            let key = usize::try_from(header.key).unwrap_or(usize::MAX);
            let (key, value) = file[HEADER..].split_at(key);
            assert_ne!(key, KEY.as_bytes());
            assert!(header.is_whole(key, value));
        }
        Found::Expired => assert!(seen.is_some_and(|(key, _)| key == KEY)),
        Found::Strange => {}
        Found::Nothing => panic!("there is a file"),
    }
}

/// The same with the checksum that it should have; as it is where no file can have such lengths.
fn mend(file: &mut Vec<u8>) {
    let Some(header) = Header::read(file).filter(|h| h.file_len() == Some(file.len() as u64))
    else {
        return;
    };
    let key = usize::try_from(header.key).unwrap_or(usize::MAX);
    let (key, value) = file[HEADER..].split_at(key);
    if let Ok(key) = std::str::from_utf8(key) {
        *file = written(header.expires, key, value);
    }
}

fn written(expires: u64, key: &str, value: &[u8]) -> Vec<u8> {
    let header = Header::new(expires, key, value).bytes();
    [&header, key.as_bytes(), value].concat()
}

/// A file of this process and thread; gone with it.
struct PathOfThread(PathBuf);

impl PathOfThread {
    fn new() -> Self {
        let name = format!(
            "cache-fuzz-{}-{:?}",
            std::process::id(),
            std::thread::current().id()
        );
        let memory = PathBuf::from("/dev/shm");
        let folder = if memory.is_dir() {
            memory
        } else {
            std::env::temp_dir()
        };
        Self(folder.join(name))
    }
}

impl Drop for PathOfThread {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn seeds() -> Vec<Vec<u8>> {
    let far = 4_000_000_000_000;
    let long = [b'x'; 5000];
    [
        written(NEVER, KEY, b"a value"),
        written(far, KEY, &long),
        written(1, KEY, b"expired"),
        written(NEVER, "app:1:another", b"a value"),
        written(NEVER, "", b""),
    ]
    .iter()
    .flat_map(|file| [0, 1].map(|mode| [&[mode], &**file].concat()))
    .collect()
}
