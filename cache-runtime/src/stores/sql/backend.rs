//! The operations of the store.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::attempt::attempt;
use super::batches::{DeleteMany, GetMany, SetMany};
use super::callers::Callers;
use super::config::SqlConfig;
use super::dialect::{self, Dialect};
use super::facts::Look;
use super::growth::Growth;
#[cfg(feature = "postgres")]
use super::listening::Listening;
use super::operations::{
    Add, Create, Delete, DeleteIf, DeleteSome, Get, Incr, Left, Operation, Page, Ping, Set, Touch,
};
use super::pool::Pool;
use super::table::Table;
use super::tend;
use super::texts::Texts;
use super::unless::SetUnless;
use crate::error::{CacheError, ErrorKind};
use crate::markers::tombstone::Unless;
use crate::store::facts::Facts;
use crate::store::{Capabilities, Store, StoreFuture, Ttl};
use crate::stores::answer;
use crate::tools::glob::Glob;

/// The longest key, in bytes.
const LONGEST_KEY: usize = 1_024;

/// How many rows are listed, or cleared, by one statement.
const PAGE: usize = 1_000;

/// A table of a SQL database as a [`Store`].
///
/// The table is created when it is first found missing, or by [`Store::prepare`]. Expiry follows the
/// database's clock. Every operation is one statement, or equivalent to one: `incr` writes only if
/// nobody has written since it read, `set_many` of more than 1,000 rows is several statements, and
/// `set_unless` is a transaction of three messages.
///
/// Each tokio runtime has connections of its own; callers on other executors, and all that block,
/// are served by a thread of this crate. The connections to a SQLite file are shared.
///
/// An operation, including connecting, takes at most `op_timeout`; listing and clearing take up to that long
/// for each 1,000 rows.
pub struct SqlStore {
    shared: Arc<Shared>,
    /// The same store for callers that block; in that one, `None`.
    blocking: Option<Box<SqlStore>>,
}

/// What both have.
pub(super) struct Shared {
    pub(super) callers: Callers,
    #[cfg(feature = "postgres")]
    listening: Option<Listening>,
    dialect: &'static Dialect,
    pub(super) texts: Texts,
    pub(super) growth: Growth,
}

impl SqlStore {
    /// Returns a store in the table that `config` describes. Does not connect.
    ///
    /// # Errors
    ///
    /// Kind `Config` if the name of the table is invalid.
    pub fn new(config: SqlConfig) -> Result<Self, CacheError> {
        let dialect = dialect::of(&config.database);
        let shared = Arc::new(Shared {
            dialect,
            texts: Texts::new(dialect, &Table::new(&config.table)?),
            growth: Growth::new(&config),
            #[cfg(feature = "postgres")]
            listening: Listening::new(&config),
            callers: Callers::new(config),
        });
        let blocking = Self {
            shared: Arc::clone(&shared),
            blocking: None,
        };
        Ok(Self {
            shared,
            blocking: Some(Box::new(blocking)),
        })
    }

    /// Creates the table and its index if they are missing. May be repeated, also from many
    /// processes at once.
    ///
    /// # Errors
    ///
    /// Kind `Store` if the database does not allow it.
    pub async fn create_table(&self) -> Result<(), CacheError> {
        self.prepare().await
    }

    /// Returns the answer to the operation, within its time limit.
    pub(super) async fn ask<O: Operation>(&self, operation: O) -> Result<O::Answer, CacheError> {
        let shared = Arc::clone(&self.shared);
        let job = |pool: Arc<Pool>, deadline| async move {
            let answer = attempt(&pool, &shared.texts, &operation, deadline).await?;
            if let Some((rows, key)) = operation.added(&answer) {
                tend::written(&shared, &pool, rows, key, deadline).await;
            }
            Ok(answer)
        };
        self.shared.callers.run(self.blocking.is_none(), job).await
    }

    /// Returns how to listen to other processes, if the database supports that.
    #[cfg(feature = "postgres")]
    pub(super) fn listening(&self) -> Option<&Listening> {
        self.shared.listening.as_ref()
    }

    /// Runs an operation about one key.
    fn about<'a, O: Operation>(
        &'a self,
        name: &'static str,
        key: &'a str,
        operation: impl FnOnce(String) -> O + Send + 'a,
    ) -> StoreFuture<'a, O::Answer> {
        answer::about(name, key, async move {
            check(key)?;
            self.ask(operation(key.to_owned())).await
        })
    }
}

