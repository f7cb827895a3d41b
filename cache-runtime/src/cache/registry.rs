//! Caches by alias: set by the program, or found in the environment at first use.
//!
//! A function's alias never changes. Its calls take a direct path of their own (`call/hit.rs`), resolved when it
//! first met the alias's cache, and closed here when another cache replaces that one.

use std::collections::HashMap;
use std::env::VarError;
use std::sync::Mutex;

use crate::cache::Cache;
use crate::call::hit::Direct;
use crate::context;
use crate::error::{CacheError, ErrorKind};
use crate::observe::{Before, CacheReport};
use crate::reclaim::Retired;
use crate::site::Site;
use crate::sync::lock;
use crate::tools::suggest::did_you_mean;

/// Returns the caches of this process, by alias.
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

/// The caches of this process; see [`caches`].
#[derive(Debug, Clone, Copy)]
pub struct Caches(());

type Opened = Result<Cache, CacheError>;

/// One alias and its cache.
pub(crate) struct Alias {
    name: String,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The cache that was set, or the result of looking into the environment.
    opened: Option<Opened>,
    /// The functions that have a direct path to it.
    sites: Vec<&'static Site>,
    before: Before,
}

// Aliases are never dropped: functions hold on to them.
static ALIASES: Mutex<Option<HashMap<String, &'static Alias>>> = Mutex::new(None);

impl Caches {
    /// Gives `alias` this cache, in place of its previous one. Functions use it from their next call.
    ///
    /// # Errors
    ///
    /// Kind `Config` if the alias is empty or has characters other than letters, digits, `_`, `-`
    /// and `.`.
    pub fn set(self, alias: &str, cache: Cache) -> Result<(), CacheError> {
        check(alias)?;
        let before = alias_named(alias).put(Ok(cache));
        // Its destructor may do anything.
        drop(before);
        Ok(())
    }

    /// Returns the cache of `alias`: the one that was set, or else the one named by `CACHE_URL` (for
    /// `default`) or `CACHE_URL_<ALIAS>` in the environment, or else, for `default`, one in process.
    ///
    /// # Errors
    ///
    /// Kind `UnknownCache`, or the error in the URL.
    pub fn get(self, alias: &str) -> Result<Cache, CacheError> {
        alias_named(alias).get()
    }

    /// Returns the name of the environment variable that may hold the URL of `alias`.
    ///
    /// ```
    /// use cache_runtime::caches;
    ///
    /// assert_eq!(caches().variable("default"), "CACHE_URL");
    /// assert_eq!(caches().variable("page-cache"), "CACHE_URL_PAGE_CACHE");
    /// ```
    #[must_use]
    pub fn variable(self, alias: &str) -> String {
        variable_of(alias)
    }

    /// Returns a report of the cache of each alias, by alias, including those that could not be opened. It
    /// lists no alias that has not been asked for yet, and no cache without an alias.
    #[must_use]
    pub fn reports(self) -> Vec<CacheReport> {
        let aliases: Vec<&Alias> = {
            let aliases = lock(&ALIASES);
            let all = aliases.iter().flat_map(HashMap::values);
            all.copied().collect()
        };
        let mut reports: Vec<_> = aliases.into_iter().filter_map(Alias::report).collect();
        reports.sort_by(|one, other| one.alias.cmp(&other.alias));
        reports
    }

    /// Returns the aliases that have a cache, sorted.
    #[must_use]
    pub fn aliases(self) -> Vec<String> {
        let aliases = lock(&ALIASES);
        let has_cache = |alias: &&&Alias| matches!(lock(&alias.state).opened, Some(Ok(_)));
        let set = aliases.iter().flat_map(HashMap::values).filter(has_cache);
        let mut names: Vec<String> = set.map(|alias| alias.name.clone()).collect();
        names.sort();
        names
    }
}

impl Alias {
    fn get(&self) -> Opened {
        if let Some(opened) = &lock(&self.state).opened {
            return opened.clone();
        }
        // Not under the lock: opening a user's own store may ask for another cache.
        let opened = from_environment(&self.name);
        lock(&self.state).opened.get_or_insert(opened).clone()
    }

    fn report(&self) -> Option<CacheReport> {
        // Both of the same moment, so that nothing is counted with the cache and with its predecessor.
        let (opened, before) = {
            let state = lock(&self.state);
            (state.opened.clone()?, state.before.clone())
        };
        let mut report = match opened {
            Ok(cache) => CacheReport::of(&self.name, &cache),
            Err(error) => CacheReport::failed(&self.name, &error),
        };
        report.before = before.of(report.store);
        Some(report)
    }

