//! What an operator sets for functions by name, while the program runs or before it starts, without a
//! rebuild: another timeout, or no caching at all.

mod environment;
mod rule;

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use crate::error::CacheError;
use crate::observe;
use crate::site::{Site, Tuned};
use crate::sync::lock;
use crate::timeout::Timeout;
use environment::environment;
pub(crate) use rule::Rule;

/// Changes settings of cached functions at run time, by name.
///
/// None of this needs a rebuild: `CACHE_FUNCTIONS` in the environment sets the same before a program
/// starts, as `NAME=off`, `NAME=on` or `NAME=TIMEOUT`, separated by commas:
///
/// ```console
/// $ CACHE_FUNCTIONS='get_user_tasks=off,app::reports::*=10m' ./service
/// ```
///
/// A name is the function's own (`get_user_tasks`), the end of its path (`Repo::list`,
/// `app::tasks::list`), or its key prefix; it may contain `*` and the rest of [`Glob`](crate::Glob). Of
/// several names that match, the later one wins, and the environment wins over code.
///
/// - *Off*: the function runs at each call; nothing is read or kept for it, and no caller joins another's
///   execution. What is done by hand (`entry(…).delete()`, `clear()`, `set`) still takes effect, so that nothing
///   old is there when caching is switched on again.
///   `many` then runs the `batch` function, if there is one, for all of its items, as in a scope of `bypass`.
/// - *A timeout* applies to every result that is kept from now on, whatever the attribute, its closure or the
///   body says, except that a kept `None` lives no longer than `cache_none` says, and that a result for which the
///   closure or the body says zero is still not kept. Existing entries keep theirs; `clear()` deletes them.
///
/// A call that is already running finishes as it began. The cost of a hit does not change.
///
/// ```
/// use cache_runtime::{Override, cache_result, overrides};
///
/// #[cache_result(timeout = 600, key_prefix = "prices")]
/// fn price(id: u64) -> u64 {
///     id * 3
/// }
///
/// price(7);
/// overrides().set("price", Override::off())?;
/// price(7);
/// price(7);
/// assert_eq!(price::stats().hits, 0);
///
/// overrides().set("price", Override::timeout(30))?;
/// price(7);
/// assert_eq!(price::stats().hits, 1);
/// # Ok::<(), cache_runtime::CacheError>(())
/// ```
#[must_use]
pub fn overrides() -> Overrides {
    Overrides(())
}

/// The handle to these settings; see [`overrides`].
#[derive(Debug, Clone, Copy)]
pub struct Overrides(());

/// What is set for a function; what one override leaves open, another may set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Override {
    /// Whether it is switched off.
    pub is_off: Option<bool>,
    /// How long its results live.
    pub timeout: Option<Timeout>,
}

impl Override {
    /// Runs the function at each call.
    #[must_use]
    pub const fn off() -> Self {
        Self {
            is_off: Some(true),
            timeout: None,
        }
    }

    /// Caches the function, even if a wider name switches it off.
    #[must_use]
    pub const fn on() -> Self {
        Self {
            is_off: Some(false),
            timeout: None,
        }
    }

    /// Makes its results live this long; [`Timeout::Default`] is the cache's own timeout.
    #[must_use]
    pub fn timeout(timeout: impl Into<Timeout>) -> Self {
        Self {
            is_off: None,
            timeout: Some(timeout.into()),
        }
    }

    /// Returns this override, with what it leaves open taken from `before`.
    fn after(self, before: Self) -> Self {
        Self {
            is_off: self.is_off.or(before.is_off),
            timeout: self.timeout.or(before.timeout),
        }
    }
}

static SAID: Mutex<Vec<Rule>> = Mutex::new(Vec::new());

impl Overrides {
    /// Sets this for all functions of that name, in place of what code set for the same name before. It applies
    /// from their next call, also to functions that have not been called yet.
    ///
    /// # Errors
    ///
    /// Kind `Config` if the name is empty or contains a space, a comma or `=`, which the environment could not
    /// express.
    pub fn set(self, name: &str, what: Override) -> Result<(), CacheError> {
        let rule = Rule::new(name, what)?;
        change(|said| say(said, rule));
        Ok(())
    }

    /// Sets everything in `text`, written as in `CACHE_FUNCTIONS`: for what a configuration file holds.
    ///
    /// # Errors
    ///
    /// Kind `Config` if a part of it is no rule; nothing is set then.
    pub fn set_all(self, text: &str) -> Result<(), CacheError> {
        let rules = Rule::all(text).collect::<Result<Vec<_>, _>>()?;
        // All at once: no call falls between a wide name and the exceptions to it.
        change(|said| rules.into_iter().for_each(|rule| say(said, rule)));
        Ok(())
    }

