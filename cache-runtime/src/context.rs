//! The context of a call: which flights this chain of calls leads, and whether caching is off or
//! refreshing in this scope. Carried by the thread, and by a future wherever it is polled.

pub(crate) mod scope;
pub(crate) mod thread;

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context as Task, Poll};

use pin_project_lite::pin_project;

use crate::batch::Given;
use crate::cache::Cache;
use crate::flight::Flight;
use crate::observe::Tracing;
use crate::site::Site;
use crate::sync::lock;
use crate::timeout::Timeout;

/// The context of a call.
#[derive(Clone, Default)]
pub(crate) struct Context {
    pub(crate) frame: Option<Arc<Frame>>,
    pub(crate) scope: Scope,
    /// What is rare: behind one pointer, since every miss copies this.
    rare: Option<Arc<Rare>>,
}

/// What few scopes set.
#[derive(Clone, Default)]
struct Rare {
    /// The cache that replaces every alias here, if any.
    cache: Option<Cache>,
    /// The trace of this scope.
    tracing: Option<Arc<Tracing>>,
}

/// What this scope says about caching.
#[derive(Clone, Default)]
pub(crate) enum Scope {
    #[default]
    Normal,
    /// Every call runs, and nothing is read or kept.
    Bypass,
    /// Every call runs and its result is kept.
    Refreshing,
    /// Applies to the first call of one function, not to those inside it or after it.
    Once(Arc<Once>),
    /// Part of the work of one call has already been done, together with that of others.
    Given(Arc<Given>),
}

/// A setting for the next call of one function.
pub(crate) struct Once {
    site: &'static Site,
    keep: bool,
    /// What applies to all others, and afterwards.
    around: Scope,
    used: AtomicBool,
}

/// How one call is to be treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Treatment {
    Cached,
    Uncached,
    Refresh,
}

/// A body that is running: its flight, if it leads one, what it decides, and who called it.
pub(crate) struct Frame {
    pub(crate) flight: Option<Arc<Flight>>,
    pub(crate) parent: Option<Arc<Frame>>,
    decisions: Mutex<Decisions>,
    /// The outcome of the last call made from here: a `Fate`.
    fate: AtomicU8,
}

/// The outcome of a call, for a caller that wants to know more than its result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// The function did not run for it, or still runs in the background.
    Served,
    Ran,
    /// It ran, and its result was kept.
    Kept,
}

/// What a body decided about its own result.
#[derive(Debug, Clone, Default)]
pub(crate) struct Decisions {
    pub(crate) timeout: Option<Timeout>,
    pub(crate) skip: bool,
    /// Tags in addition to those of the attribute.
    pub(crate) tags: Vec<String>,
}

thread_local! {
    static HERE: RefCell<Context> = const {
        RefCell::new(Context { frame: None, scope: Scope::Normal, rare: None })
    };
}

pub(crate) fn here() -> Context {
    HERE.try_with(|here| here.borrow().clone())
        .unwrap_or_default()
}

/// Returns the body that runs here.
pub(crate) fn frame() -> Option<Arc<Frame>> {
    HERE.try_with(|here| here.borrow().frame.clone())
        .ok()
        .flatten()
}

/// Returns the cache that replaces every alias in this scope, if there is one.
pub(crate) fn cache() -> Option<Cache> {
    if !thread::is_special() {
        return None;
    }
    rare()?.cache.clone()
}

/// Returns the trace of this scope.
pub(crate) fn tracing() -> Option<Arc<Tracing>> {
    if !thread::is_special() {
        return None;
    }
    rare()?.tracing.clone()
}

fn rare() -> Option<Arc<Rare>> {
    HERE.try_with(|here| here.borrow().rare.clone())
        .ok()
        .flatten()
}

/// Returns how a call of `site` is to be treated in this scope.
pub(crate) fn treatment(site: Option<&'static Site>) -> Treatment {
    if !thread::is_special() {
        return Treatment::Cached;
    }
    treatment_in(&here().scope, site)
}

