//! How a serde value becomes a tree: a `Serializer`, and the items of a call.
//!
//! Everything on the path of plain arguments is inlined into the call, where most of it is constant.

use std::fmt;

use serde::Serialize;
use serde::ser::{
    SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

use super::buffer::Tree;
use super::error::{KeyError, Reason};
use super::json_number;
use super::map_key::MapKey;
use super::tree::{MAX_DEPTH, Reader, Token};

impl Tree {
    /// Appends a positional argument. On an error the tree is half written and useless.
    #[inline]
    pub(crate) fn push<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), KeyError> {
        value.serialize(Encoder::new(self, Maps::Sorted))
    }

    /// Appends a value whose maps keep the order that its `Serialize` gives.
    #[inline]
    pub(crate) fn push_unsorted<T: Serialize + ?Sized>(
        &mut self,
        value: &T,
    ) -> Result<(), KeyError> {
        value.serialize(Encoder::new(self, Maps::AsGiven))
    }

    /// Appends a keyword argument.
    #[inline]
    pub(crate) fn push_kwarg<T: Serialize + ?Sized>(
        &mut self,
        name: &str,
        value: &T,
    ) -> Result<(), KeyError> {
        self.token(Token::Kwarg(name))?;
        self.push(value)
    }

    /// Appends a type parameter, by a number that stands for it.
    #[inline]
    pub(crate) fn push_type(&mut self, id: u32) {
        // Only texts can fail.
        let _ = self.token(Token::Type(id));
    }

    /// Appends a const parameter.
    #[inline]
    pub(crate) fn push_const<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), KeyError> {
        self.token(Token::Const)?;
        self.push(value)
    }
}

/// In which order the entries of a map are written. (The fields of a struct keep theirs.)
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Maps {
    /// By the bytes of their keys: a `HashMap` has no order to keep.
    Sorted,
    /// In their own order.
    AsGiven,
}

/// Writes one value to the end of a tree.
struct Encoder<'t> {
    tree: &'t mut Tree,
    maps: Maps,
    /// How many `Some`s, sequences and maps are open around the value.
    depth: usize,
}

impl<'t> Encoder<'t> {
    #[inline]
    fn new(tree: &'t mut Tree, maps: Maps) -> Self {
        Self {
            tree,
            maps,
            depth: 0,
        }
    }

    /// Returns the encoder for what is inside this value.
    #[inline]
    fn inside(self) -> Result<Self, KeyError> {
        if self.depth >= MAX_DEPTH {
            return Err(KeyError::new(Reason::TooDeep));
        }
        Ok(Self {
            depth: self.depth + 1,
            ..self
        })
    }

