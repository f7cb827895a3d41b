//! Caches by alias: set by the program, or found in the environment at first use.
//!
//! A hit reads the cache of its alias from the thread's own copy. The copies are thrown away when
//! an alias changes, which one number tells.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::cache::Cache;
use crate::error::{CacheError, ErrorKind};
use crate::site::Site;
use crate::sync::lock;

/// The caches of this process by alias.
///
/// ```
/// use cache_runtime::{Cache, caches};
///
/// caches().set("sessions", Cache::from_url("memory://?timeout=60")?)?;
/// let sessions = caches().get("sessions")?;
/// assert!(caches().get("no_such_alias").is_err());
/// # Ok::<(), cache_runtime::CacheError>(())
/// ```
#[must_use]
pub fn caches() -> Caches {
    Caches(())
}

/// See [`caches`].
#[derive(Debug, Clone, Copy)]
pub struct Caches(());

type Found = Result<Cache, CacheError>;

#[derive(Default)]
struct Aliases {
    numbers: HashMap<String, usize>,
    found: Vec<Option<Found>>,
}

static ALIASES: Mutex<Option<Aliases>> = Mutex::new(None);
static GENERATION: AtomicU64 = AtomicU64::new(0);

thread_local! {
    static MINE: RefCell<Mine> = const { RefCell::new(Mine { generation: 0, caches: Vec::new() }) };
}

struct Mine {
    generation: u64,
    caches: Vec<Option<Cache>>,
}

impl Caches {
    /// Gives `alias` this cache, in place of what it had. Functions use it from their next call.
    ///
    /// # Errors
    ///
    /// Kind `Config` if the alias is empty or has other characters than letters, digits, `_`, `-`
    /// and `.`.
    pub fn set(self, alias: &str, cache: Cache) -> Result<(), CacheError> {
        check(alias)?;
        with(|aliases| {
            let number = aliases.number(alias);
            aliases.found[number] = Some(Ok(cache));
        });
        GENERATION.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    /// The cache of `alias`: the one that was set, else the one that `CACHE_URL` (for `default`)
    /// or `CACHE_URL_<ALIAS>` in the environment says, else, for `default`, one in process.
    ///
    /// # Errors
    ///
    /// Kind `UnknownCache`, or what is wrong with the URL.
    pub fn get(self, alias: &str) -> Result<Cache, CacheError> {
        with(|aliases| {
            let number = aliases.number(alias);
            aliases.get(number, alias)
        })
    }

    /// The aliases that have a cache, sorted.
    #[must_use]
    pub fn aliases(self) -> Vec<String> {
        let mut names: Vec<String> = with(|aliases| {
            let has_cache = |number: &usize| matches!(aliases.found[*number], Some(Ok(_)));
            aliases
                .numbers
                .iter()
                .filter(|(_, number)| has_cache(number))
                .map(|(alias, _)| alias.clone())
                .collect()
        });
        names.sort();
        names
    }
}

impl Aliases {
    fn number(&mut self, alias: &str) -> usize {
        if let Some(number) = self.numbers.get(alias) {
            return *number;
        }
        let number = self.found.len();
        self.found.push(None);
        self.numbers.insert(alias.to_owned(), number);
        number
    }

    fn get(&mut self, number: usize, alias: &str) -> Found {
        self.found[number]
            .get_or_insert_with(|| from_environment(alias))
            .clone()
    }
}

fn with<T>(f: impl FnOnce(&mut Aliases) -> T) -> T {
    f(lock(&ALIASES).get_or_insert_default())
}

fn check(alias: &str) -> Result<(), CacheError> {
    let is_fine = |c: char| c.is_alphanumeric() || "_-.".contains(c);
    if alias.is_empty() || !alias.chars().all(is_fine) {
        return Err(CacheError::new(
            ErrorKind::Config,
            format!("{alias:?} cannot be an alias: use letters, digits, `_`, `-` and `.`"),
        ));
    }
    Ok(())
}

fn from_environment(alias: &str) -> Found {
    let variable = variable_of(alias);
    match std::env::var(&variable) {
        Ok(url) if !url.trim().is_empty() => Cache::from_url(url.trim()).map_err(|error| {
            CacheError::new(ErrorKind::Config, format!("{variable}: {error}")).with_source(error)
        }),
        _ if alias == "default" => Cache::from_url("memory://"),
        _ => Err(CacheError::new(
            ErrorKind::UnknownCache,
            format!(
                "no cache has the alias {alias:?}: set it with \
                 caches().set({alias:?}, …), or {variable} in the environment"
            ),
        )),
    }
}

fn variable_of(alias: &str) -> String {
    if alias == "default" {
        return "CACHE_URL".to_owned();
    }
    let alias: String = alias
        .chars()
        .map(|c| {
            if c.is_alphanumeric() {
                c.to_ascii_uppercase()
            } else {
                '_'
            }
        })
        .collect();
    format!("CACHE_URL_{alias}")
}

/// What `f` makes of the cache of this function's alias, as this thread knows it; `None` if it
/// does not know it yet.
#[inline]
pub(crate) fn with_cache<T>(site: &'static Site, f: impl FnOnce(&Cache) -> T) -> Option<T> {
    let number = *site.alias_number.get()?;
    MINE.try_with(|mine| {
        let mine = mine.try_borrow().ok()?;
        if mine.generation != GENERATION.load(Ordering::Relaxed) {
            return None;
        }
        mine.caches.get(number)?.as_ref().map(f)
    })
    .ok()?
}

/// The cache of this function's alias; this thread knows it from then on.
pub(crate) fn cache_of(site: &'static Site) -> Result<Cache, CacheError> {
    // Read before the alias is, so that a change in between makes the copy an old one.
    let generation = GENERATION.load(Ordering::SeqCst);
    let (number, cache) = with(|aliases| {
        let number = aliases.number(site.alias);
        (number, aliases.get(number, site.alias))
    });
    let cache = cache?;
    let _ = site.alias_number.set(number);
    // Where a value's `clone` is running under the copy, it stays as it is.
    let _ = MINE.try_with(|mine| {
        if let Ok(mut mine) = mine.try_borrow_mut() {
            if mine.generation != generation {
                mine.caches.clear();
                mine.generation = generation;
            }
            if mine.caches.len() <= number {
                mine.caches.resize(number + 1, None);
            }
            mine.caches[number] = Some(cache.clone());
        }
    });
    Ok(cache)
}

#[cfg(test)]
mod tests {
    use super::variable_of;

    #[test]
    fn an_alias_has_a_variable() {
        assert_eq!(variable_of("default"), "CACHE_URL");
        assert_eq!(variable_of("sessions"), "CACHE_URL_SESSIONS");
        assert_eq!(variable_of("page-cache.v2"), "CACHE_URL_PAGE_CACHE_V2");
    }
}
