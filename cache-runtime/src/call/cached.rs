//! What an expansion calls: the in-process hit, and everything else after it.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use crate::batch::Asked;
use crate::cache::Cache;
use crate::cache::registry;
use crate::call::behind;
use crate::call::hit;
use crate::call::{self, Ask, Plan, overdue};
use crate::clock::Clock;
use crate::context::thread;
use crate::error::{CacheError, ErrorKind};
use crate::keep::Keep;
use crate::key::call_key::Key;
use crate::mode::{Mode, drive};
use crate::observe::{Trail, tells_hits};
use crate::policy::{Plain, Policy, Tags, TimeoutOf, Times, When};
use crate::site::Site;
use crate::target::Target;
use crate::timeout::Timeout;
use crate::value::{CacheValue, Form, How, InProcess, LocalValue, Portable};

/// Where an expansion starts: here the kept type is checked for whether it can be cached.
#[derive(Debug)]
pub struct Cached<R, K>(PhantomData<fn() -> (R, K)>);

/// One call of a cached function, whose body follows.
#[allow(missing_debug_implementations)]
pub struct Prepared<'k, R, K: Keep<R, Value: 'static>, P> {
    key: &'k Key<'k>,
    how: &'static How<K::Value>,
    or_error: Option<fn(CacheError) -> R>,
    policy: P,
    kind: PhantomData<fn() -> (R, K)>,
}

impl<R, K: Keep<R>> Cached<R, K> {
    /// Prepares a call whose result any cache can keep.
    #[inline(always)]
    #[must_use]
    #[allow(clippy::new_ret_no_self)]
    pub fn new<'k>(key: &'k Key<'k>, _: K) -> Prepared<'k, R, K, Plain>
    where
        K::Value: CacheValue, // derive `Clone, Serialize, Deserialize`; or write `local`
    {
        Prepared::of(key, <Portable as Form<K::Value>>::HOW)
    }

    /// Prepares a call whose result stays in this process.
    #[inline(always)]
    #[must_use]
    pub fn local<'k>(key: &'k Key<'k>, _: K) -> Prepared<'k, R, K, Plain>
    where
        K::Value: LocalValue, // derive `Clone`; or return an `Arc`
    {
        Prepared::of(key, <InProcess as Form<K::Value>>::HOW)
    }
}

impl<'k, R, K: Keep<R>> Prepared<'k, R, K, Plain> {
    #[inline(always)]
    fn of(key: &'k Key<'k>, how: &'static How<K::Value>) -> Self {
        Self {
            key,
            how,
            or_error: None,
            policy: Plain,
            kind: PhantomData,
        }
    }
}

