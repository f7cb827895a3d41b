//! Looking at one entry without counting a read, and without knowing its type.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use super::handle::Cache;
use super::names;
use crate::clock::NEVER;
use crate::codec;
use crate::error::{CacheError, ErrorKind};
use crate::local::Level;
use crate::mode::Mode;
use crate::store::Ttl;
use crate::target::Target;

/// What one entry looks like from outside; see [`Cache::inspect`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Inspection {
    /// Whether it was found in this process; otherwise it is in the store.
    pub is_local: bool,
    /// How large it is: in process as `max_value_size` counts it, in the store the number of bytes there.
    pub bytes: usize,
    /// How long it is still fresh; [`Ttl::Missing`] if its timeout is over and the store keeps it to be served
    /// stale, or if it is invalid and not yet removed. (In process, an expired entry is not found by its key.)
    pub left: Ttl,
    /// How long the store keeps it, fresh or not; [`Ttl::Missing`] where it cannot tell, and in process.
    pub kept: Ttl,
    /// When its computation began, if the format records that.
    pub created: Option<SystemTime>,
    /// The end of its timeout, past or future, if the format records that; `None` also if it never ends. An
    /// entry whose end is still to come and that has nothing [`left`](Self::left) was invalidated by a tag, a
    /// clear or a delete.
    pub expires: Option<SystemTime>,
    /// Its tags. A tag that cannot be part of a key is given as its hash, after `#:`.
    pub tags: Vec<String>,
    /// How long the function took to compute it, if that is recorded.
    pub cost: Option<Duration>,
    json: Result<String, CacheError>,
}

impl Inspection {
    /// Returns the value as JSON text.
    ///
    /// # Errors
    ///
    /// Kind `Unsupported` for a value that stays in process (`local`), `Decode` for bytes that are no value in
    /// this cache's format.
    pub fn json(&self) -> Result<&str, CacheError> {
        self.json.as_deref().map_err(CacheError::clone)
    }
}

impl Cache {
    /// Returns the entry under `key` as it is, from the store or, without one, from this process: its size, its
    /// age, and its value as JSON whatever its type. Nothing is counted as a hit or a miss. It is meant for
    /// tools, and costs more than a [`get`](Cache::get).
    ///
    /// ```
    /// # futures_executor::block_on(async {
    /// use cache_runtime::{Cache, Ttl};
    ///
    /// let cache = Cache::from_url("memory://")?;
    /// cache.set("pair", &(1, "a".to_owned()), None).await?;
    /// let entry = cache.inspect("pair").await?.unwrap();
    /// assert_eq!(entry.json()?, r#"[1,"a"]"#);
    /// assert_eq!((entry.is_local, entry.left), (true, Ttl::Never));
    /// assert!(cache.inspect("nothing").await?.is_none());
    /// assert_eq!(cache.stats().hits + cache.stats().misses, 0);
    /// # Ok::<(), cache_runtime::CacheError>(()) }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// Any error of the store, or kind `Key`.
    pub async fn inspect(&self, key: &str) -> Result<Option<Inspection>, CacheError> {
        self.op_inspect(Mode::Async, key).await
    }

    pub(super) async fn op_inspect(
        &self,
        mode: Mode,
        key: &str,
    ) -> Result<Option<Inspection>, CacheError> {
        let target = self.target(key)?;
        if let Some(level) = self.home() {
            return Ok(look_in(level, &target));
        }
        look_in_store(mode, &target, names::is_functions(key)).await
    }
}

fn look_in(level: &Level, target: &Target) -> Option<Inspection> {
    level.look(&target.key.lookup(), |entry, now| {
        let expires = entry.life().expires;
        let json = entry.encode().unwrap_or_else(|| Err(codec::local_only()));
        Inspection {
            is_local: true,
            bytes: entry.bytes(),
            left: match expires {
                NEVER => Ttl::Never,
                at if at > now => Ttl::After(Duration::from_millis(at - now)),
                _ => Ttl::Missing,
            },
            kept: Ttl::Missing,
            created: None,
            expires: None,
            tags: entry.marks().tags(),
            cost: Some(entry.cost()).filter(|cost| !cost.is_zero()),
            json: json.and_then(text),
        }
    })
}

async fn look_in_store(
    mode: Mode,
    target: &Target,
    is_functions: bool,
) -> Result<Option<Inspection>, CacheError> {
    let core = target.cache.core();
    let (Some(store), Some(stored_key)) = (core.store(), target.stored_key()) else {
        return Ok(None);
    };
    let failed = |error: CacheError| error.on_key(stored_key);
    let answer = store
        .ask(mode, "inspect", |store| store.get(stored_key))
        .await;
    let Some(sealed) = answer.map_err(failed)? else {
        return Ok(None);
    };
    let size = sealed.len();
    let codec = core.settings.codec();
    let unsealed = core.settings.unseal(stored_key, Cow::Owned(sealed));
    let decoded = unsealed.as_ref().map_err(CacheError::clone);
    let decoded = decoded.and_then(|bytes| codec.decode::<serde_json::Value>(bytes));
    // A store may be unable to tell, and still have it.
    let kept = store.ask(mode, "ttl", |store| store.ttl(stored_key)).await;
    let kept = kept.unwrap_or(Ttl::Missing);
    let left = match &unsealed {
        Ok(_) if is_functions => target.left_in_store(mode).await.unwrap_or(Ttl::Missing),
        _ => kept,
    };
    let times = decoded.as_ref().ok().and_then(|decoded| decoded.times);
    let cost = times.map(|times| Duration::from_micros(times.cost.into()));
    Ok(Some(Inspection {
        is_local: false,
        bytes: size,
        left,
        kept,
        created: times.and_then(|times| at(times.created)),
        expires: times.and_then(|times| at(times.expires)),
        tags: unsealed.map_or_else(|_| Vec::new(), |bytes| codec.tags(&bytes)),
        cost: cost.filter(|cost| !cost.is_zero()),
        json: decoded.map(|decoded| decoded.value.to_string()),
    }))
}

/// Converts milliseconds since 1970; zero means never.
fn at(millis: u64) -> Option<SystemTime> {
    let since = Duration::from_millis(millis);
    SystemTime::UNIX_EPOCH
        .checked_add(since)
        .filter(|_| millis > 0)
}

fn text(json: Vec<u8>) -> Result<String, CacheError> {
    String::from_utf8(json).map_err(|error| {
        CacheError::new(ErrorKind::Decode, "the value's JSON is not UTF-8").with_source(error)
    })
}
