//! The contents of a file: a header, the key, the value.
//!
//! ```text
//!  0  magic      4 bytes, c5 "cre"
//!  4  version    u32, 1
//!  8  expires    u64, milliseconds since 1970; all bits set: never
//! 16  key        u64, its length in bytes
//! 24  value      u64, its length in bytes
//! 32  checksum   u64, of all the rest
//! 40  key, value
//! ```
//!
//! Numbers are little-endian. This is a format: it does not change without a new version.

pub(super) const HEADER: usize = 40;
/// The time of an entry that never expires.
pub(super) const NEVER: u64 = u64::MAX;

const MAGIC: [u8; 4] = *b"\xc5cre";
const VERSION: u32 = 1;

/// The header of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) expires: u64,
    pub(super) key: u64,
    pub(super) value: u64,
    checksum: u64,
}

impl Header {
    pub(super) fn new(expires: u64, key: &str, value: &[u8]) -> Self {
        let mut header = Self {
            expires,
            key: key.len() as u64,
            value: value.len() as u64,
            checksum: 0,
        };
        header.checksum = header.sum(key.as_bytes(), value);
        header
    }

    /// Parses the header that `bytes` begin with; `None` if it is not of this version.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let bytes = bytes.get(..HEADER)?;
        let (words, _) = bytes.as_chunks::<8>();
        let number = |at: usize| u64::from_le_bytes(words[at]);
        let is_ours = words[0] == Self::start();
        is_ours.then(|| Self {
            expires: number(1),
            key: number(2),
            value: number(3),
            checksum: number(4),
        })
    }

    /// Its bytes.
    pub(super) fn bytes(&self) -> [u8; HEADER] {
        let mut bytes = [0; HEADER];
        bytes[..8].copy_from_slice(&Self::start());
        let numbers = [self.expires, self.key, self.value, self.checksum];
        for (place, number) in bytes[8..].chunks_exact_mut(8).zip(numbers) {
            place.copy_from_slice(&number.to_le_bytes());
        }
        bytes
    }

    /// How long the whole file is; `None` if no file can be.
    pub(super) fn file_len(&self) -> Option<u64> {
        self.key.checked_add(self.value)?.checked_add(HEADER as u64)
    }

    /// Returns whether this is what was written.
    pub(super) fn is_whole(&self, key: &[u8], value: &[u8]) -> bool {
        self.checksum == self.sum(key, value)
    }

    fn start() -> [u8; 8] {
        let mut start = [0; 8];
        start[..4].copy_from_slice(&MAGIC);
        start[4..].copy_from_slice(&VERSION.to_le_bytes());
        start
    }

    fn sum(&self, key: &[u8], value: &[u8]) -> u64 {
        let mut sum = Sum::default();
        sum.add(&self.bytes()[..HEADER - 8]);
        sum.add(key);
        sum.add(value);
        sum.0
    }
}

/// FNV-1a by words of eight bytes, with the high half mixed into the low one.
///
/// Each step is reversible, so two texts that differ in one word never have the same sum. It guards
/// against a disk that lost power, not against people.
struct Sum(u64);

impl Default for Sum {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Sum {
    /// The lengths of what is added must be among what is added: the last word is filled up with
    /// zeros.
    fn add(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.word(*word);
        }
        if !rest.is_empty() {
            let mut last = [0; 8];
            last[..rest.len()].copy_from_slice(rest);
            self.word(last);
        }
    }

    fn word(&mut self, word: [u8; 8]) {
        let mixed = (self.0 ^ u64::from_le_bytes(word)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = mixed ^ (mixed >> 32);
    }
}

#[cfg(test)]
mod tests {
    use super::{HEADER, Header, NEVER};

    fn file(expires: u64, key: &str, value: &[u8]) -> Vec<u8> {
        let mut file = Header::new(expires, key, value).bytes().to_vec();
        file.extend_from_slice(key.as_bytes());
        file.extend_from_slice(value);
        file
    }

    fn is_whole(file: &[u8]) -> bool {
        Header::read(file).is_some_and(|header| {
            let body = &file[HEADER..];
            let key = usize::try_from(header.key).unwrap_or(usize::MAX);
            header.file_len() == Some(file.len() as u64)
                && header.is_whole(&body[..key], &body[key..])
        })
    }

    // What was written by an older version of this library must be read by a newer one.
    #[test]
    fn the_bytes_are_a_format() {
        let hex =
            |bytes: Vec<u8>| -> String { bytes.iter().map(|byte| format!("{byte:02x}")).collect() };
        assert_eq!(
            hex(file(1_700_000_000_123, "app:1:key", b"a value")),
            "c5637265010000007b68e5cf8b01000009000000000000000700000000000000da639746258eb077\
             6170703a313a6b6579612076616c7565"
        );
        assert_eq!(
            hex(file(NEVER, "", b"")),
            "c563726501000000ffffffffffffffff000000000000000000000000000000003798c07e74f9cbcd"
        );
    }

    #[test]
    fn every_changed_or_missing_byte_is_seen() {
        let whole = file(123_456, "the key", b"a value of some length");
        assert!(is_whole(&whole));
        for at in 0..whole.len() {
            for bit in 0..8 {
                let mut changed = whole.clone();
                changed[at] ^= 1 << bit;
                assert!(!is_whole(&changed), "bit {bit} of byte {at}");
            }
            assert!(!is_whole(&whole[..at]), "cut at {at}");
        }
        let mut longer = whole.clone();
        longer.push(0);
        assert!(!is_whole(&longer));
        // As a disk may have it after a loss of power.
        let mut zeros = whole.clone();
        zeros[HEADER..].fill(0);
        assert!(!is_whole(&zeros));
        let mut of_another_version = whole;
        of_another_version[4] = 2;
        assert_eq!(Header::read(&of_another_version), None);
    }

    #[test]
    fn lengths_that_no_file_has_are_no_overflow() {
        let mut header = Header::new(NEVER, "k", b"v");
        header.key = u64::MAX;
        assert_eq!(header.file_len(), None);
    }
}