    /// Returns the encoder for a part of this value.
    #[inline]
    fn part(&mut self) -> Encoder<'_> {
        Encoder {
            tree: self.tree,
            ..*self
        }
    }

    #[inline]
    fn open(self, begin: Token<'_>, end: &'static [Token<'static>]) -> Result<Open<'t>, KeyError> {
        self.tree.token(begin)?;
        Ok(Open {
            encoder: self.inside()?,
            end,
            is_json_number: false,
        })
    }

    /// An externally tagged variant with data: a map of one entry.
    fn variant(self, variant: &'static str) -> Result<Self, KeyError> {
        self.tree.token(Token::Map)?;
        self.tree.token(Token::Str(variant))?;
        self.inside()
    }
}

impl<'t> Serializer for Encoder<'t> {
    type Ok = ();
    type Error = KeyError;
    type SerializeSeq = Open<'t>;
    type SerializeTuple = Open<'t>;
    type SerializeTupleStruct = Open<'t>;
    type SerializeTupleVariant = Open<'t>;
    type SerializeMap = OpenMap<'t>;
    type SerializeStruct = Open<'t>;
    type SerializeStructVariant = Open<'t>;

    #[inline]
    fn serialize_bool(self, v: bool) -> Result<(), KeyError> {
        self.tree.token(Token::Bool(v))
    }
    #[inline]
    fn serialize_i8(self, v: i8) -> Result<(), KeyError> {
        self.serialize_i64(v.into())
    }
    #[inline]
    fn serialize_i16(self, v: i16) -> Result<(), KeyError> {
        self.serialize_i64(v.into())
    }
    #[inline]
    fn serialize_i32(self, v: i32) -> Result<(), KeyError> {
        self.serialize_i64(v.into())
    }
    #[inline]
    fn serialize_i64(self, v: i64) -> Result<(), KeyError> {
        self.tree.token(v.into())
    }
    #[inline]
    fn serialize_i128(self, v: i128) -> Result<(), KeyError> {
        self.tree.token(v.into())
    }
    #[inline]
    fn serialize_u8(self, v: u8) -> Result<(), KeyError> {
        self.serialize_u64(v.into())
    }
    #[inline]
    fn serialize_u16(self, v: u16) -> Result<(), KeyError> {
        self.serialize_u64(v.into())
    }
    #[inline]
    fn serialize_u32(self, v: u32) -> Result<(), KeyError> {
        self.serialize_u64(v.into())
    }
    #[inline]
    fn serialize_u64(self, v: u64) -> Result<(), KeyError> {
        self.tree.token(v.into())
    }
    #[inline]
    fn serialize_u128(self, v: u128) -> Result<(), KeyError> {
        self.tree.token(v.into())
    }
    #[inline]
    fn serialize_f32(self, v: f32) -> Result<(), KeyError> {
        // Widened: Python has one float type, and this is the number that an f32 is.
        self.serialize_f64(v.into())
    }
    #[inline]
    fn serialize_f64(self, v: f64) -> Result<(), KeyError> {
        self.tree.token(v.into())
    }
    #[inline]
    fn serialize_char(self, v: char) -> Result<(), KeyError> {
        self.serialize_str(v.encode_utf8(&mut [0; 4]))
    }
    #[inline]
    fn serialize_str(self, v: &str) -> Result<(), KeyError> {
        self.tree.token(Token::Str(v))
    }
    /// Formats into the tree itself, so that short text never touches the heap.
    fn collect_str<T: fmt::Display + ?Sized>(self, value: &T) -> Result<(), KeyError> {
        self.tree
            .text_by(|tree| fmt::write(&mut Text(tree), format_args!("{value}")))
    }
    fn serialize_bytes(self, v: &[u8]) -> Result<(), KeyError> {
        self.collect_seq(v)
    }
    #[inline]
    fn serialize_none(self) -> Result<(), KeyError> {
        self.tree.token(Token::None)
    }
    #[inline]
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), KeyError> {
        self.tree.token(Token::Some)?;
        value.serialize(self.inside()?)
    }
    #[inline]
    fn serialize_unit(self) -> Result<(), KeyError> {
        self.tree.token(Token::Null)
    }
    #[inline]
    fn serialize_unit_struct(self, _: &'static str) -> Result<(), KeyError> {
        self.serialize_unit()
    }
    #[inline]
    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<(), KeyError> {
        self.serialize_str(variant)
    }
    #[inline]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), KeyError> {
        value.serialize(self)
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), KeyError> {
        let mut inside = self.variant(variant)?;
        value.serialize(inside.part())?;
        inside.tree.token(Token::MapEnd)
    }
    #[inline]
    fn serialize_seq(self, _: Option<usize>) -> Result<Open<'t>, KeyError> {
        self.open(Token::Seq, &[Token::SeqEnd])
    }
    #[inline]
    fn serialize_tuple(self, _: usize) -> Result<Open<'t>, KeyError> {
        self.serialize_seq(None)
    }
    #[inline]
    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Open<'t>, KeyError> {
        self.serialize_seq(None)
    }
    #[inline]
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Open<'t>, KeyError> {
        self.variant(variant)?
            .open(Token::Seq, &[Token::SeqEnd, Token::MapEnd])
    }
    #[inline]
    fn serialize_map(self, len: Option<usize>) -> Result<OpenMap<'t>, KeyError> {
        OpenMap::new(self, len)
    }
    #[inline]
    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Open<'t>, KeyError> {
        if name == json_number::NAME {
            return Ok(Open {
                encoder: self,
                end: &[],
                is_json_number: true,
            });
        }
        self.open(Token::Map, &[Token::MapEnd])
    }
    #[inline]
    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Open<'t>, KeyError> {
        self.variant(variant)?
            .open(Token::Map, &[Token::MapEnd, Token::MapEnd])
    }
}

/// Text that is formatted onto the end of a tree.
struct Text<'t>(&'t mut Tree);

impl fmt::Write for Text<'_> {
    fn write_str(&mut self, s: &str) -> fmt::Result {
        self.0.put_bytes(s.as_bytes());
        Ok(())
    }
}

impl From<fmt::Error> for KeyError {
    fn from(_: fmt::Error) -> Self {
        serde::ser::Error::custom("a display implementation failed")
    }
}

