//! Which file belongs to a key, and which files in the folder belong to this store.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use md5::{Digest, Md5};

/// How many folders there are; each has a lock of its own.
pub(super) const SHARDS: usize = 256;

const ENTRY: &str = ".entry";
/// What a temporary file's name ends with.
pub(super) const TEMPORARY: &str = ".tmp";
/// How many letters and digits make it different from others of the same key.
pub(super) const TEMPORARY_CHARACTERS: usize = 8;
const LOCK: &str = ".lock";
const LEDGER: &str = ".cache-ledger";

/// The name of a key's file, which is a hash: another key may have the same one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) shard: u8,
    /// 32 hex digits.
    pub(super) hash: String,
}

impl Name {
    pub(super) fn of(key: &str) -> Self {
        let digest: [u8; 16] = Md5::digest(key).into();
        let mut hash = String::with_capacity(32);
        for byte in digest {
            for half in [byte >> 4, byte & 15] {
                hash.push(char::from_digit(u32::from(half), 16).unwrap_or('0'));
            }
        }
        Self {
            shard: digest[0],
            hash,
        }
    }

    /// In its shard's folder.
    pub(super) fn path(&self, folder: &Path) -> PathBuf {
        folder.join(format!("{}{ENTRY}", self.hash))
    }
}

pub(super) fn folder(root: &Path, shard: u8) -> PathBuf {
    root.join(format!("{shard:02x}"))
}

/// The lock of the shard whose folder this is.
pub(super) fn lock(folder: &Path) -> PathBuf {
    folder.join(LOCK)
}

pub(super) fn ledger(root: &Path) -> PathBuf {
    root.join(LEDGER)
}

/// What a file of this store in a shard's folder is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ours {
    Entry,
    /// Not renamed yet, or never.
    Temporary,
}

/// Returns what the file of this name is; `None` if it does not belong to this store.
pub(super) fn ours(name: &OsStr, shard: u8) -> Option<Ours> {
    let name = name.to_str()?;
    let (hash, rest) = name.split_at_checked(32)?;
    let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if !hash.bytes().all(is_hex) || u8::from_str_radix(&hash[..2], 16) != Ok(shard) {
        return None;
    }
    if rest == ENTRY {
        return Some(Ours::Entry);
    }
    let random = rest.strip_prefix('.')?.strip_suffix(TEMPORARY)?;
    let is_random = random.len() == TEMPORARY_CHARACTERS
        && random.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_random.then_some(Ours::Temporary)
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::path::Path;

    use super::{Name, Ours, folder, ours};

    #[test]
    fn a_name_is_the_hash_of_the_key() {
        let name = Name::of("myapp:1:foo");
        assert_eq!(name.hash, "57ec992b4013e3854ffa2bef63482730");
        let path = name.path(&folder(Path::new("/c"), name.shard));
        assert_eq!(
            path,
            Path::new("/c/57/57ec992b4013e3854ffa2bef63482730.entry")
        );
    }

    #[test]
    fn only_our_own_names_are_ours() {
        let hash = "57ec992b4013e3854ffa2bef63482730";
        let is = |name: &str| ours(OsStr::new(name), 0x57);
        assert_eq!(is(&format!("{hash}.entry")), Some(Ours::Entry));
        assert_eq!(is(&format!("{hash}.aB3dE6gH.tmp")), Some(Ours::Temporary));
        assert_eq!(ours(OsStr::new(&format!("{hash}.entry")), 0x58), None);
        for foreign in [
            "",
            ".lock",
            "README",
            hash,
            &format!("{hash}.djcache"),
            &format!("{hash}.entry~"),
            &format!("{hash}.aB3dE6g.tmp"),
            &format!("{hash}.aB3d-6gH.tmp"),
            &format!("{hash}.tmp"),
            &format!("{}.entry", hash.to_uppercase()),
            &format!("{}.entry", &hash[1..]),
            &format!("{hash}0.entry"),
            &"é".repeat(40),
        ] {
            assert_eq!(is(foreign), None, "{foreign}");
        }
    }
}
