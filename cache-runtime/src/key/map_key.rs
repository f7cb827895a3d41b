//! Which values may be keys of a map: those that `json.dumps` accepts, distinguished by their token.

use serde::Serialize;
use serde::ser::{Impossible, Serializer};

use super::error::{KeyError, Reason};
use super::tree::Token;

/// A serializer for one map key: passes its token to the function, or rejects it.
pub(super) struct MapKey<F> {
    take: F,
    in_some: bool,
}

impl<F: FnOnce(Token<'_>) -> Result<(), KeyError>> MapKey<F> {
    pub(super) fn new(take: F) -> Self {
        Self {
            take,
            in_some: false,
        }
    }
}

/// Rejects what a map key must not be.
fn refuse<T>(what: &'static str) -> Result<T, KeyError> {
    Err(KeyError::new(Reason::MapKey(what)))
}

type Never = Impossible<(), KeyError>;

impl<F: FnOnce(Token<'_>) -> Result<(), KeyError>> Serializer for MapKey<F> {
    type Ok = ();
    type Error = KeyError;
    type SerializeSeq = Never;
    type SerializeTuple = Never;
    type SerializeTupleStruct = Never;
    type SerializeTupleVariant = Never;
    type SerializeMap = Never;
    type SerializeStruct = Never;
    type SerializeStructVariant = Never;

    fn serialize_bool(self, v: bool) -> Result<(), KeyError> {
        (self.take)(Token::Bool(v))
    }
    fn serialize_i8(self, v: i8) -> Result<(), KeyError> {
        self.serialize_i64(v.into())
    }
    fn serialize_i16(self, v: i16) -> Result<(), KeyError> {
        self.serialize_i64(v.into())
    }
    fn serialize_i32(self, v: i32) -> Result<(), KeyError> {
        self.serialize_i64(v.into())
    }
    fn serialize_i64(self, v: i64) -> Result<(), KeyError> {
        (self.take)(v.into())
    }
    fn serialize_i128(self, v: i128) -> Result<(), KeyError> {
        (self.take)(v.into())
    }
    fn serialize_u8(self, v: u8) -> Result<(), KeyError> {
        self.serialize_u64(v.into())
    }
    fn serialize_u16(self, v: u16) -> Result<(), KeyError> {
        self.serialize_u64(v.into())
    }
    fn serialize_u32(self, v: u32) -> Result<(), KeyError> {
        self.serialize_u64(v.into())
    }
    fn serialize_u64(self, v: u64) -> Result<(), KeyError> {
        (self.take)(v.into())
    }
    fn serialize_u128(self, v: u128) -> Result<(), KeyError> {
        (self.take)(v.into())
    }
    fn serialize_f32(self, v: f32) -> Result<(), KeyError> {
        self.serialize_f64(v.into())
    }
    fn serialize_f64(self, v: f64) -> Result<(), KeyError> {
        (self.take)(v.into())
    }
    fn serialize_char(self, v: char) -> Result<(), KeyError> {
        self.serialize_str(v.encode_utf8(&mut [0; 4]))
    }
    fn serialize_str(self, v: &str) -> Result<(), KeyError> {
        (self.take)(Token::Str(v))
    }
    fn serialize_bytes(self, _: &[u8]) -> Result<(), KeyError> {
        refuse("bytes")
    }
    fn serialize_none(self) -> Result<(), KeyError> {
        // Like unit: both are "null", and must be recognized as the same key.
        self.serialize_unit()
    }
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), KeyError> {
        // One level, which also limits the recursion of key types that contain themselves.
        if self.in_some {
            return refuse("an option of an option");
        }
        value.serialize(Self {
            in_some: true,
            ..self
        })
    }
    fn serialize_unit(self) -> Result<(), KeyError> {
        if self.in_some {
            return refuse("some of none");
        }
        (self.take)(Token::Null)
    }
    fn serialize_unit_struct(self, _: &'static str) -> Result<(), KeyError> {
        self.serialize_unit()
    }
    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<(), KeyError> {
        (self.take)(Token::Str(variant))
    }
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
        _: &'static str,
        _: &T,
    ) -> Result<(), KeyError> {
        refuse("an enum with data")
    }
    fn serialize_seq(self, _: Option<usize>) -> Result<Never, KeyError> {
        refuse("a sequence")
    }
    fn serialize_tuple(self, _: usize) -> Result<Never, KeyError> {
        refuse("a tuple")
    }
    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Never, KeyError> {
        refuse("a tuple")
    }
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Never, KeyError> {
        refuse("an enum with data")
    }
    fn serialize_map(self, _: Option<usize>) -> Result<Never, KeyError> {
        refuse("a map")
    }
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Never, KeyError> {
        refuse("a struct")
    }
    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Never, KeyError> {
        refuse("an enum with data")
    }
}
