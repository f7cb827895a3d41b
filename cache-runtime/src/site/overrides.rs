//! What an operator says of functions by name, while the program runs or before it starts, without a
//! build: another timeout, or no caching at all.

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

/// Settings of cached functions that are changed at run time, by name.
///
/// Nothing here needs a build: `CACHE_FUNCTIONS` in the environment says the same before a program
/// starts, as `NAME=off`, `NAME=on` or `NAME=TIMEOUT`, separated by commas:
///
/// ```console
/// $ CACHE_FUNCTIONS='get_user_tasks=off,app::reports::*=10m' ./service
/// ```
///
/// A name is the function's own (`get_user_tasks`), the end of its path (`Repo::list`,
/// `app::tasks::list`), or its key prefix; `*` and the rest of [`Glob`](crate::Glob) may stand in it. Of
/// several that match, the later has the last word, and the environment has it over code.
///
/// - *Off*: the function runs at each call; nothing is read or kept for it, nobody joins another's
///   execution. What is done by hand (`entry(…).delete()`, `clear()`, `set`) is still done, so that nothing old
///   is there when it is switched on again.
///   `many` runs the `batch` function then, if there is one, for all of its items, as in a scope of `bypass`.
/// - *A timeout* is that of every result that is kept from now on, whatever the attribute, its closure or the
///   body says, except that a kept `None` lives no longer than `cache_none` says, and that a result of which the
///   closure or the body says zero is still not kept. Entries that are there keep theirs; `clear()` forgets them.
///
/// A call that is already under way goes on as it began. A hit costs what it did.
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

/// See [`overrides`].
#[derive(Debug, Clone, Copy)]
pub struct Overrides(());

/// What is said of a function; of what it does not say, another may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Override {
    /// Whether it is switched off.
    pub is_off: Option<bool>,
    /// How long its results live.
    pub timeout: Option<Timeout>,
}

impl Override {
    /// The function runs at each call.
    #[must_use]
    pub const fn off() -> Self {
        Self {
            is_off: Some(true),
            timeout: None,
        }
    }

    /// The function is cached, though a wider name says that it is off.
    #[must_use]
    pub const fn on() -> Self {
        Self {
            is_off: Some(false),
            timeout: None,
        }
    }

    /// Its results live this long; [`Timeout::Default`] is the cache's own timeout.
    #[must_use]
    pub fn timeout(timeout: impl Into<Timeout>) -> Self {
        Self {
            is_off: None,
            timeout: Some(timeout.into()),
        }
    }

    /// This one where it says something, else `before`.
    fn after(self, before: Self) -> Self {
        Self {
            is_off: self.is_off.or(before.is_off),
            timeout: self.timeout.or(before.timeout),
        }
    }
}

static SAID: Mutex<Vec<Rule>> = Mutex::new(Vec::new());

impl Overrides {
    /// Says this of all functions of that name, in place of what code said of the same name before. It holds
    /// from their next call, also for functions that have not been called yet.
    ///
    /// # Errors
    ///
    /// Kind `Config` if the name is empty or has a space, a comma or `=` in it, which the environment could not
    /// say.
    pub fn set(self, name: &str, what: Override) -> Result<(), CacheError> {
        let rule = Rule::new(name, what)?;
        change(|said| say(said, rule));
        Ok(())
    }

    /// Says all that the text says, written as in `CACHE_FUNCTIONS`: what a configuration file holds.
    ///
    /// # Errors
    ///
    /// Kind `Config` if a part of it is no rule; nothing is said then.
    pub fn set_all(self, text: &str) -> Result<(), CacheError> {
        let rules = Rule::all(text).collect::<Result<Vec<_>, _>>()?;
        // At once: no call falls between a wide name and the exceptions to it.
        change(|said| rules.into_iter().for_each(|rule| say(said, rule)));
        Ok(())
    }

    /// Takes back what code said of this name; whether it had said anything.
    pub fn remove(self, name: &str) -> bool {
        change(|said| {
            let before = said.len();
            said.retain(|known| known.name != name);
            said.len() < before
        })
    }

    /// What is said, by name: first by code, then by the environment, each in its order.
    #[must_use]
    pub fn all(self) -> Vec<(String, Override)> {
        let said = lock(&SAID);
        let all = said.iter().chain(&environment().rules);
        all.map(|rule| (rule.name.clone(), rule.what)).collect()
    }

    /// The names that match no function which has been called yet: perhaps its time comes, perhaps it is
    /// called something else. `report()` lists them.
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

    /// What is wrong with `CACHE_FUNCTIONS`, for programs that want to fail at their start. Others are not
    /// stopped by it: what can be read of it holds, and the rest is an error in the log.
    ///
    /// # Errors
    ///
    /// Kind `Config`, of the first part that is no rule.
    pub fn check_environment(self) -> Result<(), CacheError> {
        environment().errors.first().cloned().map_or(Ok(()), Err)
    }
}

fn say(said: &mut Vec<Rule>, rule: Rule) {
    said.retain(|known| known.name != rule.name);
    said.push(rule);
}

/// Changes what is said, and applies it to all functions.
fn change<T>(change: impl FnOnce(&mut Vec<Rule>) -> T) -> T {
    let mut said = lock(&SAID);
    let result = change(&mut said);
    // Under the lock, so that two who say something end with one of them.
    let tuned: Vec<_> = observe::sites()
        .into_iter()
        .map(|site| site.tune(said_of(site, &said)))
        .collect();
    drop(said);
    tell(tuned);
    result
}

/// Applies what is said of a function that is listed from now on.
pub(crate) fn apply(site: &'static Site) -> Tuned {
    let said = lock(&SAID);
    site.tune(said_of(site, &said))
}

/// Tells the log what has changed, and what is wrong with the environment; under no lock, since who hears of
/// it may call cached functions and say something of them.
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
    // Mostly not, and no miss should have to take the lock to see that.
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

    /// True if that is something else than before.
    pub(crate) fn set(&self, what: Override) -> bool {
        let mut now = lock(&self.what);
        self.has_timeout.store(what.timeout.is_some(), Relaxed);
        std::mem::replace(&mut *now, what) != what
    }
}
