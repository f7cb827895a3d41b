//! How large a value is, and whether it comes back from JSON unchanged: a `Serializer` that
//! writes nothing.
//!
//! JSON has no NaN and no infinity, and `Some(None)` is read back as `None`. A function that returned
//! such a value would return another one on a hit; so it is not stored as JSON at all.

use std::cell::Cell;
use std::fmt;

use serde::Serialize;
use serde::ser::{
    SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

use super::map_key::MapKey;
use super::tree::{MAX_DEPTH, Token};

/// The result of surveying a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Survey {
    /// About as many bytes as it has in memory and as JSON: text in full, numbers as eight.
    pub(crate) bytes: usize,
    /// Whether it is the same value after being written as JSON and read back.
    pub(crate) lossless: bool,
    /// Whether it cannot be written as JSON at all.
    pub(crate) failed: bool,
}

/// Surveys `value`.
#[inline]
pub(crate) fn survey<T: Serialize + ?Sized>(value: &T) -> Survey {
    let tally = Tally::default();
    let seen = value.serialize(Look {
        in_some: false,
        depth: 0,
        tally: &tally,
    });
    Survey {
        bytes: tally.bytes.get(),
        lossless: seen.is_ok() && !tally.lossy.get(),
        failed: seen.is_err(),
    }
}

#[derive(Default)]
struct Tally {
    bytes: Cell<usize>,
    lossy: Cell<bool>,
}

/// Something does not survive. Nobody asks what it is.
#[derive(Debug)]
struct Lost;

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the value does not survive JSON")
    }
}

impl std::error::Error for Lost {}

impl serde::ser::Error for Lost {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

/// Surveys one value.
#[derive(Clone, Copy)]
struct Look<'a> {
    /// Whether the value is directly in a `Some`.
    in_some: bool,
    depth: usize,
    tally: &'a Tally,
}

impl Look<'_> {
    /// Returns the survey of what is in a sequence, a map or a variant.
    #[inline]
    fn inside(self) -> Result<Self, Lost> {
        // serde_json gives up reading at this depth.
        if self.depth + 1 >= MAX_DEPTH {
            return Err(Lost);
        }
        Ok(Self {
            in_some: false,
            depth: self.depth + 1,
            ..self
        })
    }

    #[inline]
    fn weighs(self, bytes: usize) {
        let sum = self.tally.bytes.get().saturating_add(bytes);
        self.tally.bytes.set(sum);
    }

    #[inline]
    fn loses(self) {
        self.tally.lossy.set(true);
    }
}

/// Methods for scalars that always survive.
macro_rules! survive {
    ($($method:ident($ty:ty)),*) => {$(
        #[inline]
        fn $method(self, _: $ty) -> Result<(), Lost> {
            self.weighs(size_of::<$ty>());
            Ok(())
        }
    )*};
}

impl Serializer for Look<'_> {
    type Ok = ();
    type Error = Lost;
    type SerializeSeq = Self;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Self;
    type SerializeTupleVariant = Self;
    type SerializeMap = Self;
    type SerializeStruct = Self;
    type SerializeStructVariant = Self;

    survive! {
        serialize_bool(bool), serialize_i8(i8), serialize_i16(i16), serialize_i32(i32),
        serialize_i64(i64), serialize_i128(i128), serialize_u8(u8), serialize_u16(u16),
        serialize_u32(u32), serialize_u64(u64), serialize_u128(u128), serialize_char(char)
    }

    #[inline]
    fn serialize_str(self, v: &str) -> Result<(), Lost> {
        self.weighs(v.len());
        Ok(())
    }
    #[inline]
    fn serialize_bytes(self, v: &[u8]) -> Result<(), Lost> {
        self.weighs(v.len());
        Ok(())
    }

    #[inline]
    fn serialize_f32(self, v: f32) -> Result<(), Lost> {
        self.serialize_f64(v.into())
    }
    #[inline]
    fn serialize_f64(self, v: f64) -> Result<(), Lost> {
        self.weighs(8);
        if !v.is_finite() {
            self.loses();
        }
        Ok(())
    }
    #[inline]
    fn collect_str<T: fmt::Display + ?Sized>(self, text: &T) -> Result<(), Lost> {
        // Counted without being written anywhere.
        fmt::write(&mut Lengths(self), format_args!("{text}")).map_err(|_| Lost)
    }
    #[inline]
    fn serialize_none(self) -> Result<(), Lost> {
        self.serialize_unit()
    }
    #[inline]
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Lost> {
        // Counted although JSON does not see it: types that contain themselves nest here too.
        value.serialize(Self {
            in_some: true,
            ..self.inside()?
        })
    }
    #[inline]
    fn serialize_unit(self) -> Result<(), Lost> {
        self.weighs(1);
        if self.in_some {
            self.loses();
        }
        Ok(())
    }
    #[inline]
    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Lost> {
        self.serialize_unit()
    }
    #[inline]
    fn serialize_unit_variant(self, _: &'static str, _: u32, _: &'static str) -> Result<(), Lost> {
        self.weighs(1);
        Ok(())
    }
    #[inline]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Lost> {
        value.serialize(self)
    }
    #[inline]
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        value: &T,
    ) -> Result<(), Lost> {
        value.serialize(self.inside()?)
    }
    #[inline]
    fn serialize_seq(self, _: Option<usize>) -> Result<Self, Lost> {
        self.inside()
    }
    #[inline]
    fn serialize_tuple(self, _: usize) -> Result<Self, Lost> {
        self.inside()
    }
    #[inline]
    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self, Lost> {
        self.inside()
    }
    #[inline]
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self, Lost> {
        self.inside()?.inside()
    }
    #[inline]
    fn serialize_map(self, _: Option<usize>) -> Result<Self, Lost> {
        self.inside()
    }
    #[inline]
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self, Lost> {
        self.inside()
    }
    #[inline]
    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self, Lost> {
        self.inside()?.inside()
    }
}

/// The serde traits of what has parts, by the method that takes a part.
macro_rules! parts {
    ($($name:ident :: $method:ident($($key:ty)?)),*) => {$(
        impl $name for Look<'_> {
            type Ok = ();
            type Error = Lost;
            #[inline]
            fn $method<T: Serialize + ?Sized>(
                &mut self,
                $(_: $key,)?
                value: &T,
            ) -> Result<(), Lost> {
                value.serialize(*self)
            }
            #[inline]
            fn end(self) -> Result<(), Lost> {
                Ok(())
            }
        }
    )*};
}

parts! {
    SerializeSeq::serialize_element(),
    SerializeTuple::serialize_element(),
    SerializeTupleStruct::serialize_field(),
    SerializeTupleVariant::serialize_field(),
    SerializeStruct::serialize_field(&'static str),
    SerializeStructVariant::serialize_field(&'static str)
}

impl SerializeMap for Look<'_> {
    type Ok = ();
    type Error = Lost;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Lost> {
        let look = *self;
        key.serialize(MapKey::new(|token: Token<'_>| {
            look.weighs(8);
            match token {
                Token::Str(text) => look.weighs(text.len()),
                // "null" and "NaN" would come back as text, or not at all.
                Token::Null => look.loses(),
                Token::Float(value) if !value.is_finite() => look.loses(),
                _ => {}
            }
            Ok(())
        }))
        .map_err(|_| Lost)
    }

    #[inline]
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Lost> {
        value.serialize(*self)
    }

    #[inline]
    fn end(self) -> Result<(), Lost> {
        Ok(())
    }
}

/// Adds up the lengths of what is written.
struct Lengths<'a>(Look<'a>);

impl fmt::Write for Lengths<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.weighs(text.len());
        Ok(())
    }
}