// No bounds on the value here: they were required at `new`, and a value that cannot be cached is one
// error.
impl<'k, R, K: Keep<R>, P> Prepared<'k, R, K, P> {
    /// `when = …`
    pub fn when<W: Fn(&K::Value) -> bool>(self, when: W) -> Prepared<'k, R, K, When<W, P>> {
        self.with(|policy| When(when, policy))
    }

    /// `timeout = |v| …`
    pub fn timeout_of<T, W>(self, timeout: W) -> Prepared<'k, R, K, TimeoutOf<W, P>>
    where
        T: Into<Timeout>,
        W: Fn(&K::Value) -> T,
    {
        self.with(|policy| TimeoutOf(timeout, policy))
    }

    /// `tags(…)`
    pub fn tags<I, W>(self, tags: W) -> Prepared<'k, R, K, Tags<W, P>>
    where
        I: IntoIterator<Item = String>,
        W: Fn(&K::Value) -> I,
    {
        self.with(|policy| Tags(tags, policy))
    }

    /// Sets how an error of the cache becomes a result: for `strict`, and for `hard_timeout`.
    #[must_use]
    pub fn or_error(mut self, or_error: fn(CacheError) -> R) -> Self {
        self.or_error = Some(or_error);
        self
    }

    fn with<Q>(self, policy: impl FnOnce(P) -> Q) -> Prepared<'k, R, K, Q> {
        Prepared {
            key: self.key,
            how: self.how,
            or_error: self.or_error,
            policy: policy(self.policy),
            kind: PhantomData,
        }
    }

    /// Returns the result: a kept one, or that of `body`.
    #[inline(always)]
    pub fn run(self, body: impl FnOnce() -> R) -> R
    where
        P: Policy<K::Value>,
    {
        match self.hit() {
            Some(result) => result,
            None => drive(pin!(self.miss(Mode::Blocking, async move { body() }))),
        }
    }

    /// Returns the result: a kept one, or that of `body`.
    ///
    /// A hit is looked for before there is a future, so that it costs the same as a sync one.
    #[inline(always)]
    pub fn run_async<B>(self, body: B) -> impl Future<Output = R> + use<R, K, P, B>
    where
        P: Policy<K::Value>,
        B: Future<Output = R>,
    {
        Answer::of(self.hit(), || self.miss(Mode::Async, body))
    }

    /// Does what [`run_async`](Self::run_async) does, with a `hard_timeout`: a body that is late is dropped.
    pub fn run_async_within<B>(self, body: B) -> impl Future<Output = R> + use<R, K, P, B>
    where
        P: Policy<K::Value>,
        B: Future<Output = R>,
    {
        Answer::of(self.hit(), || self.miss_within(body))
    }

    /// Does what [`run`](Self::run) does, for a body that may continue in the background.
    pub fn run_behind<B>(self, body: B) -> R
    where
        R: Send + 'static,
        K::Value: Send + Sync,
        P: Policy<K::Value> + Send + Sync + 'static,
        B: FnOnce() -> R + Send + 'static,
    {
        match self.hit() {
            Some(result) => result,
            None => drive(pin!(
                self.miss_behind(Mode::Blocking, async move { body() })
            )),
        }
    }

    /// Does what [`run_async`](Self::run_async) does, for a body that may continue in the background.
    pub fn run_async_behind<B>(self, body: B) -> impl Future<Output = R> + use<R, K, P, B>
    where
        R: Send + 'static,
        K::Value: Send + Sync,
        P: Policy<K::Value> + Send + Sync + 'static,
        B: Future<Output = R> + Send + 'static,
    {
        Answer::of(self.hit(), || self.miss_behind(Mode::Async, body))
    }

    /// Returns a fresh value in the in-process level. A hit ends here, without a lock, an allocation or a
    /// write to shared memory.
    #[inline(always)]
    fn hit(&self) -> Option<R> {
        let own = thread::fast()?;
        let guard = own.pin();
        let hit = hit::find(self.key, self.how.is_shared, guard.pinned())?;
        let value = (self.how.copy)(hit.entry)?;
        own.count_hit(hit.binding);
        Some(K::wrap(value))
    }

    #[cold]
    #[inline(never)]
    fn miss<B>(self, mode: Mode, body: B) -> impl Future<Output = R> + use<R, K, P, B>
    where
        P: Policy<K::Value>,
        B: Future<Output = R>,
    {
        let target = self.target();
        let plan = self.plan(false);
        async move { call::fetch::<R, K, P>(mode, target.as_ref(), plan, body).await }
    }

    #[cold]
    fn miss_within<B>(self, body: B) -> impl Future<Output = R> + use<R, K, P, B>
    where
        P: Policy<K::Value>,
        B: Future<Output = R>,
    {
        let site = self.key.site;
        let target = self.target();
        let plan = self.plan(false);
        let clock = target.as_ref().map_or_else(Clock::system, Target::clock);
        let limit = site.limits.hard.zip(plan.ask.or_error);
        let body = async move {
            let Some((limit, or_error)) = limit else {
                return body.await;
            };
            let result = clock.within(limit, body).await;
            result.unwrap_or_else(|| or_error(overdue(site.name, limit)))
        };
        async move { call::fetch::<R, K, P>(Mode::Async, target.as_ref(), plan, body).await }
    }

    #[cold]
    fn miss_behind<B>(self, mode: Mode, body: B) -> impl Future<Output = R> + use<R, K, P, B>
    where
        R: Send + 'static,
        K::Value: Send + Sync,
        P: Policy<K::Value> + Send + Sync + 'static,
        B: Future<Output = R> + Send + 'static,
    {
        let target = self.target();
        let trail = target.as_ref().and_then(|target| target.trail().cloned());
        let plan = self.plan(true);
        async move {
            let result = behind::fetch::<R, K, P>(mode, target, plan, body).await;
            if let Some(trail) = trail {
                trail.end();
            }
            result
        }
    }

    /// Returns where the result is kept, if it can be.
    fn target(&self) -> Option<Target> {
        // Not a fault of a store, so not a matter for `strict`: such a call never fails.
        let mut target = self.place().ok();
        Trail::begin(self.key.site, target.as_mut());
        target
    }

    fn place(&self) -> Result<Target, CacheError> {
        let key = self.key;
        key.site.tell_hits(tells_hits());
        let target = match hit::known(key) {
            Some((cache, binding)) => Target::bound(key, &cache, binding),
            None => self.meet(),
        };
        target.inspect_err(|error| key.site.refused(error))
    }

    /// Prepares the same as an item of a batch, with the arguments it was made from.
    pub fn asked<A>(self, item: A) -> Asked<R, K, P, A> {
        match self.hit() {
            Some(result) => Asked::hit(result),
            None => Asked::missed(self.place(), self.plan(false), item),
        }
    }

    /// Connects the function to its cache, the first time they meet.
    #[cold]
    fn meet(&self) -> Result<Target, CacheError> {
        let cache = cache_of(self.key)?;
        let target = Target::function(self.key, &cache)?;
        // Another thread may have met the cache, and not yet seen the settings of the function.
        self.key.site.enlist();
        if self.key.site.is_off() {
            return Err(switched_off());
        }
        hit::learn(self.key, &cache, &target.binding, self.how.is_shared);
        Ok(target)
    }

    fn plan(self, is_detachable: bool) -> Plan<R, K::Value, P> {
        let site = self.key.site;
        Plan {
            ask: Ask {
                site: Some(site),
                how: self.how,
                wait: site.wait,
                or_error: self.or_error,
                is_strict: site.is_strict,
                is_detachable,
            },
            times: times(site),
            policy: self.policy,
        }
    }
}

