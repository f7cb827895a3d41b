//! What can be a cached value or a part of a key, in words that speak of caching; and how the
//! in-process level holds values of any type.

use std::any::Any;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::codec;
use crate::error::CacheError;
use crate::key::Survey;

/// A value that any cache can keep: cloned on an in-process hit, serialized for a shared store.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be cached",
    label = "a cached value must be `Clone + Serialize + DeserializeOwned + Send + Sync + 'static`",
    note = "derive what is missing: `#[derive(Clone, serde::Serialize, serde::Deserialize)]`",
    note = "or keep it in this process only, without serde: `#[cache_result(local, …)]`"
)]
pub trait CacheValue: Clone + Serialize + DeserializeOwned + Send + Sync + 'static {}

impl<T: Clone + Serialize + DeserializeOwned + Send + Sync + 'static> CacheValue for T {}

/// A value that the in-process level alone can keep (`local`).
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be cached in process",
    label = "a `local` cached value must be `Clone + Send + Sync + 'static`",
    note = "derive `Clone`, or return an `Arc` of it"
)]
pub trait LocalValue: Clone + Send + Sync + 'static {}

impl<T: Clone + Send + Sync + 'static> LocalValue for T {}

/// An argument that can be a part of a key.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a part of a cache key",
    label = "an argument in the key must be `serde::Serialize`",
    note = "derive `serde::Serialize` for it, leave it out with `skip(…)`, or name what identifies it: `key(user.id)`"
)]
pub trait CacheKey: Serialize {}

impl<T: Serialize + ?Sized> CacheKey for T {}

/// A value in the in-process level, its type erased.
pub(crate) trait Held: Any + Send + Sync {
    /// The value's JSON text, for a reader who asks for another type; `None` for `local` values.
    fn encode(&self) -> Option<Result<Vec<u8>, CacheError>>;
}

/// How a value is held: with its codec, or without.
pub trait Form<V>: Copy + Send + Sync + 'static {
    #[doc(hidden)]
    const SHARED: bool;
    #[doc(hidden)]
    fn hold(value: V) -> Holding;
    #[doc(hidden)]
    fn copy(held: &Holding) -> Option<V>;
    #[doc(hidden)]
    fn survey(value: &V) -> Survey;
    #[doc(hidden)]
    fn to_bytes(
        value: &V,
        codec: &codec::Codec,
        times: codec::Times,
    ) -> Result<Vec<u8>, CacheError>;
    #[doc(hidden)]
    fn from_bytes(bytes: &[u8], codec: &codec::Codec) -> Result<codec::Decoded<V>, CacheError>;
}

/// A held value.
#[allow(missing_debug_implementations)]
pub struct Holding(Box<dyn Held>);

impl Holding {
    pub(crate) fn encode(&self) -> Option<Result<Vec<u8>, CacheError>> {
        self.0.encode()
    }
}

/// The form of values that any store can keep.
#[derive(Debug, Clone, Copy)]
pub struct Portable;

/// The form of `local` values.
#[derive(Debug, Clone, Copy)]
pub struct InProcess;

struct WithCodec<V>(V);
struct Bare<V>(V);

impl<V: Serialize + Send + Sync + 'static> Held for WithCodec<V> {
    fn encode(&self) -> Option<Result<Vec<u8>, CacheError>> {
        Some(codec::to_json(&self.0))
    }
}

impl<V: Send + Sync + 'static> Held for Bare<V> {
    fn encode(&self) -> Option<Result<Vec<u8>, CacheError>> {
        None
    }
}

/// Holds a value that can be read back as another type through its JSON text.
pub(crate) fn hold<V: Serialize + Send + Sync + 'static>(value: V) -> Holding {
    Holding(Box::new(WithCodec(value)))
}

/// The held value, if it is of exactly this type.
#[inline]
pub(crate) fn peek<V: 'static>(held: &Holding) -> Option<&V> {
    let any: &dyn Any = &*held.0;
    any.downcast_ref::<WithCodec<V>>().map(|held| &held.0)
}

/// A value of another type than was kept goes through JSON, as it would on any store.
#[cold]
fn reread<V: DeserializeOwned>(held: &Holding) -> Option<V> {
    let json = held.encode()?.ok()?;
    serde_json::from_slice(&json).ok()
}

impl<V: CacheValue> Form<V> for Portable {
    const SHARED: bool = true;

    fn hold(value: V) -> Holding {
        hold(value)
    }

    #[inline]
    fn copy(held: &Holding) -> Option<V> {
        match peek::<V>(held) {
            Some(value) => Some(value.clone()),
            None => reread(held),
        }
    }

    fn survey(value: &V) -> Survey {
        codec::survey(value)
    }

    fn to_bytes(
        value: &V,
        codec: &codec::Codec,
        times: codec::Times,
    ) -> Result<Vec<u8>, CacheError> {
        codec.encode(value, times)
    }

    fn from_bytes(bytes: &[u8], codec: &codec::Codec) -> Result<codec::Decoded<V>, CacheError> {
        codec.decode(bytes)
    }
}

impl<V: LocalValue> Form<V> for InProcess {
    const SHARED: bool = false;

    fn hold(value: V) -> Holding {
        Holding(Box::new(Bare(value)))
    }

    #[inline]
    fn copy(held: &Holding) -> Option<V> {
        let any: &dyn Any = &*held.0;
        any.downcast_ref::<Bare<V>>().map(|held| held.0.clone())
    }

    fn survey(_: &V) -> Survey {
        Survey {
            bytes: size_of::<V>(),
            lossless: true,
            failed: false,
        }
    }

    fn to_bytes(_: &V, _: &codec::Codec, _: codec::Times) -> Result<Vec<u8>, CacheError> {
        Err(codec::local_only())
    }

    fn from_bytes(_: &[u8], _: &codec::Codec) -> Result<codec::Decoded<V>, CacheError> {
        Err(codec::local_only())
    }
}