    /// Removes what code has set for this name; returns whether there was anything.
    pub fn remove(self, name: &str) -> bool {
        change(|said| {
            let before = said.len();
            said.retain(|known| known.name != name);
            said.len() < before
        })
    }

    /// Returns all settings, by name: first those from code, then those from the environment, each in order.
    #[must_use]
    pub fn all(self) -> Vec<(String, Override)> {
        let said = lock(&SAID);
        let all = said.iter().chain(&environment().rules);
        all.map(|rule| (rule.name.clone(), rule.what)).collect()
    }

    /// Returns the names that match no function called so far: it may not have run yet, or the name is
    /// misspelt. `report()` lists them.
    ///
    /// ```
    /// use cache_runtime::{Override, cache_result, overrides};
    ///
    /// #[cache_result(key_prefix = "weather")]
    /// fn forecast(city: u64) -> u64 {
    ///     city
    /// }
    ///
    /// overrides().set("forecasts", Override::off())?;
    /// overrides().set("weather", Override::timeout(30))?;
    /// forecast(1);
    /// assert_eq!(overrides().unmatched(), ["forecasts"]);
    /// # Ok::<(), cache_runtime::CacheError>(())
    /// ```
    #[must_use]
    pub fn unmatched(self) -> Vec<String> {
        let sites = observe::sites();
        let said = lock(&SAID);
        let all = said.iter().chain(&environment().rules);
        all.filter(|rule| !sites.iter().any(|site| rule.matches(site)))
            .map(|rule| rule.name.clone())
            .collect()
    }

    /// Checks `CACHE_FUNCTIONS`, for programs that want to fail at start. Other programs are not
    /// stopped by a mistake in it: the parts that can be read apply, and the rest is an error in the log.
    ///
    /// # Errors
    ///
    /// Kind `Config`, for the first part that is no rule.
    pub fn check_environment(self) -> Result<(), CacheError> {
        environment().errors.first().cloned().map_or(Ok(()), Err)
    }
}

fn say(said: &mut Vec<Rule>, rule: Rule) {
    said.retain(|known| known.name != rule.name);
    said.push(rule);
}

/// Changes what is set, and applies it to all functions.
fn change<T>(change: impl FnOnce(&mut Vec<Rule>) -> T) -> T {
    let mut said = lock(&SAID);
    let result = change(&mut said);
    // Under the lock, so that of two concurrent changes one is in force in the end.
    let tuned: Vec<_> = observe::sites()
        .into_iter()
        .map(|site| site.tune(said_of(site, &said)))
        .collect();
    drop(said);
    tell(tuned);
    result
}

/// Applies what is set for a function that is listed from now on.
pub(crate) fn apply(site: &'static Site) -> Tuned {
    let said = lock(&SAID);
    site.tune(said_of(site, &said))
}

/// Logs what has changed, and what is wrong with the environment; under no lock, since a log subscriber
/// may call cached functions and change their settings.
pub(crate) fn tell(tuned: impl IntoIterator<Item = Tuned>) {
    environment().tell();
    tuned.into_iter().for_each(Tuned::tell);
}

fn said_of(site: &'static Site, said: &[Rule]) -> Override {
    let rules = said.iter().chain(&environment().rules);
    rules
        .filter(|rule| rule.matches(site))
        .fold(Override::default(), |before, rule| rule.what.after(before))
}

/// What is in force for one function.
#[derive(Debug)]
pub(crate) struct InForce {
    what: Mutex<Override>,
    // Mostly false, and no miss should have to take the lock to see that.
    has_timeout: AtomicBool,
}

impl InForce {
    pub(crate) const fn nothing() -> Self {
        Self {
            what: Mutex::new(Override {
                is_off: None,
                timeout: None,
            }),
            has_timeout: AtomicBool::new(false),
        }
    }

    pub(crate) fn get(&self) -> Override {
        *lock(&self.what)
    }

    pub(crate) fn timeout(&self) -> Option<Timeout> {
        let has_timeout = self.has_timeout.load(Relaxed);
        has_timeout.then(|| self.get().timeout).flatten()
    }

    /// Returns true if that differs from before.
    pub(crate) fn set(&self, what: Override) -> bool {
        let mut now = lock(&self.what);
        self.has_timeout.store(what.timeout.is_some(), Relaxed);
        std::mem::replace(&mut *now, what) != what
    }
}
