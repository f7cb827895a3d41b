//! One entry of one cache: where it is, and the only places that read, write and delete it.

mod changing;
mod marks;
mod read;
mod started;
mod write;

use std::sync::Arc;

use crate::cache::Cache;
use crate::cache::space::Binding;
use crate::clock::Clock;
use crate::error::{CacheError, ErrorKind};
use crate::key::call_key::Key;
use crate::key::{self, KeyError, Tree};
use crate::local::{FullKey, Header};
use crate::mode::Mode;
use crate::observe::{Counter, Outcome, Trail};
use crate::policy::Defaults;
use crate::recovery;

pub(crate) use changing::{Changing, StoreChange};
pub(crate) use marks::confirm_many;
pub(crate) use read::Found;
pub(crate) use started::{Started, expiry};
pub(crate) use write::{Cause, Kept, Making};

/// One entry of one cache.
pub(crate) struct Target {
    pub(crate) cache: Cache,
    pub(crate) binding: Arc<Binding>,
    pub(crate) key: FullKey,
    /// The whole key in the store, if there is one.
    stored_key: Option<String>,
}

impl Target {
    /// Returns the entry under a text key.
    pub(crate) fn text(cache: &Cache, key: &str) -> Result<Self, CacheError> {
        let settings = &cache.core().settings;
        let stored_key = settings.make_key(&cache.space().prefix, cache.version_number(), key);
        key::validate(&stored_key).map_err(|error| unusable(error).on_key(key))?;
        let binding = cache.space().text.clone();
        let mut tree = Tree::default();
        tree.push(key).map_err(unusable)?;
        let header = Header {
            binding: binding.id,
            version: cache.version_number(),
        };
        let mut key = FullKey::new(header, tree);
        if cache.core().store().is_some() {
            key = key.stored_as(&stored_key);
        }
        if cache.core().near().is_some() {
            // Copies are not trusted before the news of other processes is heard.
            cache.listen();
        }
        Ok(Self {
            cache: cache.clone(),
            key,
            binding,
            stored_key: Some(stored_key),
        })
    }

    /// Returns the entry of a call in `cache`, if its function may claim the keys there.
    pub(crate) fn function(key: &Key<'_>, cache: &Cache) -> Result<Self, CacheError> {
        let binding = cache.space().bind(key.site);
        if binding.is_collision {
            binding.counters.count(Counter::Collisions);
            return Err(CacheError::new(
                ErrorKind::Collision,
                format!(
                    "another function claims the keys of key_prefix {:?} and name {:?}: give one of them \
                     another `key_prefix` or `name`",
                    key.site.prefix(),
                    key.site.name
                ),
            ));
        }
        if key.site.is_tagged {
            cache.core().markers.note_tagged(binding.id);
        }
        Self::bound(key, cache, binding)
    }

    /// Returns the entry of a call of a function that is bound to `cache`.
    pub(crate) fn bound(
        key: &Key<'_>,
        cache: &Cache,
        binding: Arc<Binding>,
    ) -> Result<Self, CacheError> {
        if let Some(error) = key.tree.error() {
            binding.counters.count(Counter::Errors);
            return Err(unusable(error.clone()));
        }
        let cache = match key.version {
            Some(version) if version.number() != cache.version_number() => {
                cache.with_version(version)
            }
            _ => cache.clone(),
        };
        let header = Header {
            binding: binding.id,
            version: cache.version_number(),
        };
        let mut target = Self {
            key: FullKey::new(header, key.tree.clone()),
            binding,
            cache,
            stored_key: None,
        };
        if target.cache.core().store().is_some() && !key.site.is_local {
            let stored_key = target.whole_key();
            let stored_key = stored_key.inspect_err(|_| target.count(Counter::Errors))?;
            target.key = target.key.stored_as(&stored_key);
            target.stored_key = Some(stored_key);
            target.cache.listen();
        }
        Ok(target)
    }

    /// Returns the whole key, as a store sees it.
    pub(crate) fn whole_key(&self) -> Result<String, CacheError> {
        if let Some(stored_key) = &self.stored_key {
            return Ok(stored_key.clone());
        }
        let name = match self.binding.site {
            Some(site) => self
                .cache
                .function_name(site, &self.key.tree)
                .map_err(unusable)?,
            None => self.key.tree.as_text().unwrap_or_default().to_owned(),
        };
        let whole = self.cache.core().settings.make_key(
            &self.cache.space().prefix,
            self.cache.version_number(),
            &name,
        );
        key::validate(&whole).map_err(|error| unusable(error).on_key(&whole))?;
        Ok(whole)
    }

    pub(crate) fn count(&self, what: Counter) {
        self.binding.counters.count(what);
        if let Some(trail) = self.trail() {
            trail.counted(what);
        }
    }

    /// Counts a read, which may be a hit in process.
    pub(crate) fn count_read(&self, what: Counter) {
        self.binding.counters.count_read(what);
        if let Some(trail) = self.trail() {
            trail.counted(what);
        }
    }

    /// Returns the trace of this call, if there is one.
    #[inline]
    pub(crate) fn trail(&self) -> Option<&Arc<Trail>> {
        self.cache.trail()
    }

    /// Reports the outcome of the call, if no counter does.
    pub(crate) fn came(&self, outcome: Outcome) {
        if let Some(trail) = self.trail() {
            trail.came(outcome);
        }
    }

    /// Counts a failure of the store, and adds what it was about. A value that is too large for it
    /// is no failure.
    pub(crate) fn failed(&self, error: CacheError, stored_key: &str) -> CacheError {
        self.count(if error.kind() == ErrorKind::TooLarge {
            Counter::TooLarge
        } else {
            Counter::Errors
        });
        error.on_key(stored_key)
    }

    /// Makes up for what could not be sent to the store, first of all.
    pub(crate) async fn settle(&self, mode: Mode) -> Result<(), CacheError> {
        let core = self.cache.core();
        if let (Some(store), Some(stored_key)) = (core.store(), &self.stored_key)
            && core.owed.has(stored_key)
        {
            store
                .ask(mode, "delete", |store| store.delete(stored_key))
                .await
                .map_err(|error| self.failed(error, stored_key))?;
            core.owed.paid(stored_key);
        }
        Ok(())
    }

    /// Handles the result of a change to the store: if it failed, what is there must not be served.
    pub(crate) fn settled<T>(
        &self,
        stored_key: &str,
        changed: Result<T, CacheError>,
    ) -> Result<T, CacheError> {
        let owed = &self.cache.core().owed;
        match &changed {
            Ok(_) => owed.paid(stored_key),
            Err(error) if recovery::leaves_it(error) => owed.key(stored_key),
            Err(_) => {}
        }
        changed
    }

    pub(crate) fn clock(&self) -> Clock {
        self.cache.core().settings.clock.clone()
    }

    /// Returns the timeouts that are set outside the code.
    pub(crate) fn defaults(&self) -> Defaults {
        Defaults {
            of_cache: self.cache.core().settings.timeout,
            overridden: self.binding.site.and_then(|site| site.in_force.timeout()),
        }
    }

    pub(crate) fn stored_key(&self) -> Option<&str> {
        self.stored_key.as_deref()
    }
}

pub(crate) fn lossy() -> CacheError {
    CacheError::new(
        ErrorKind::Encode,
        "JSON would change the value (a NaN, an infinity, a Some around None, or map keys that are not text)",
    )
}

pub(crate) fn unusable(error: KeyError) -> CacheError {
    CacheError::new(ErrorKind::Key, format!("the key cannot be used: {error}")).with_source(error)
}