fn treatment_in(scope: &Scope, site: Option<&'static Site>) -> Treatment {
    match scope {
        Scope::Normal | Scope::Given(_) => Treatment::Cached,
        Scope::Bypass => Treatment::Uncached,
        Scope::Refreshing => Treatment::Refresh,
        Scope::Once(once) => {
            let around = treatment_in(&once.around, site);
            let mine = site.is_some_and(|site| std::ptr::eq(site, once.site));
            if !mine || once.used.swap(true, Ordering::Relaxed) {
                around
            } else if once.keep && around != Treatment::Uncached {
                Treatment::Refresh
            } else {
                Treatment::Uncached
            }
        }
    }
}

/// Returns what is given to the call of this scope, if anything.
pub(crate) fn given() -> Option<Arc<Given>> {
    if !thread::is_special() {
        return None;
    }
    match here().scope {
        Scope::Given(given) => Some(given),
        _ => None,
    }
}

/// Returns whether this scope says the same for every call.
pub(crate) fn is_for_all() -> bool {
    thread::is_special() && matches!(here().scope, Scope::Bypass | Scope::Refreshing)
}

/// Returns whether this scope says nothing about caching.
pub(crate) fn is_as_usual() -> bool {
    !thread::is_special() || matches!(here().scope, Scope::Normal)
}

impl Context {
    fn scoped(scope: Scope) -> Self {
        Self { scope, ..here() }
    }

    pub(crate) fn bypass() -> Self {
        Self::scoped(Scope::Bypass)
    }

    pub(crate) fn refreshing() -> Self {
        Self::scoped(Scope::Refreshing)
    }

    /// Makes the next call of `site` run; with `keep`, its result is kept.
    pub(crate) fn once(site: &'static Site, keep: bool) -> Self {
        let here = here();
        let around = match &here.scope {
            // It is for another call.
            Scope::Given(_) => Scope::Normal,
            scope => scope.clone(),
        };
        let once = Scope::Once(Arc::new(Once {
            site,
            keep,
            around,
            used: AtomicBool::new(false),
        }));
        Self {
            scope: once,
            ..here
        }
    }

    /// Makes the next call of `site`, made from `frame`, run, and its result be kept.
    pub(crate) fn refreshing_from(frame: &Arc<Frame>, site: &'static Site) -> Self {
        Self {
            frame: Some(frame.clone()),
            ..Self::once(site, true)
        }
    }

    /// Makes every alias stand for `cache`.
    #[cfg(feature = "testing")]
    pub(crate) fn in_cache(cache: &Cache) -> Self {
        here().with(|rare| rare.cache = Some(cache.clone()))
    }

    /// Makes what happens be traced.
    pub(crate) fn traced(tracing: Arc<Tracing>) -> Self {
        here().with(|rare| rare.tracing = Some(tracing))
    }

    /// Returns the same without a trace.
    pub(crate) fn untraced(self) -> Self {
        if self.rare.is_none() {
            return self;
        }
        self.with(|rare| rare.tracing = None)
    }

    /// Returns the context inside the body of `frame`.
    pub(crate) fn inside(frame: &Arc<Frame>) -> Self {
        // Every miss comes here, so it copies only what it needs.
        let inside = HERE.try_with(|here| {
            let here = here.borrow();
            Self {
                frame: Some(frame.clone()),
                scope: match &here.scope {
                    // It was for the call itself.
                    Scope::Given(_) => Scope::Normal,
                    scope => scope.clone(),
                },
                rare: here.rare.as_ref().map(Rare::inside),
            }
        });
        inside.unwrap_or_else(|_| Self {
            frame: Some(frame.clone()),
            ..Self::default()
        })
    }

    /// Returns the context of the one call that `given` is for, made from `frame`.
    pub(crate) fn given(given: Option<Arc<Given>>, frame: Option<&Arc<Frame>>) -> Self {
        let here = here();
        Self {
            scope: given.map_or(here.scope, Scope::Given),
            frame: frame.cloned().or(here.frame),
            rare: here.rare,
        }
    }

    fn with(mut self, change: impl FnOnce(&mut Rare)) -> Self {
        let mut rare = self.rare.as_deref().cloned().unwrap_or_default();
        change(&mut rare);
        self.rare = Some(Arc::new(rare));
        self
    }