    /// Replaces what was there with `new`, and returns it to the caller.
    fn put(&self, new: Opened) -> (Option<Opened>, Vec<Retired<Direct>>) {
        let report = |cache| CacheReport::of(&self.name, cache);
        // In this order: if both are one cache, none of its counts is lost meanwhile.
        let begun = new.as_ref().ok().map(report);
        let mut state = lock(&self.state);
        let ended = state
            .opened
            .as_ref()
            .and_then(|old| old.as_ref().ok())
            .map(report);
        if let Some(ended) = ended {
            state.before.ended(&ended);
            // The first cache of an alias brings along what it has counted.
            if let Some(begun) = begun {
                state.before.begun(&begun);
            }
        }
        let opened = state.opened.replace(new);
        let sites = std::mem::take(&mut state.sites);
        let ways = sites.iter().flat_map(|site| site.direct.set(None));
        (opened, ways.collect())
    }
}

fn alias_named(name: &str) -> &'static Alias {
    let mut aliases = lock(&ALIASES);
    let aliases = aliases.get_or_insert_default();
    if let Some(alias) = aliases.get(name) {
        return alias;
    }
    let alias = Box::leak(Box::new(Alias {
        name: name.to_owned(),
        state: Mutex::default(),
    }));
    aliases.insert(name.to_owned(), alias);
    alias
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

fn from_environment(alias: &str) -> Opened {
    let variable = variable_of(alias);
    match std::env::var(&variable) {
        // The value may be a password.
        Err(VarError::NotUnicode(_)) => Err(CacheError::new(
            ErrorKind::Config,
            format!("{variable}: it must be text in UTF-8"),
        )),
        Ok(url) if !url.trim().is_empty() => Cache::from_url(url.trim()).map_err(|error| {
            CacheError::new(ErrorKind::Config, format!("{variable}: {error}")).with_source(error)
        }),
        _ if alias == "default" => {
            if let Some(mistyped) = mistyped(&variable) {
                tracing::warn!(
                    "{mistyped} in the environment says nothing, {variable} would; the default cache is in process",
                );
            }
            Cache::from_url("memory://")
        }
        _ => {
            let known = caches().aliases();
            let hint = did_you_mean(alias, known.iter().map(String::as_str), str::to_owned);
            Err(CacheError::new(
                ErrorKind::UnknownCache,
                format!(
                    "no cache has the alias {alias:?}: {hint}set it with \
                     caches().set({alias:?}, …), or {variable} in the environment"
                ),
            ))
        }
    }
}

/// Returns a variable that is set and differs from this one only in capitals, `_`, an S, or an I for the L.
fn mistyped(variable: &str) -> Option<String> {
    let plain = |name: &str| name.replace(['_', '-'], "").to_ascii_uppercase();
    let meant = plain(variable);
    let near = [
        meant.clone(),
        format!("{meant}S"),
        meant.replace("URL", "URI"),
    ];
    let mut names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    let is_an_alias = |name: &str| name.starts_with("CACHE_URL_");
    names.find(|name| name != variable && !is_an_alias(name) && near.contains(&plain(name)))
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

/// Returns the cache of this function's alias, or the one that replaces all of them in this scope.
pub(crate) fn cache_of(site: &Site) -> Opened {
    if let Some(cache) = context::cache() {
        return Ok(cache);
    }
    alias_of(site).get()
}

fn alias_of(site: &Site) -> &'static Alias {
    site.alias_of.get_or_init(|| alias_named(site.alias))
}

/// Makes the calls of `site` take this path from now on, if `cache` still is the one of its alias.
pub(crate) fn open_way(site: &'static Site, cache: &Cache, way: Direct) {
    let Some(alias) = site.alias_of.get() else {
        return;
    };
    let mut state = lock(&alias.state);
    let is_current = matches!(&state.opened, Some(Ok(current)) if current.is(cache));
    let mut freed = Vec::new();
    if is_current && site.direct.is_empty() && !site.is_closed() {
        freed = site.direct.set(Some(way));
        state.sites.push(site);
    }
    // Dropping a path may drop its cache, whose destructor may do anything.
    drop(state);
    drop(freed);
}

/// Makes the calls of `site` take the long path from now on, until a direct one is opened again. The previous
/// one is returned to the caller.
pub(crate) fn close_way(site: &'static Site) -> Vec<Retired<Direct>> {
    // Also if none was ever open: whoever opens the first one meanwhile sees under this lock that it is closed.
    let mut state = lock(&alias_of(site).state);
    state.sites.retain(|open| !std::ptr::eq(*open, site));
    site.direct.set(None)
}

#[cfg(test)]
mod tests {
    use super::{mistyped, variable_of};

    #[test]
    fn an_alias_has_a_variable() {
        assert_eq!(variable_of("default"), "CACHE_URL");
        assert_eq!(variable_of("sessions"), "CACHE_URL_SESSIONS");
        assert_eq!(variable_of("page-cache.v2"), "CACHE_URL_PAGE_CACHE_V2");
    }

    #[test]
    fn a_variable_that_is_almost_right_is_found() {
        // Cargo sets it for every test.
        assert_eq!(mistyped("CARGO_PKGNAME").as_deref(), Some("CARGO_PKG_NAME"));
        assert_eq!(mistyped("CARGO_PKG_NAMES"), None);
    }
}