fn check(key: &str) -> Result<(), CacheError> {
    if key.len() <= LONGEST_KEY {
        return Ok(());
    }
    let text = format!("a key has at most {LONGEST_KEY} bytes in a SQL database");
    Err(CacheError::new(ErrorKind::Key, text).on_key(key))
}

fn check_all<'a>(mut keys: impl Iterator<Item = &'a String>) -> Result<(), CacheError> {
    keys.try_for_each(|key| check(key))
}

/// Returns whole milliseconds, rounded up: nothing expires early, and a fraction is not "at once". Kept below
/// the point where the database, adding it to the current time, would overflow.
fn life(ttl: Option<Duration>) -> Option<i64> {
    const MOST: i64 = i64::MAX / 2;
    let milliseconds = ttl?.as_nanos().div_ceil(1_000_000);
    Some(i64::try_from(milliseconds).map_or(MOST, |ms| ms.clamp(1, MOST)))
}

/// Returns the first key after all that start with `prefix`.
fn after(prefix: &str) -> String {
    let mut rest = prefix.chars();
    while let Some(last) = rest.next_back() {
        if let Some(next) = (last..=char::MAX).nth(1) {
            let mut after = rest.as_str().to_owned();
            after.push(next);
            return after;
        }
    }
    // Longer than any key, and made of the last character there is.
    char::MAX.to_string().repeat(LONGEST_KEY)
}

