//! The key of an external store: the hashed text, with Django's prefix and version around it.

use md5::{Digest, Md5};

use super::error::{KeyError, Reason};
use super::repr::decimal;

/// The longest whole key: every store accepts this much, and it leaves room for escapes in a file name.
pub(crate) const MAX_KEY_BYTES: usize = 1024;

/// Which hash turns a text into a key of 32 hex digits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum KeyHash {
    /// The one that Python services use; collisions of it can be constructed.
    #[default]
    Md5,
    /// The first half of BLAKE3, for arguments from people who might try that.
    #[cfg(feature = "blake3")]
    Blake3,
}

impl KeyHash {
    fn digest(self, text: &str) -> [u8; 16] {
        match self {
            Self::Md5 => Md5::digest(text).into(),
            #[cfg(feature = "blake3")]
            Self::Blake3 => {
                let mut half = [0; 16];
                half.copy_from_slice(&blake3::hash(text.as_bytes()).as_bytes()[..16]);
                half
            }
        }
    }
}

/// Returns the key of a call: `prefix:hex`, with the prefix unchanged, even if it is empty.
pub(crate) fn function_key(prefix: &str, text: &str, hash: KeyHash) -> String {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let mut hex = [0; 32];
    for (two, byte) in hex.as_chunks_mut::<2>().0.iter_mut().zip(hash.digest(text)) {
        *two = [HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]];
    }
    let mut key = String::with_capacity(prefix.len() + 33);
    key.push_str(prefix);
    key.push(':');
    // They are all ASCII.
    key.push_str(std::str::from_utf8(&hex).unwrap_or_default());
    key
}

/// Returns Django's `make_key`: `KEY_PREFIX:VERSION:key`.
pub(crate) fn make_key(key_prefix: &str, version: i64, key: &str) -> String {
    let mut whole = String::with_capacity(key_prefix.len() + key.len() + 22);
    whole.push_str(key_prefix);
    whole.push(':');
    decimal(&mut whole, version);
    whole.push(':');
    whole.push_str(key);
    whole
}

/// Rejects a whole key that some store would not accept, or would take for something else.
///
/// Spaces and letters outside ASCII are fine; Memcached, which accepts neither, gets a hash of them.
pub(crate) fn validate(key: &str) -> Result<(), KeyError> {
    if key.is_empty() {
        return Err(KeyError::new(Reason::Empty));
    }
    if key.len() > MAX_KEY_BYTES {
        return Err(KeyError::new(Reason::TooLong(key.len())));
    }
    // The bytes of longer characters are 0x80 and above, so this needs no decoding. It is not a search: checking
    // all of them handles many at a time.
    let is_fine = |fine: bool, byte: u8| fine & !byte.is_ascii_control();
    if key.bytes().fold(true, is_fine) {
        return Ok(());
    }
    match key.bytes().find(u8::is_ascii_control) {
        Some(byte) => Err(KeyError::new(Reason::Control(byte.into()))),
        None => Ok(()),
    }
}
