//! What each operation does to the files.
//!
//! Every change is made under the lock of the key's shard; reads take none.

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::FileConfig;
use super::cull::Culling;
use super::entry::NEVER;
use super::failure;
use super::ledger::{Count, Ledger, remove};
use super::locks::Locks;
use super::names::{self, Name};
use super::reading::{self, Found, now};
use super::writing::Draft;
use crate::clock::end_of;
use crate::clock::millis;
use crate::error::{CacheError, ErrorKind};
use crate::store::Ttl;
use crate::store::counting;
use crate::store::facts::Facts;

/// The folder, as this process sees it.
#[derive(Debug)]
pub(super) struct Folder {
    pub(super) config: FileConfig,
    pub(super) locks: Locks,
    pub(super) culling: Culling,
}

/// A key's place.
pub(super) struct EntryPath<'k> {
    pub(super) key: &'k str,
    pub(super) name: Name,
    /// The shard's.
    pub(super) folder: PathBuf,
    /// The entry's.
    pub(super) path: PathBuf,
    /// Locks are waited for until then.
    pub(super) until: Instant,
}

impl Folder {
    pub(super) fn new(mut config: FileConfig) -> Result<Self, CacheError> {
        // The process may go to another folder later.
        config.root = std::path::absolute(&config.root).map_err(|error| {
            CacheError::new(ErrorKind::Config, "the path of the folder cannot be used")
                .with_source(error)
        })?;
        Ok(Self {
            culling: Culling::new(&config),
            locks: Locks::default(),
            config,
        })
    }

    pub(super) fn root(&self) -> &Path {
        &self.config.root
    }

    pub(super) fn until(&self) -> Instant {
        end_of(self.config.op_timeout)
    }

