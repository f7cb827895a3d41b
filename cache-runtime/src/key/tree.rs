//! What the bytes of a tree mean: one tag and a payload of known length after another, and the reader.
//!
//! A tree is a sequence of items: positional arguments (a value each), `KWARG name value`, `TYPE id` and
//! `CONST value`. It is self-describing, so that `1`, `1.0`, `true` and `"1"` differ whatever type they
//! came from, and canonical, so that the same number is the same bytes from any integer type.

use super::buffer::Tree;
use super::error::{KeyError, Reason};

/// How deep a value may be nested; deeper is an error instead of a stack overflow.
pub(crate) const MAX_DEPTH: usize = 128;

// Zero is no tag: it is the padding of a short tree.
const NULL: u8 = 1;
const NONE: u8 = 2;
const SOME: u8 = 3;
const FALSE: u8 = 4;
const TRUE: u8 = 5;
/// A number in the range of `u64`: 8 bytes. All numbers and lengths are little-endian.
const UINT: u8 = 6;
/// A negative number in the range of `i64`: 8 bytes.
const NINT: u8 = 7;
/// A number above `u64`: 16 bytes.
const BIG_UINT: u8 = 8;
/// A number below `i64`: 16 bytes.
const BIG_NINT: u8 = 9;
/// The bits of an `f64`; there is one NaN.
const FLOAT: u8 = 10;
/// A length of 4 bytes, and UTF-8.
const STR: u8 = 11;
const SEQ: u8 = 12;
const SEQ_END: u8 = 13;
/// Keys and values alternate.
const MAP: u8 = 14;
const MAP_END: u8 = 15;
/// A name (as `STR`, without its tag), and a value.
const KWARG: u8 = 16;
/// A number for a type parameter: 4 bytes.
const TYPE: u8 = 17;
/// A const parameter: a value follows.
const CONST: u8 = 18;

/// One tag and its payload.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Token<'a> {
    /// Unit.
    Null,
    /// `None`.
    None,
    /// `Some`; its value follows.
    Some,
    /// A bool.
    Bool(bool),
    /// A number from 0 to `u64::MAX`.
    UInt(u64),
    /// A number from `i64::MIN` to -1.
    NInt(i64),
    /// A number above `u64::MAX`.
    BigUInt(u128),
    /// A number below `i64::MIN`.
    BigNInt(i128),
    /// A float.
    Float(f64),
    /// Text.
    Str(&'a str),
    /// A sequence begins.
    Seq,
    /// A sequence ends.
    SeqEnd,
    /// A map begins; keys and values alternate.
    Map,
    /// A map ends.
    MapEnd,
    /// A keyword argument; its value follows.
    Kwarg(&'a str),
    /// A type parameter.
    Type(u32),
    /// A const parameter; its value follows.
    Const,
}

impl From<u64> for Token<'_> {
    #[inline]
    fn from(value: u64) -> Self {
        Self::UInt(value)
    }
}

impl From<i64> for Token<'_> {
    #[inline]
    fn from(value: i64) -> Self {
        u64::try_from(value).map_or(Self::NInt(value), Self::UInt)
    }
}

impl From<u128> for Token<'_> {
    #[inline]
    fn from(value: u128) -> Self {
        u64::try_from(value).map_or(Self::BigUInt(value), Self::UInt)
    }
}

impl From<i128> for Token<'_> {
    #[inline]
    fn from(value: i128) -> Self {
        match (u128::try_from(value), i64::try_from(value)) {
            (Ok(value), _) => value.into(),
            (_, Ok(value)) => value.into(),
            _ => Self::BigNInt(value),
        }
    }
}

impl From<f64> for Token<'_> {
    #[inline]
    fn from(value: f64) -> Self {
        // Only one NaN: Python writes all of them alike.
        Self::Float(if value.is_nan() { f64::NAN } else { value })
    }
}

impl Token<'_> {
    /// Returns what the keys of one map must have in common, so that they have an order; `None` if the token
    /// is not a map key.
    pub(super) fn sort_class(&self) -> Option<u8> {
        match self {
            Self::Null => Some(0),
            Self::Bool(_) => Some(1),
            Self::UInt(_) | Self::NInt(_) | Self::BigUInt(_) | Self::BigNInt(_) => Some(2),
            Self::Float(_) => Some(3),
            Self::Str(_) => Some(4),
            _ => None,
        }
    }
}

impl Tree {
    /// Appends one tag and its payload.
    // Always inlined, because callers know the kind of token: only that arm remains.
    #[inline(always)]
    pub(super) fn token(&mut self, token: Token<'_>) -> Result<(), KeyError> {
        match token {
            Token::Null => self.tag(NULL),
            Token::None => self.tag(NONE),
            Token::Some => self.tag(SOME),
            Token::Bool(false) => self.tag(FALSE),
            Token::Bool(true) => self.tag(TRUE),
            Token::UInt(value) => self.word_token(UINT, value),
            Token::NInt(value) => self.word_token(NINT, value.cast_unsigned()),
            Token::BigUInt(value) => self.big_token(BIG_UINT, value),
            Token::BigNInt(value) => self.big_token(BIG_NINT, value.cast_unsigned()),
            Token::Float(value) => self.word_token(FLOAT, value.to_bits()),
            Token::Str(text) => return self.text_token(STR, text),
            Token::Seq => self.tag(SEQ),
            Token::SeqEnd => self.tag(SEQ_END),
            Token::Map => self.tag(MAP),
            Token::MapEnd => self.tag(MAP_END),
            Token::Kwarg(name) => return self.text_token(KWARG, name),
            Token::Type(id) => self.put(u64::from(TYPE) | u64::from(id) << 8, 5),
            Token::Const => self.tag(CONST),
        }
        Ok(())
    }

