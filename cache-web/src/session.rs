//! Sessions of tower-sessions on any cache, alone or in front of a database (feature `sessions`).
//!
//! ```
//! use cache_runtime::Cache;
//! use cache_web::session::CacheStore;
//! use tower_sessions_core::{Session, SessionStore};
//! use std::sync::Arc;
//!
//! # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
//! # runtime.block_on(async {
//! let cache = Cache::from_url("memory://?key_prefix=shop")?;
//! let store = Arc::new(CacheStore::new(cache));
//! // In a service: .layer(tower_sessions::SessionManagerLayer::new(store))
//!
//! let session = Session::new(None, store.clone(), None);
//! session.insert("user", 7).await?;
//! session.save().await?;
//! let anonymous = session.id().expect("it is saved");
//!
//! session.cycle_id().await?; // at login: who knew the old id knows nothing now
//! session.save().await?;
//! assert!(store.load(&anonymous).await?.is_none());
//! # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
//! ```
//!
//! These guarantees hold on every store:
//!
//! - A new session never takes an id that another has (`add`).
//! - A cache that cannot be reached is an error, never an empty session and never another person's: a request
//!   that needs its session fails, the others do not notice.
//! - A save does not bring back a session that is gone: it is an error, like Django's `UpdateError`. A logout
//!   during the save wins as well.
//! - A session ends at its `expiry_date`, whether or not the cache keeps it longer.
//!
//! [`CacheStore`] is Django's `sessions.backends.cache`: a session lives as long as the cache keeps it.
//! [`CachedDbStore`] is `cached_db`: it lives in a database, and is read through the cache.

mod cache_store;
mod cached_db;
mod place;
mod record;

pub use cache_store::CacheStore;
pub use cached_db::CachedDbStore;