    pub(super) fn place<'k>(&self, key: &'k str) -> EntryPath<'k> {
        let name = Name::of(key);
        let folder = names::folder(self.root(), name.shard);
        EntryPath {
            key,
            path: name.path(&folder),
            name,
            folder,
            until: self.until(),
        }
    }

    /// Adds the operation and the key to an error.
    fn told<T>(
        &self,
        operation: &'static str,
        key: &str,
        done: io::Result<T>,
    ) -> Result<T, CacheError> {
        done.map_err(|error| {
            failure::describe(self.root(), error)
                .in_operation(operation)
                .on_key(key)
        })
    }

    pub(super) fn get(&self, key: &str) -> Result<Option<Vec<u8>>, CacheError> {
        let place = self.place(key);
        let found = self.find(&place).map(|found| match found {
            Found::Fresh(entry) => Some(entry.value),
            _ => None,
        });
        self.told("get", key, found)
    }

    /// Finds an entry, and removes a useless file.
    fn find(&self, place: &EntryPath<'_>) -> io::Result<Found> {
        let found = reading::find(&place.path, place.key)?;
        if matches!(found, Found::Expired | Found::Strange) {
            // A reader does not wait, and need not know that it cannot be removed.
            let _ = self.remove_if_over(place);
        }
        Ok(found)
    }

    pub(super) fn ttl(&self, key: &str) -> Result<Ttl, CacheError> {
        let found = self.find(&self.place(key)).map(|found| match found {
            Found::Fresh(entry) if entry.expires == NEVER => Ttl::Never,
            Found::Fresh(entry) => {
                Ttl::After(Duration::from_millis(entry.expires.saturating_sub(now())))
            }
            _ => Ttl::Missing,
        });
        self.told("ttl", key, found)
    }

    pub(super) fn set(
        &self,
        key: &str,
        value: &[u8],
        ttl: Option<Duration>,
    ) -> Result<(), CacheError> {
        let place = self.place(key);
        let draft = Draft::new(key, value, expires(ttl));
        if self.culling.never_fits(draft.len()) {
            return self.told("set", key, self.remove_any(&place));
        }
        let done = self.put(&place, &draft, |_| Ok(true));
        if done.is_err() {
            // What could not be replaced is out of date. A full disk still allows removing.
            let _ = self.remove_any(&place);
        }
        self.told("set", key, done.map(drop))
    }

    pub(super) fn add(
        &self,
        key: &str,
        value: &[u8],
        ttl: Option<Duration>,
    ) -> Result<bool, CacheError> {
        let place = self.place(key);
        let is_free = |place: &EntryPath<'_>| {
            let found = reading::find(&place.path, key)?;
            Ok(!matches!(found, Found::Fresh(_)))
        };
        let added = is_free(&place).and_then(|free| {
            let draft = Draft::new(key, value, expires(ttl));
            if !free || self.culling.never_fits(draft.len()) {
                return Ok(free);
            }
            self.put(&place, &draft, is_free)
        });
        self.told("add", key, added)
    }

    pub(super) fn touch(&self, key: &str, ttl: Option<Duration>) -> Result<bool, CacheError> {
        let place = self.place(key);
        // This is usually enough, and creates no folder.
        let touched = self.find(&place).and_then(|found| {
            if !matches!(found, Found::Fresh(_)) {
                return Ok(false);
            }
            self.replace(&place, |place| {
                Ok(match reading::find(&place.path, key)? {
                    Found::Fresh(entry) => (Some((entry.value, expires(ttl))), true),
                    _ => (None, false),
                })
            })
        });
        self.told("touch", key, touched)
    }

    pub(super) fn incr(&self, key: &str, by: i64) -> Result<Option<i64>, CacheError> {
        let place = self.place(key);
        let sum = self.find(&place).and_then(|found| {
            if !matches!(found, Found::Fresh(_)) {
                return Ok(Ok(None));
            }
            self.replace(&place, |place| {
                let Found::Fresh(entry) = reading::find(&place.path, key)? else {
                    return Ok((None, Ok(None)));
                };
                Ok(match sum(&entry.value, by) {
                    Ok(sum) => {
                        let digits = sum.to_string().into_bytes();
                        (Some((digits, entry.expires)), Ok(Some(sum)))
                    }
                    Err(error) => (None, Err(error)),
                })
            })
        });
        self.told("incr", key, sum)?
            .map_err(|error| error.in_operation("incr").on_key(key))
    }

    pub(super) fn delete(&self, key: &str) -> Result<bool, CacheError> {
        let place = self.place(key);
        let was_there = reading::see(&place.path).and_then(|seen| match seen {
            None => Ok(false),
            Some(_) => self.remove(&place, |place| {
                let Some(seen) = reading::see(&place.path)? else {
                    return Ok((false, false));
                };
                let is_over = seen.is_over(now());
                let is_own = seen.entry.is_none_or(|(found, _)| found == key);
                Ok((is_own, is_own && !is_over))
            }),
        });
        self.told("delete", key, was_there)
    }

    pub(super) fn delete_if(&self, key: &str, value: &[u8]) -> Result<bool, CacheError> {
        let place = self.place(key);
        let removed = self.find(&place).and_then(|found| {
            if !matches!(found, Found::Fresh(_)) {
                return Ok(false);
            }
            self.remove(&place, |place| {
                let found = reading::find(&place.path, key)?;
                let is_it = matches!(&found, Found::Fresh(entry) if entry.value == value);
                Ok((is_it, is_it))
            })
        });
        self.told("delete_if", key, removed)
    }

    pub(super) fn get_many(&self, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, CacheError> {
        keys.iter().map(|key| self.get(key)).collect()
    }

    /// Returns the positions of those that failed.
    pub(super) fn set_many(
        &self,
        items: &[(String, Vec<u8>)],
        ttl: Option<Duration>,
    ) -> Vec<usize> {
        let items = items.iter().enumerate();
        let failed = items.filter(|(_, (key, value))| self.set(key, value, ttl).is_err());
        failed.map(|(at, _)| at).collect()
    }

    pub(super) fn delete_many(&self, keys: &[String]) -> Result<u64, CacheError> {
        let mut count = 0;
        for key in keys {
            count += u64::from(self.delete(key)?);
        }
        Ok(count)
    }

    /// Checks that entries can be written.
    pub(super) fn ping(&self) -> Result<(), CacheError> {
        let done = self.try_writing(&self.place("ping"));
        done.map_err(|error| failure::describe(self.root(), error).in_operation("ping"))
    }

    /// Returns what the ledger says. A missing folder is not created.
    pub(super) fn facts(&self) -> Result<Facts, CacheError> {
        let mut facts = Facts {
            entries: Some(0),
            bytes: Some(0),
            max_bytes: self.config.max_bytes.map(|most| most as u64),
            ..Facts::default()
        };
        match self.root().try_exists() {
            Ok(false) => return Ok(facts),
            Ok(true) => {}
            Err(error) => return Err(failure::describe(self.root(), error)),
        }
        let ledger = Ledger::open(self.root());
        let ledger = ledger.map_err(|error| failure::describe(self.root(), error))?;
        let counts = (0..=u8::MAX).map(|shard| ledger.counts.of(shard));
        let sum = counts.fold(Count::default(), Count::plus);
        (facts.entries, facts.bytes) = (Some(sum.entries), Some(sum.bytes));
        Ok(facts)
    }

    /// Removes the entry if it is still of no use, and nobody writes there now.
    pub(super) fn remove_if_over(&self, place: &EntryPath<'_>) -> io::Result<bool> {
        let at_once = EntryPath {
            until: Instant::now(),
            name: place.name.clone(),
            folder: place.folder.clone(),
            path: place.path.clone(),
            ..*place
        };
        self.remove(&at_once, |place| {
            let found = reading::find(&place.path, place.key)?;
            let is_over = matches!(found, Found::Expired | Found::Strange);
            Ok((is_over, is_over))
        })
    }

    /// Removes the file, whatever is in it.
    fn remove_any(&self, place: &EntryPath<'_>) -> io::Result<()> {
        if place.path.symlink_metadata().is_err() {
            return Ok(());
        }
        self.remove(place, |_| Ok((true, ()))).map(drop)
    }

    /// Removes the file if `may` allows it, which is called while nobody else writes there; returns its answer.
    fn remove<T: Default>(
        &self,
        place: &EntryPath<'_>,
        may: impl Fn(&EntryPath<'_>) -> io::Result<(bool, T)>,
    ) -> io::Result<T> {
        let shard = place.name.shard;
        let held = match self.locks.lock(shard, &place.folder, place.until) {
            // Gone with its folder.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(T::default()),
            held => held?,
        };
        let (may, answer) = may(place)?;
        if may && let Ok(metadata) = place.path.symlink_metadata() {
            remove(&place.path)?;
            // If this fails, the number is too high.
            let _ = Ledger::open(self.root()).and_then(|ledger| {
                ledger.change(shard, |count| count.minus(Count::one(metadata.len())))
            });
        }
        drop(held);
        Ok(answer)
    }
}

fn expires(ttl: Option<Duration>) -> u64 {
    // The longest life is not for ever.
    ttl.map_or(NEVER, |ttl| {
        now().saturating_add(millis(ttl)).min(NEVER - 1)
    })
}

fn sum(digits: &[u8], by: i64) -> Result<i64, CacheError> {
    let number: i64 = std::str::from_utf8(digits)
        .ok()
        .and_then(|digits| digits.parse().ok())
        .ok_or_else(counting::not_an_integer)?;
    counting::sum(number, by)
}
