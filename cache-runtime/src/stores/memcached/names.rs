//! Keys as the server accepts them: at most 250 bytes, without spaces and control characters.
//!
//! A key that it accepts is stored unchanged, so that other clients find it. Any other gets the name
//! `head#hash`: the key's text, as much of it as there is room for, with everything but printable
//! ASCII and `%` written as `%20`, and the MD5 of the whole key. So the head still shows what it belongs
//! to. Such an entry begins with the whole key, and a flag says so: two keys with the same hash never
//! get each other's value.

use std::borrow::Cow;

use md5::{Digest, Md5};

/// The longest name the server takes, in bytes.
const LONGEST: usize = 250;

/// `#` and 32 digits.
const TAIL: usize = 33;

/// The client flag of an entry that begins with its key. Clients of other languages use the lowest
/// bits.
const HAS_KEY: u32 = 1 << 30;

/// What `pymemcache` and with it Django write for a number, for compressed values, and for text.
const INTEGER: u32 = 2;
const COMPRESSED: u32 = 8;
const TEXT: u32 = 16;

/// A key, and the name it has on the server.
#[derive(Debug, Clone)]
pub(super) struct Name<'k> {
    key: &'k str,
    text: Cow<'k, str>,
}

impl<'k> Name<'k> {
    pub(super) fn of(key: &'k str) -> Self {
        let text = if is_plain(key.as_bytes()) {
            Cow::Borrowed(key)
        } else {
            Cow::Owned(hashed(key))
        };
        Self { key, text }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }

    /// Returns whether the key is stored unchanged.
    pub(super) fn is_plain(&self) -> bool {
        matches!(self.text, Cow::Borrowed(_))
    }

    /// Returns what precedes the value.
    pub(super) fn front(&self) -> Option<([u8; 4], &'k str)> {
        // Keys of four gigabytes do not come this far.
        let length = u32::try_from(self.key.len()).unwrap_or(u32::MAX);
        (!self.is_plain()).then_some((length.to_be_bytes(), self.key))
    }

    /// Returns the client flags of a value that is written.
    pub(super) fn flags(&self, value: &[u8]) -> u32 {
        let own = if self.is_plain() { 0 } else { HAS_KEY };
        own | kind(value)
    }

    /// Returns the value of the entry that has this name, if it belongs to this key.
    pub(super) fn open(&self, flags: u32, mut stored: Vec<u8>) -> Option<Vec<u8>> {
        if self.is_plain() != (flags & HAS_KEY == 0) {
            return None;
        }
        if !self.is_plain() {
            let (key, value) = split(&stored)?;
            if key != self.key.as_bytes() {
                return None;
            }
            let front = stored.len() - value.len();
            stored.drain(..front);
        }
        if flags & INTEGER != 0 {
            // The server counts in place: 10 minus 1 is `9 `.
            let digits = stored.trim_ascii_end().len();
            stored.truncate(digits);
        }
        Some(stored)
    }
}

/// How a name that the server listed relates to the entries under a prefix.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// It is not one of them.
    Foreign,
    /// It is one of them: this key.
    Key(String),
    /// The key is longer than its name. It is one of them, or may be one if the prefix is
    /// longer than what is left of the key.
    Cut { is_sure: bool },
}

/// Examines a name from the server's list.
pub(super) fn find(name: &[u8], prefix: &str) -> Found {
    // This client never writes such a name, and nobody can ask for it.
    if name.iter().any(|byte| *byte <= b' ' || *byte == 0x7f) {
        return Found::Foreign;
    }
    let prefix = prefix.as_bytes();
    let whole = |key: Vec<u8>| match String::from_utf8(key) {
        Ok(key) if key.as_bytes().starts_with(prefix) => Found::Key(key),
        _ => Found::Foreign,
    };
    if !is_hashed(name) {
        return whole(name.to_vec());
    }
    let head = decoded(&name[..name.len() - TAIL]);
    if hex(&head) == name[name.len() - TAIL + 1..] {
        return whole(head);
    }
    let is_sure = head.starts_with(prefix);
    if is_sure || prefix.starts_with(&head) {
        Found::Cut { is_sure }
    } else {
        Found::Foreign
    }
}

/// Returns the key that an entry with these flags begins with.
pub(super) fn key_in_front(flags: u32, stored: &[u8]) -> Option<String> {
    let (key, _) = split(stored).filter(|_| flags & HAS_KEY != 0)?;
    String::from_utf8(key.to_vec()).ok()
}

/// Returns the bytes of a text with `%20` and the like, which the server also uses in its list of names.
pub(super) fn decoded(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, tail)) = rest.split_first() {
        let digits = tail.get(..2).filter(|_| *first == b'%');
        let byte = digits
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &tail[2..] } else { tail };
    }
    bytes
}

/// Returns whether a key is its own name. One that looks like a hashed name is not, so that the two kinds
/// never collide.
fn is_plain(key: &[u8]) -> bool {
    (1..=LONGEST).contains(&key.len()) && key.iter().all(u8::is_ascii_graphic) && !is_hashed(key)
}

fn is_hashed(name: &[u8]) -> bool {
    let is_digit = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    match name.len().checked_sub(TAIL) {
        Some(at) => name[at] == b'#' && name[at + 1..].iter().all(is_digit),
        None => false,
    }
}