/// An open sequence or struct, and the tokens that close it.
struct Open<'t> {
    encoder: Encoder<'t>,
    end: &'static [Token<'static>],
    is_json_number: bool,
}

impl Open<'_> {
    #[inline]
    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), KeyError> {
        value.serialize(self.encoder.part())
    }

    #[inline]
    fn field<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), KeyError> {
        if self.is_json_number {
            return json_number::write(self.encoder.part(), value);
        }
        self.encoder.tree.token(Token::Str(name))?;
        self.element(value)
    }

    #[inline]
    fn close(self) -> Result<(), KeyError> {
        self.end
            .iter()
            .try_for_each(|token| self.encoder.tree.any_token(*token))
    }
}

/// The serde traits of a sequence, all alike.
macro_rules! elements {
    ($($name:ident :: $method:ident),*) => {$(
        impl $name for Open<'_> {
            type Ok = ();
            type Error = KeyError;
            #[inline]
            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), KeyError> {
                self.element(value)
            }
            #[inline]
            fn end(self) -> Result<(), KeyError> {
                self.close()
            }
        }
    )*};
}

elements! {
    SerializeSeq::serialize_element,
    SerializeTuple::serialize_element,
    SerializeTupleStruct::serialize_field,
    SerializeTupleVariant::serialize_field
}

/// The serde traits of a struct, both alike.
macro_rules! fields {
    ($($name:ident),*) => {$(
        impl $name for Open<'_> {
            type Ok = ();
            type Error = KeyError;
            #[inline]
            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                name: &'static str,
                value: &T,
            ) -> Result<(), KeyError> {
                self.field(name, value)
            }
            #[inline]
            fn end(self) -> Result<(), KeyError> {
                self.close()
            }
        }
    )*};
}

fields!(SerializeStruct, SerializeStructVariant);

/// An open map.
struct OpenMap<'t> {
    encoder: Encoder<'t>,
    /// The entries so far, for sorting; stays empty if the order is kept.
    entries: Vec<Entry>,
}

/// Key and value of a map, one after the other.
struct Entry {
    both: Tree,
    key_len: usize,
}

impl Entry {
    fn key(&self) -> &[u8] {
        &self.both.as_bytes()[..self.key_len]
    }
}

impl<'t> OpenMap<'t> {
    fn new(encoder: Encoder<'t>, len: Option<usize>) -> Result<Self, KeyError> {
        encoder.tree.token(Token::Map)?;
        let expected = match encoder.maps {
            // The length is only what the value claims.
            Maps::Sorted => len.unwrap_or(0).min(1024),
            Maps::AsGiven => 0,
        };
        Ok(Self {
            encoder: encoder.inside()?,
            entries: Vec::with_capacity(expected),
        })
    }

    /// Sorts the entries and appends them, if they have an order that others can reproduce.
    fn write_sorted(&mut self) -> Result<(), KeyError> {
        self.entries.sort_by(|a, b| a.key().cmp(b.key()));
        let mut class = None;
        for (index, entry) in self.entries.iter().enumerate() {
            if index > 0 && self.entries[index - 1].key() == entry.key() {
                return Err(KeyError::new(Reason::DuplicateMapKey));
            }
            let this = Reader::new(entry.key()).token()?.sort_class();
            if *class.get_or_insert(this) != this {
                return Err(KeyError::new(Reason::MixedMapKeys));
            }
            self.encoder.tree.put_bytes(entry.both.as_bytes());
        }
        Ok(())
    }
}

impl SerializeMap for OpenMap<'_> {
    type Ok = ();
    type Error = KeyError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), KeyError> {
        match self.encoder.maps {
            Maps::AsGiven => key.serialize(MapKey::new(|token| self.encoder.tree.any_token(token))),
            Maps::Sorted => {
                let mut both = Tree::default();
                key.serialize(MapKey::new(|token| both.any_token(token)))?;
                let key_len = both.len();
                self.entries.push(Entry { both, key_len });
                Ok(())
            }
        }
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), KeyError> {
        let tree = match self.entries.last_mut() {
            Some(entry) => &mut entry.both,
            None => &mut *self.encoder.tree,
        };
        value.serialize(Encoder {
            tree,
            ..self.encoder
        })
    }

    fn end(mut self) -> Result<(), KeyError> {
        self.write_sorted()?;
        self.encoder.tree.token(Token::MapEnd)
    }
}
