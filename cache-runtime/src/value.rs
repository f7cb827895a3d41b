//! What can be a cached value or part of a key, as traits whose compile errors speak of caching; and how the
//! in-process level holds values of any type.

use std::any::Any;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::codec::{self, Codec, Decoded, Times};
use crate::error::CacheError;
use crate::key::{Survey, survey};
use crate::local::{Draft, Entry, Held};

/// A value that any cache can keep: cloned on an in-process hit, serialized for a shared store.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be cached",
    label = "a cached value must be `Clone + Serialize + DeserializeOwned + Send + Sync + 'static`",
    note = "derive what is missing: `#[derive(Clone, serde::Serialize, serde::Deserialize)]`",
    note = "or keep it in this process only, without serde: `#[cache_result(local, …)]`"
)]
pub trait CacheValue: Clone + Serialize + DeserializeOwned + Send + Sync + 'static {}

impl<T: Clone + Serialize + DeserializeOwned + Send + Sync + 'static> CacheValue for T {}

/// A value that only the in-process level can keep (`local`).
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be cached in process",
    label = "a `local` cached value must be `Clone + Send + Sync + 'static`",
    note = "derive `Clone`, or return an `Arc` of it"
)]
pub trait LocalValue: Clone + Send + Sync + 'static {}

impl<T: Clone + Send + Sync + 'static> LocalValue for T {}

/// An argument that can be part of a key.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a part of a cache key",
    label = "an argument in the key must be `serde::Serialize`",
    note = "derive `serde::Serialize` for it, leave it out with `skip(…)`, or name what identifies it: `key(user.id)`"
)]
pub trait CacheKey: Serialize {}

impl<T: Serialize + ?Sized> CacheKey for T {}

/// How a value is held: with its codec, or without.
#[diagnostic::on_unimplemented(
    message = "`{V}` cannot be cached",
    label = "a cached value must be `Clone + Serialize + DeserializeOwned + Send + Sync + 'static`"
)]
pub trait Form<V: 'static>: Copy + Send + Sync + 'static {
    #[doc(hidden)]
    const HOW: &'static How<V>;
}

/// What can be done with values of one type, its bounds already checked: if a value cannot be
/// cached, that is one error in one place.
#[allow(missing_debug_implementations)]
pub struct How<V> {
    /// Whether values may leave the process.
    pub(crate) is_shared: bool,
    pub(crate) hold: fn(V) -> Draft,
    pub(crate) copy: fn(&Entry) -> Option<V>,
    pub(crate) duplicate: fn(&V) -> V,
    /// Makes a copy for the callers that wait for this value; `unshare` turns it back into a value.
    pub(crate) share: fn(&V) -> Cargo,
    pub(crate) unshare: fn(&Cargo) -> Option<V>,
    pub(crate) survey: fn(&V) -> Survey,
    pub(crate) encode: Encode<V>,
    pub(crate) decode: Decode<V>,
}

type Encode<V> = fn(&V, &Codec, Times) -> Result<Vec<u8>, CacheError>;
type Decode<V> = fn(&[u8], &Codec) -> Result<Decoded<V>, CacheError>;

/// The form of values that any store can keep.
#[derive(Debug, Clone, Copy)]
pub struct Portable;

/// The form of values that are set by hand: integers stay bare, so that a store can do arithmetic on them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ByHand;

/// The form of `local` values.
#[derive(Debug, Clone, Copy)]
pub struct InProcess;

/// What the callers that wait for a value get.
pub(crate) type Cargo = Arc<dyn Any + Send + Sync>;

struct Shared<V>(V);
struct WithCodec<V>(V);
struct Bare<V>(V);

impl<V: Serialize + Send + Sync + 'static> Held for WithCodec<V> {
    // The value's JSON text, for a reader that asks for another type.
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
pub(crate) fn hold<V: Serialize + Send + Sync + 'static>(value: V) -> Draft {
    Draft::new(WithCodec(value))
}

/// Returns the held value, if it is of exactly this type.
#[inline(always)]
pub(crate) fn peek<V: Serialize + Send + Sync + 'static>(held: &Entry) -> Option<&V> {
    held.value::<WithCodec<V>>().map(|held| &held.0)
}

/// Reads a value as another type than it was kept as, through JSON, as on any store.
#[cold]
fn reread<V: DeserializeOwned>(held: &Entry) -> Option<V> {
    let json = held.encode()?.ok()?;
    serde_json::from_slice(&json).ok()
}

impl<V: CacheValue> Form<V> for Portable {
    const HOW: &'static How<V> = &How {
        is_shared: true,
        hold: hold::<V>,
        copy: copy::<V>,
        duplicate: V::clone,
        share: share::<V>,
        unshare: unshare::<V>,
        survey: survey::<V>,
        encode: |value, codec, times| codec.encode(value, times),
        decode: |bytes, codec| codec.decode(bytes),
    };
}

impl<V: CacheValue> Form<V> for ByHand {
    const HOW: &'static How<V> = &How {
        encode: |value, codec, times| codec.encode_plain(value, times),
        ..*<Portable as Form<V>>::HOW
    };
}

impl<V: LocalValue> Form<V> for InProcess {
    const HOW: &'static How<V> = &How {
        is_shared: false,
        hold: |value| Draft::new(Bare(value)),
        copy: copy_bare::<V>,
        duplicate: V::clone,
        share: share::<V>,
        unshare: unshare::<V>,
        survey: |_| Survey {
            bytes: size_of::<V>(),
            lossless: true,
            failed: false,
        },
        encode: |_, _, _| Err(codec::local_only()),
        decode: |_, _| Err(codec::local_only()),
    };
}

#[inline(always)]
pub(crate) fn copy<V: CacheValue>(held: &Entry) -> Option<V> {
    match peek::<V>(held) {
        Some(value) => Some(value.clone()),
        None => reread(held),
    }
}

#[inline]
fn copy_bare<V: LocalValue>(held: &Entry) -> Option<V> {
    held.value::<Bare<V>>().map(|held| held.0.clone())
}

fn share<V: LocalValue>(value: &V) -> Cargo {
    Arc::new(Shared(value.clone()))
}

fn unshare<V: LocalValue>(cargo: &Cargo) -> Option<V> {
    cargo
        .downcast_ref::<Shared<V>>()
        .map(|shared| shared.0.clone())
}