impl Store for SqlStore {
    fn name(&self) -> &'static str {
        self.shared.dialect.name
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            atomic_add: true,
            atomic_delete_if: true,
            atomic_set_unless: true,
            atomic_incr: true,
            list_keys: true,
            batch: true,
            time_limits: true,
            ..Capabilities::default()
        }
    }

    fn get<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Vec<u8>>> {
        self.about("get", key, |key| Get { key })
    }

    fn set<'a>(
        &'a self,
        key: &'a str,
        value: &'a [u8],
        ttl: Option<Duration>,
    ) -> StoreFuture<'a, ()> {
        self.about("set", key, move |key| Set {
            key,
            value: value.to_vec(),
            life: life(ttl),
        })
    }

    fn delete<'a>(&'a self, key: &'a str) -> StoreFuture<'a, bool> {
        self.about("delete", key, |key| Delete { key })
    }

    fn add<'a>(
        &'a self,
        key: &'a str,
        value: &'a [u8],
        ttl: Option<Duration>,
    ) -> StoreFuture<'a, bool> {
        self.about("add", key, move |key| {
            Add(Set {
                key,
                value: value.to_vec(),
                life: life(ttl),
            })
        })
    }

    fn touch<'a>(&'a self, key: &'a str, ttl: Option<Duration>) -> StoreFuture<'a, bool> {
        let life = life(ttl);
        self.about("touch", key, move |key| Touch { key, life })
    }

    fn delete_if<'a>(&'a self, key: &'a str, value: &'a [u8]) -> StoreFuture<'a, bool> {
        self.about("delete_if", key, move |key| DeleteIf {
            key,
            value: value.to_vec(),
        })
    }

    fn set_unless<'a>(
        &'a self,
        key: &'a str,
        value: &'a [u8],
        ttl: Option<Duration>,
        unless: Unless<'a>,
    ) -> StoreFuture<'a, bool> {
        if let Err(error) = check(unless.key) {
            return answer::ready(Err(error.in_operation("set_unless")));
        }
        self.about("set_unless", key, move |key| {
            let set = Set {
                key,
                value: value.to_vec(),
                life: life(ttl),
            };
            SetUnless::new(set, unless)
        })
    }

    fn ttl<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Ttl> {
        self.about("ttl", key, |key| Left { key })
    }

    fn incr<'a>(&'a self, key: &'a str, by: i64) -> StoreFuture<'a, Option<i64>> {
        self.about("incr", key, move |key| Incr { key, by })
    }

    fn get_many<'a>(&'a self, keys: &'a [String]) -> StoreFuture<'a, Vec<Option<Vec<u8>>>> {
        if keys.is_empty() {
            return answer::ready(Ok(Vec::new()));
        }
        answer::during("get_many", async move {
            check_all(keys.iter())?;
            let keys = keys.to_vec();
            self.ask(GetMany { keys }).await
        })
    }

    fn set_many<'a>(
        &'a self,
        items: &'a [(String, Vec<u8>)],
        ttl: Option<Duration>,
    ) -> StoreFuture<'a, Vec<usize>> {
        if items.is_empty() {
            return answer::ready(Ok(Vec::new()));
        }
        answer::during("set_many", async move {
            check_all(items.iter().map(|(key, _)| key))?;
            let (items, life) = (items.to_vec(), life(ttl));
            self.ask(SetMany { items, life }).await
        })
    }

    fn delete_many<'a>(&'a self, keys: &'a [String]) -> StoreFuture<'a, u64> {
        if keys.is_empty() {
            return answer::ready(Ok(0));
        }
        answer::during("delete_many", async move {
            check_all(keys.iter())?;
            let keys = keys.to_vec();
            self.ask(DeleteMany { keys }).await
        })
    }

    fn keys<'a>(&'a self, prefix: &'a str, pattern: &'a str) -> StoreFuture<'a, Vec<String>> {
        answer::during("keys", async move {
            let glob = Glob::new(pattern);
            let (mut from, before) = (prefix.to_owned(), after(prefix));
            let mut found = Vec::new();
            loop {
                let page = Page {
                    from,
                    before: before.clone(),
                    most: PAGE as i64,
                };
                let page = self.ask(page).await?;
                let is_last = page.len() < PAGE;
                // The next page begins with the first key that may follow the last one.
                from = match page.last().map(|key| String::from_utf8_lossy(key)) {
                    Some(last) if !is_last => format!("{last}\0"),
                    _ => String::new(),
                };
                // A key that is not text does not belong to this cache.
                let keys = page
                    .into_iter()
                    .filter_map(|key| String::from_utf8(key).ok());
                found.extend(keys.filter(|key| {
                    let rest = key.strip_prefix(prefix);
                    rest.is_some_and(|rest| glob.matches(rest))
                }));
                if is_last {
                    return Ok(found);
                }
            }
        })
    }

    fn clear<'a>(&'a self, prefix: &'a str) -> StoreFuture<'a, ()> {
        answer::during("clear", async move {
            loop {
                let some = DeleteSome {
                    text: |texts| &texts.clear,
                    keys: vec![prefix.to_owned(), after(prefix)],
                    most: PAGE as i64,
                };
                // Not "fewer than a page": of the chosen rows, one that was written meanwhile
                // stays.
                if self.ask(some).await? == 0 {
                    return Ok(());
                }
            }
        })
    }

    fn ping(&self) -> StoreFuture<'_, ()> {
        answer::during("ping", self.ask(Ping))
    }

    fn prepare(&self) -> StoreFuture<'_, ()> {
        answer::during("prepare", self.ask(Create))
    }

    fn facts(&self) -> StoreFuture<'_, Facts> {
        answer::during("facts", self.ask(Look))
    }

    fn close(&self) -> StoreFuture<'_, ()> {
        Box::pin(async move {
            let shared = Arc::clone(&self.shared);
            let job = |_, _| async move {
                shared.callers.close().await;
                Ok(())
            };
            self.shared.callers.run(self.blocking.is_none(), job).await
        })
    }

    #[cfg(feature = "postgres")]
    fn backplane(&self) -> Option<&dyn crate::store::backplane::Backplane> {
        let carries_news = self.blocking.is_some() && self.listening().is_some();
        carries_news.then_some(self)
    }

    fn blocking(&self) -> Option<&dyn Store> {
        self.blocking.as_deref().map(|store| store as &dyn Store)
    }
}

impl fmt::Debug for SqlStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqlStore")
            .field("database", &self.name())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_after_a_prefix() {
        for (prefix, next) in [
            ("app:1:", "app:1;"),
            ("a\u{d7ff}", "a\u{e000}"),
            ("a\u{10ffff}", "b"),
            ("ä", "å"),
            ("a\u{10ffff}\u{10ffff}", "b"),
        ] {
            assert_eq!(after(prefix), next);
            assert!(prefix < next);
        }
        for prefix in ["", "\u{10ffff}"] {
            assert!(after(prefix) > "\u{10ffff}".repeat(LONGEST_KEY / 4));
        }
    }

    #[test]
    fn times_are_rounded_up_and_bounded() {
        for (ttl, expected) in [
            (Duration::ZERO, 1),
            (Duration::from_nanos(1), 1),
            (Duration::from_micros(1_500), 2),
            (Duration::from_millis(2), 2),
            (Duration::MAX, i64::MAX / 2),
        ] {
            assert_eq!(life(Some(ttl)), Some(expected), "{ttl:?}");
        }
        assert_eq!(life(None), None);
    }
}
