//! A cached function as the attribute wrote it: one `static` for each, and its names.

mod closed;
pub(crate) mod function;
pub(crate) mod overrides;
mod path;
mod settings;

use std::any::type_name;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use once_cell::sync::OnceCell;

use crate::cache::registry::Alias;
use crate::cache::space::{Binding, Space};
use crate::call::hit::Direct;
use crate::error::{CacheError, ErrorKind};
use crate::key::types;
use crate::life::Care;
use crate::observe::{self, Counters, FunctionReport, Stats, Timings};
use crate::policy::Limits;
use crate::reclaim::Swap;
use crate::sync::lock;
use crate::timeout::Timeout;
pub(crate) use closed::Tuned;
use overrides::InForce;
use path::{
    function_path, is_written_out, last_segment, own_prefix, split_last, surroundings,
    without_lifetimes,
};

/// A cached function, as its attribute describes it.
pub struct Site {
    pub(crate) name: &'static str,
    path: fn() -> &'static str,
    file: &'static str,
    line: u32,
    column: u32,
    prefix: Option<&'static str>,
    pub(crate) alias: &'static str,
    pub(crate) timeout: Timeout,
    pub(crate) none_timeout: Timeout,
    pub(crate) jitter: f64,
    pub(crate) wait: Duration,
    pub(crate) care: Care,
    /// Whether that is anything at all: stored here, since every miss asks.
    pub(crate) is_careful: bool,
    pub(crate) limits: Limits,
    /// `lock`: how long it is held at most, if there is one.
    pub(crate) lock: Option<Duration>,
    pub(crate) is_strict: bool,
    pub(crate) is_local: bool,
    /// Whether the attribute names tags.
    pub(crate) is_tagged: bool,
    own_prefix: OnceCell<String>,
    full_path: OnceCell<String>,
    pub(crate) in_force: InForce,
    /// Why its hits take the path of a miss, if they do.
    closed: AtomicU8,
    /// Whether its attribute gives a cache instead of an alias, which its first call reveals.
    has_own_cache: AtomicBool,
    pub(crate) alias_of: OnceCell<&'static Alias>,
    /// The path of its hits, once it is known.
    pub(crate) direct: Swap<Direct>,
    self_type: AtomicU8,
    /// The last spaces it met and the bindings in them, packed, so that a hit reads one word: several, for a
    /// function that goes to and fro between the caches of tenants.
    last: [AtomicU64; LAST],
    bindings: Mutex<Vec<Weak<Binding>>>,
    /// The counts from caches that no longer exist.
    retired: Mutex<Option<(Stats, Timings)>>,
    /// Calls that could not be cached at all, because there is no such cache.
    refused: AtomicU64,
    is_told: AtomicBool,
    /// Whether it has been logged that its batch function returns too few results, or too many.
    is_short: AtomicBool,
    listed: OnceCell<()>,
}

/// A power of two.
const LAST: usize = 8;

const UNKNOWN: u8 = 0;
const PLAIN: u8 = 1;
const GENERIC: u8 = 2;

impl Site {
    /// Describes a function of this name at this place; `path` names the place by its types.
    #[must_use]
    pub const fn new(
        name: &'static str,
        path: fn() -> &'static str,
        file: &'static str,
        line: u32,
        column: u32,
    ) -> Self {
        Self {
            name,
            path,
            file,
            line,
            column,
            prefix: None,
            alias: "default",
            timeout: Timeout::Default,
            none_timeout: Timeout::Default,
            jitter: 0.0,
            wait: Duration::from_secs(30),
            care: Care::NONE,
            is_careful: false,
            limits: Limits::NONE,
            lock: None,
            is_strict: false,
            is_local: false,
            is_tagged: false,
            own_prefix: OnceCell::new(),
            full_path: OnceCell::new(),
            in_force: InForce::nothing(),
            closed: AtomicU8::new(0),
            has_own_cache: AtomicBool::new(false),
            alias_of: OnceCell::new(),
            direct: Swap::empty(),
            self_type: AtomicU8::new(UNKNOWN),
            last: [const { AtomicU64::new(0) }; LAST],
            bindings: Mutex::new(Vec::new()),
            retired: Mutex::new(None),
            refused: AtomicU64::new(0),
            is_told: AtomicBool::new(false),
            is_short: AtomicBool::new(false),
            listed: OnceCell::new(),
        }
    }