    fn is_special(&self) -> bool {
        !matches!(self.scope, Scope::Normal) || self.rare.is_some()
    }

    /// Runs `f` in this context.
    pub(crate) fn enter<T>(&mut self, f: impl FnOnce() -> T) -> T {
        swap(self);
        let _back = Back(self);
        f()
    }

    /// Runs `future` in this context, wherever it is polled.
    pub(crate) fn wrap<F: Future>(self, future: F) -> Scoped<F> {
        Scoped {
            context: self,
            future,
        }
    }
}

impl Rare {
    /// Returns the same for the body of a call made here.
    #[cold]
    fn inside(this: &Arc<Self>) -> Arc<Self> {
        match &this.tracing {
            None => this.clone(),
            Some(tracing) => Arc::new(Self {
                cache: this.cache.clone(),
                tracing: Some(tracing.deeper()),
            }),
        }
    }
}

// While one is in force, the other is kept in its place: nothing is copied.
fn swap(context: &mut Context) {
    let _ = HERE.try_with(|here| {
        std::mem::swap(&mut *here.borrow_mut(), context);
        let is_special = here.borrow().is_special();
        if is_special != thread::is_special() {
            thread::set_special(is_special);
        }
    });
}

// Restores the outer context, also when the body panics.
struct Back<'c>(&'c mut Context);

impl Drop for Back<'_> {
    fn drop(&mut self) {
        swap(self.0);
    }
}

pin_project! {
    /// A future that is polled in a context of its own.
    pub(crate) struct Scoped<F> {
        context: Context,
        #[pin]
        future: F,
    }
}

impl<F: Future> Future for Scoped<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<F::Output> {
        let this = self.project();
        let future = this.future;
        this.context.enter(|| future.poll(task))
    }
}

impl Frame {
    /// Returns the frame of a body that leads `flight`, called from here.
    pub(crate) fn running(flight: Option<&Arc<Flight>>) -> Arc<Self> {
        Arc::new(Self {
            flight: flight.cloned(),
            parent: frame(),
            decisions: Mutex::default(),
            fate: AtomicU8::new(Fate::Served as u8),
        })
    }

    /// Returns a frame from which calls are made; inside `outer`, or here.
    pub(crate) fn called_from(outer: Option<&Arc<Frame>>) -> Arc<Self> {
        Arc::new(Self {
            flight: None,
            parent: outer.cloned().or_else(frame),
            decisions: Mutex::default(),
            fate: AtomicU8::new(Fate::Served as u8),
        })
    }

    /// Returns the frame of a body that leads `flight` and that nobody waits for.
    pub(crate) fn detached(flight: &Arc<Flight>) -> Arc<Self> {
        Arc::new(Self {
            flight: Some(flight.clone()),
            parent: None,
            decisions: Mutex::default(),
            fate: AtomicU8::new(Fate::Served as u8),
        })
    }

    /// Reports the outcome of this call to its caller.
    pub(crate) fn tell(&self, fate: Fate) {
        if let Some(caller) = &self.parent {
            caller.fate.store(fate as u8, Ordering::Relaxed);
        }
    }

    /// Returns the outcome of the last call made from here.
    pub(crate) fn fate(&self) -> Fate {
        match self.fate.load(Ordering::Relaxed) {
            fate if fate == Fate::Kept as u8 => Fate::Kept,
            fate if fate == Fate::Ran as u8 => Fate::Ran,
            _ => Fate::Served,
        }
    }

    pub(crate) fn decisions(&self) -> Decisions {
        lock(&self.decisions).clone()
    }

    pub(crate) fn decide(&self, change: impl FnOnce(&mut Decisions)) {
        change(&mut lock(&self.decisions));
    }

    /// Returns the flights that this chain of calls leads, innermost first.
    pub(crate) fn flights(frame: Option<&Arc<Frame>>) -> Vec<Arc<Flight>> {
        let mut flights = Vec::new();
        let mut next = frame;
        while let Some(frame) = next {
            flights.extend(frame.flight.clone());
            next = frame.parent.as_ref();
        }
        flights
    }
}