fn times(site: &Site) -> Times {
    Times {
        timeout: site.timeout,
        none: site.none_timeout,
        jitter: site.jitter,
    }
}

#[cold]
fn switched_off() -> CacheError {
    CacheError::new(
        ErrorKind::SwitchedOff,
        "the function is switched off, by `overrides()` or by CACHE_FUNCTIONS in the environment",
    )
}

/// Returns the cache that the key names, or that of the function's alias.
fn cache_of(key: &Key<'_>) -> Result<Cache, CacheError> {
    match key.cache {
        Some(cache) => {
            key.site.note_own_cache();
            Ok(cache.clone())
        }
        None => registry::cache_of(key.site),
    }
}

/// A result that is there, or one to wait for.
///
/// The path of a miss is boxed: a hit would have to move the space for it around, which costs more than the
/// whole rest of the hit, and a miss has more to do than to allocate.
enum Answer<R, F> {
    Hit { result: Option<R> },
    Miss { future: Pin<Box<F>> },
}

impl<R, F> Answer<R, F> {
    #[inline(always)]
    fn of(hit: Option<R>, miss: impl FnOnce() -> F) -> Self {
        match hit {
            Some(result) => Answer::Hit {
                result: Some(result),
            },
            None => Answer::Miss {
                future: Box::pin(miss()),
            },
        }
    }
}

// Nothing in it is pinned in place: the future is pinned in its box.
impl<R, F> Unpin for Answer<R, F> {}

impl<R, F: Future<Output = R>> Future for Answer<R, F> {
    type Output = R;

    #[inline]
    fn poll(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<R> {
        match self.get_mut() {
            Answer::Hit { result } => match result.take() {
                Some(result) => Poll::Ready(result),
                None => panic!("a cached call was polled after it had its result"),
            },
            Answer::Miss { future } => future.as_mut().poll(task),
        }
    }
}