fn hashed(key: &str) -> String {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let mut name = String::with_capacity(LONGEST);
    for byte in key.bytes() {
        let escaped = [
            '%',
            char::from(DIGITS[usize::from(byte >> 4)]),
            char::from(DIGITS[usize::from(byte & 15)]),
        ];
        let is_own = byte.is_ascii_graphic() && byte != b'%';
        if name.len() + if is_own { 1 } else { 3 } > LONGEST - TAIL {
            break;
        }
        if is_own {
            name.push(char::from(byte));
        } else {
            name.extend(escaped);
        }
    }
    name.push('#');
    name.extend(hex(key.as_bytes()).map(char::from));
    name
}

fn hex(bytes: &[u8]) -> [u8; 32] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut hex = [0; 32];
    for (two, byte) in hex
        .as_chunks_mut::<2>()
        .0
        .iter_mut()
        .zip(Md5::digest(bytes))
    {
        *two = [
            DIGITS[usize::from(byte >> 4)],
            DIGITS[usize::from(byte & 15)],
        ];
    }
    hex
}

fn split(stored: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = stored.split_first_chunk::<4>()?;
    rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)
}

/// Returns what a Python client has to know about a value to read it.
fn kind(value: &[u8]) -> u32 {
    let is_number = || {
        let digits = value.strip_prefix(b"-").unwrap_or(value);
        (1..=19).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit)
    };
    if is_number() {
        INTEGER
    } else if std::str::from_utf8(value).is_ok() {
        TEXT
    } else if let [0x78, second, ..] = value
        && (0x7800 + u16::from(*second)).is_multiple_of(31)
    {
        // zlib, which is compressed text.
        TEXT | COMPRESSED
    } else {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_the_server_takes_is_its_own_name() {
        for key in ["k", ":1:user:7", &"x".repeat(250), "a%b#c"] {
            let name = Name::of(key);
            assert!(name.is_plain() && name.bytes() == key.as_bytes(), "{key}");
            assert_eq!(find(name.bytes(), ""), Found::Key(key.to_owned()));
        }
    }

    #[test]
    fn any_other_key_gets_a_name_that_keeps_its_head() {
        assert_eq!(
            Name::of("p:1:a b%é").text,
            "p:1:a%20b%25%C3%A9#8cbde5a87ff1e1812ffd395e5d5cfee0"
        );
        assert_eq!(Name::of("").text, "#d41d8cd98f00b204e9800998ecf8427e");
        let looks_hashed = "k#d41d8cd98f00b204e9800998ecf8427e";
        let long = "é".repeat(500);
        let edge = format!("{}é", "x".repeat(216));
        for key in ["", " ", "a\r\nb", looks_hashed, &long, &edge] {
            let name = Name::of(key);
            assert!(!name.is_plain() && name.bytes().len() <= 250, "{key}");
            assert!(name.bytes().iter().all(u8::is_ascii_graphic), "{key}");
            assert_ne!(name.text, key);
        }
    }

    #[test]
    fn a_name_tells_whose_it_is() {
        let key = |text: &str| Found::Key(text.to_owned());
        let name = |key: &str| Name::of(key).bytes().to_vec();
        assert_eq!(find(b"p:1:k", "p:1:"), key("p:1:k"));
        assert_eq!(find(b"p:2:k", "p:1:"), Found::Foreign);
        assert_eq!(find(&name("p:1:a b"), "p:1:"), key("p:1:a b"));
        assert_eq!(find(&name("p:1:a b"), "p:1:a "), key("p:1:a b"));
        assert_eq!(find(&name("p:1:a b"), "p:1:b"), Found::Foreign);
        assert_eq!(find(&name("ä:1:k"), "ä:1:"), key("ä:1:k"));
        let long = format!("p:1:{}", "k".repeat(600));
        assert_eq!(find(&name(&long), "p:1:"), Found::Cut { is_sure: true });
        assert_eq!(find(&name(&long), "p:2:"), Found::Foreign);
        assert_eq!(
            find(&name(&long), &long[..500]),
            Found::Cut { is_sure: false }
        );
        let umlauts = "ü".repeat(300);
        assert_eq!(find(&name(&umlauts), "ü"), Found::Cut { is_sure: true });
        assert_eq!(find(b"a b", ""), Found::Foreign);
    }

    #[test]
    fn two_keys_of_one_name_do_not_get_each_others_value() {
        let (one, other) = (Name::of("a b"), Name::of("b a"));
        let (length, key) = one.front().unwrap();
        let stored = [&length, key.as_bytes(), b"value"].concat();
        let flags = one.flags(b"value");
        assert_eq!(one.open(flags, stored.clone()).unwrap(), b"value");
        assert_eq!(other.open(flags, stored.clone()), None);
        assert_eq!(Name::of("plain").open(flags, stored.clone()), None);
        assert_eq!(one.open(0, stored.clone()), None, "somebody else's");
        assert_eq!(one.open(flags, stored[..5].to_vec()), None, "cut short");
        assert_eq!(key_in_front(flags, &stored).unwrap(), "a b");
        assert_eq!(key_in_front(0, &stored), None);
    }

    #[test]
    fn flags_are_those_that_python_clients_write() {
        let name = Name::of("k");
        for (value, flags) in [
            (&b"42"[..], 2),
            (b"-7", 2),
            (b"-", 16),
            (b"", 16),
            (b"1.5", 16),
            (b"{\"a\": 1}", 16),
            (b"x^2", 16),
            (b"\x78\x9c\xcbH\xcd", 24),
            (b"\xca\x01\x00", 0),
        ] {
            assert_eq!(name.flags(value), flags, "{value:?}");
        }
        // Counted in place by the server.
        assert_eq!(name.open(2, b"9 ".to_vec()).unwrap(), b"9");
        assert_eq!(name.open(16, b"9 ".to_vec()).unwrap(), b"9 ");
    }
}