    /// Appends `token` out of line, for callers that do not know its kind.
    pub(super) fn any_token(&mut self, token: Token<'_>) -> Result<(), KeyError> {
        self.token(token)
    }

    #[inline]
    fn tag(&mut self, tag: u8) {
        self.put(u64::from(tag), 1);
    }

    #[inline]
    fn word_token(&mut self, tag: u8, value: u64) {
        self.tag(tag);
        self.put(value, 8);
    }

    fn big_token(&mut self, tag: u8, value: u128) {
        self.tag(tag);
        self.put_bytes(&value.to_le_bytes());
    }

    #[inline]
    fn text_token(&mut self, tag: u8, text: &str) -> Result<(), KeyError> {
        let Ok(len) = u32::try_from(text.len()) else {
            return Err(KeyError::new(Reason::LongText));
        };
        self.put(u64::from(tag) | u64::from(len) << 8, 5);
        self.put_bytes(text.as_bytes());
        Ok(())
    }

    /// Appends a text that does not exist yet: `write` appends its bytes, and the length is filled in afterwards.
    pub(super) fn text_by<E>(
        &mut self,
        write: impl FnOnce(&mut Self) -> Result<(), E>,
    ) -> Result<(), KeyError>
    where
        KeyError: From<E>,
    {
        self.tag(STR);
        let length_at = self.len();
        self.put(0, 4);
        let start = self.len();
        write(self)?;
        let Ok(len) = u32::try_from(self.len() - start) else {
            return Err(KeyError::new(Reason::LongText));
        };
        self.fill_u32(length_at, len);
        Ok(())
    }
}

impl Tree {
    /// Returns the text, if the tree is one text and nothing else.
    pub(crate) fn as_text(&self) -> Option<&str> {
        let mut reader = Reader::new(self.as_bytes());
        match reader.token() {
            Ok(Token::Str(text)) if reader.is_empty() => Some(text),
            _ => None,
        }
    }
}

/// Reads a tree token by token; never panics, whatever the bytes are.
#[derive(Debug, Clone)]
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Returns a reader of all of `bytes`.
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    /// Returns whether everything has been read.
    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Returns the next tag and its payload.
    pub(crate) fn token(&mut self) -> Result<Token<'a>, KeyError> {
        let [tag] = self.array()?;
        Ok(match tag {
            NULL => Token::Null,
            NONE => Token::None,
            SOME => Token::Some,
            FALSE => Token::Bool(false),
            TRUE => Token::Bool(true),
            UINT => Token::UInt(u64::from_le_bytes(self.array()?)),
            NINT => Token::NInt(i64::from_le_bytes(self.array()?)),
            BIG_UINT => Token::BigUInt(u128::from_le_bytes(self.array()?)),
            BIG_NINT => Token::BigNInt(i128::from_le_bytes(self.array()?)),
            FLOAT => Token::Float(f64::from_le_bytes(self.array()?)),
            STR => Token::Str(self.text()?),
            SEQ => Token::Seq,
            SEQ_END => Token::SeqEnd,
            MAP => Token::Map,
            MAP_END => Token::MapEnd,
            KWARG => Token::Kwarg(self.text()?),
            TYPE => Token::Type(u32::from_le_bytes(self.array()?)),
            CONST => Token::Const,
            _ => return Err(KeyError::garbage("unknown tag")),
        })
    }

    /// Skips one value. Ends of the wrong kind are left to whoever reads the value.
    pub(crate) fn skip_value(&mut self) -> Result<(), KeyError> {
        // A loop, so that depth costs no stack here.
        let mut open = 0_usize;
        loop {
            match self.token()? {
                Token::Seq | Token::Map => open += 1,
                Token::SeqEnd | Token::MapEnd => {
                    open = open
                        .checked_sub(1)
                        .ok_or_else(|| KeyError::garbage("end without begin"))?;
                }
                Token::Some => continue,
                Token::Kwarg(_) | Token::Type(_) | Token::Const => {
                    return Err(KeyError::garbage("parameter inside a value"));
                }
                _ => {}
            }
            if open == 0 {
                return Ok(());
            }
        }
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], KeyError> {
        let (array, rest) = self.bytes.split_first_chunk().ok_or_else(cut_short)?;
        self.bytes = rest;
        Ok(*array)
    }

    fn text(&mut self) -> Result<&'a str, KeyError> {
        let len = u32::from_le_bytes(self.array()?);
        let len = usize::try_from(len).map_err(|_| cut_short())?;
        let (text, rest) = self.bytes.split_at_checked(len).ok_or_else(cut_short)?;
        self.bytes = rest;
        std::str::from_utf8(text).map_err(|_| KeyError::garbage("text is not UTF-8"))
    }
}

#[cold]
fn cut_short() -> KeyError {
    KeyError::garbage("cut short")
}