    /// Returns the first part of the function's keys.
    pub(crate) fn prefix(&self) -> &str {
        match self.prefix {
            Some(prefix) => prefix,
            None => self
                .own_prefix
                .get_or_init(|| own_prefix((self.path)(), self.name)),
        }
    }

    /// Returns the alias of its cache, if it has one by alias.
    pub(crate) fn cache_name(&self) -> Option<&'static str> {
        (!self.has_own_cache.load(Relaxed)).then_some(self.alias)
    }

    /// Notes that one of its keys comes with a cache.
    pub(crate) fn note_own_cache(&self) {
        self.has_own_cache.store(true, Relaxed);
    }

    /// Returns where it is in the code.
    pub(crate) fn place(&self) -> String {
        format!("{}:{}:{}", self.file, self.line, self.column)
    }

    /// Returns whether `Self` differs between the calls of this one piece of code.
    #[inline]
    pub(crate) fn has_generic_self<T: ?Sized>(&self) -> bool {
        match self.self_type.load(Relaxed) {
            UNKNOWN => self.learn_self_type(type_name::<T>()),
            known => known == GENERIC,
        }
    }

    #[cold]
    fn learn_self_type(&self, name: &str) -> bool {
        let is_plain = is_written_out(name, (self.path)());
        self.self_type
            .store(if is_plain { PLAIN } else { GENERIC }, Relaxed);
        !is_plain
    }

    /// Returns whether what is around this one piece of code differs between its calls; `C` is a closure
    /// in it.
    #[inline]
    pub(crate) fn is_generic_around<C>(&self) -> bool {
        match self.self_type.load(Relaxed) {
            UNKNOWN => self.learn_surroundings(type_name::<C>()),
            known => known == GENERIC,
        }
    }

    // A closure's name has the parameters written out; that of a function in the code does not.
    #[cold]
    fn learn_surroundings(&self, closure: &str) -> bool {
        let is_plain = surroundings(closure) == surroundings((self.path)());
        self.self_type
            .store(if is_plain { PLAIN } else { GENERIC }, Relaxed);
        !is_plain
    }

    /// Returns the type with this number as part of the function's name; for the type of the impl,
    /// only its parameters, and for a closure, what is around its function.
    pub(crate) fn type_text(&self, number: u32, is_first: bool) -> String {
        let name = without_lifetimes(types::name(number));
        if !is_first || self.self_type.load(Relaxed) != GENERIC {
            return name;
        }
        if name.ends_with("{{closure}}") {
            return surroundings(&name).to_owned();
        }
        match name.split_once('<') {
            Some((base, parameters)) if is_written_out(&format!("{base}<"), (self.path)()) => {
                parameters
                    .strip_suffix('>')
                    .unwrap_or(parameters)
                    .to_owned()
            }
            _ => name,
        }
    }

    /// Returns the binding to `space`, if it is one of those met last.
    #[inline]
    pub(crate) fn known_binding(&self, space: &Space) -> Option<u32> {
        let last = self.slot(space).load(Relaxed);
        (last >> 32 == u64::from(space.id)).then_some(last as u32)
    }

    pub(crate) fn met(&self, space: &Space, binding: &Binding) {
        let packed = u64::from(space.id) << 32 | u64::from(binding.id);
        self.slot(space).store(packed, Relaxed);
    }

    #[inline]
    fn slot(&self, space: &Space) -> &AtomicU64 {
        // Neighbouring numbers are spread.
        let spread = space.id.wrapping_mul(0x9e37_79b9) >> (u32::BITS - LAST.ilog2());
        &self.last[spread as usize % LAST]
    }

    pub(crate) fn remember(&'static self, binding: &Arc<Binding>) {
        self.enlist();
        let mut bindings = lock(&self.bindings);
        bindings.retain(|known| known.strong_count() > 0);
        bindings.push(Arc::downgrade(binding));
    }

    /// Logs the first call that cannot be cached, and counts it if no cache does.
    pub(crate) fn refused(&'static self, error: &CacheError) {
        self.enlist();
        match error.kind() {
            // Logged when it was found.
            ErrorKind::Collision | ErrorKind::SwitchedOff => return,
            // Counted in its cache.
            ErrorKind::Key => {}
            _ => {
                self.refused.fetch_add(1, Relaxed);
            }
        }
        if !self.is_told.swap(true, Relaxed) {
            tracing::error!(
                function = self.name,
                at = %self.place(),
                %error,
                "this function runs uncached",
            );
        }
    }

    /// Logs once that the batch function returned too few results, or too many.
    pub(crate) fn report_wrong_count(&self, results: usize, items: usize) {
        if !self.is_short.swap(true, Relaxed) {
            tracing::error!(
                function = self.name,
                results,
                items,
                "a batch function must give one result for each item; the function is called for each",
            );
        }
    }

    /// Lists it, if it is not listed yet; after this, the settings for its name are in force, whoever listed it.
    pub(crate) fn enlist(&'static self) {
        let mut tuned = None;
        self.listed
            .get_or_init(|| tuned = Some(observe::enlist(self)));
        if let Some(tuned) = tuned {
            overrides::tell([tuned]);
        }
    }

    /// Returns the counters of this function over all caches.
    pub(crate) fn stats(&self) -> Stats {
        self.tally().0
    }

    /// Returns the same, and how long its executions took.
    fn tally(&self) -> (Stats, Timings) {
        let mut sum = Stats {
            errors: self.refused.load(Relaxed),
            ..Stats::default()
        };
        let mut executions = Timings::default();
        if let Some((retired, timings)) = &*lock(&self.retired) {
            sum.add(retired);
            executions.add(timings);
        }
        // Upgraded first: dropping the last reference to a binding takes the lock of `retired`.
        let bindings: Vec<_> = lock(&self.bindings)
            .iter()
            .filter_map(Weak::upgrade)
            .collect();
        for binding in &bindings {
            sum.add(&binding.counters.stats());
            executions.add(&binding.counters.executions.timings());
        }
        (sum, executions)
    }

    /// Returns what it is and has done, for people.
    pub(crate) fn report(&'static self) -> FunctionReport {
        let (stats, executions) = self.tally();
        FunctionReport {
            name: self.name,
            path: self.full_path().to_owned(),
            file: self.file,
            line: self.line,
            key_prefix: self.prefix().to_owned(),
            timeout: self.timeout,
            cache: self.cache_name(),
            overridden: self.in_force.get(),
            stats,
            executions,
        }
    }

    /// Returns its path through modules and types: `app::tasks::Repo::list`.
    pub(crate) fn full_path(&self) -> &str {
        self.full_path.get_or_init(|| {
            let path = function_path((self.path)());
            if last_segment(path) == self.name {
                path.to_owned()
            } else {
                format!("{path}::{}", self.name)
            }
        })
    }

    /// Returns its name as people say it: with its type, if it has one.
    pub(crate) fn spoken_name(&self) -> String {
        let path = function_path((self.path)());
        let owner = if last_segment(path) == self.name {
            split_last(path).map_or("", |(around, _)| last_segment(around))
        } else {
            last_segment(path)
        };
        // Modules begin with a small letter, and so does a function that was renamed.
        if owner.starts_with(char::is_uppercase) {
            format!("{owner}::{}", self.name)
        } else {
            self.name.to_owned()
        }
    }

    /// Keeps the counts of a cache that is dropped.
    pub(crate) fn retire(&self, counters: &Counters) {
        let mut retired = lock(&self.retired);
        let (stats, executions) = retired.get_or_insert_default();
        stats.add(&counters.stats());
        executions.add(&counters.executions.timings());
    }
}

impl std::fmt::Debug for Site {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Site")
            .field("name", &self.name)
            .field("prefix", &self.prefix())
            .field("place", &self.place())
            .finish_non_exhaustive()
    }
}
