//! What the handle of a function calls: one entry point for `many` and `warm`, sync and async.

use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex};

use super::asked::Asked;
use super::many::many;
use super::warm::{Options, warm};
use super::warmed::Warmed;
use crate::keep::Keep;
use crate::mode::{Mode, drive};
use crate::policy::Policy;

/// What to do with the items of a batch.
#[allow(missing_debug_implementations)]
pub struct Batch(Job);

enum Job {
    Many,
    Warm(Arc<Mutex<Options>>),
}

/// The result of a batch.
#[derive(Debug)]
pub enum Batched<R> {
    /// Of `many`.
    Results(Vec<R>),
    /// Of `warm`.
    Report(Warmed),
}

/// The function of a batch: each item's result, if it has one, and the items again.
pub(super) type Answers<R, A> = (Vec<Option<R>>, Vec<A>);

/// The type used if there is none.
type No<R, A> = fn(Vec<A>) -> std::future::Ready<Answers<R, A>>;

/// How a batch does its work.
pub(super) struct Way<Ask, Call, Function, R> {
    pub(super) mode: Mode,
    /// Looks up an item in its cache.
    pub(super) ask: Ask,
    /// Calls the function itself.
    pub(super) call: Call,
    /// `batch = …`
    pub(super) function: Option<Function>,
    /// Returns the text of an error.
    pub(super) reason: fn(&R) -> Option<String>,
}

impl Batch {
    /// Asks for the results of all items.
    #[must_use]
    pub fn many() -> Self {
        Self(Job::Many)
    }

    pub(super) fn warm(options: Arc<Mutex<Options>>) -> Self {
        Self(Job::Warm(options))
    }

    /// Makes calls of an `async fn`.
    pub async fn run<I, R, K, P, F>(
        self,
        items: I,
        ask: impl Fn(I::Item) -> Asked<R, K, P, I::Item>,
        call: impl Fn(I::Item) -> F,
        reason: fn(&R) -> Option<String>,
    ) -> Batched<R>
    where
        I: IntoIterator,
        K: Keep<R, Value: 'static>,
        P: Policy<K::Value>,
        F: Future<Output = R>,
    {
        let way = Way {
            mode: Mode::Async,
            ask,
            call,
            function: None::<No<R, I::Item>>,
            reason,
        };
        self.go(items.into_iter(), way).await
    }

    /// Makes calls of an `async fn` that has a batch function.
    pub async fn run_with<I, R, K, P, F, G>(
        self,
        items: I,
        ask: impl Fn(I::Item) -> Asked<R, K, P, I::Item>,
        call: impl Fn(I::Item) -> F,
        reason: fn(&R) -> Option<String>,
        function: impl Fn(Vec<I::Item>) -> G,
    ) -> Batched<R>
    where
        I: IntoIterator,
        K: Keep<R, Value: 'static>,
        P: Policy<K::Value>,
        F: Future<Output = R>,
        G: Future<Output = Answers<R, I::Item>>,
    {
        let way = Way {
            mode: Mode::Async,
            ask,
            call,
            function: Some(function),
            reason,
        };
        self.go(items.into_iter(), way).await
    }

    /// Makes calls of a `fn`.
    pub fn run_blocking<I, R, K, P>(
        self,
        items: I,
        ask: impl Fn(I::Item) -> Asked<R, K, P, I::Item>,
        call: impl Fn(I::Item) -> R,
        reason: fn(&R) -> Option<String>,
    ) -> Batched<R>
    where
        I: IntoIterator,
        K: Keep<R, Value: 'static>,
        P: Policy<K::Value>,
    {
        let call = &call;
        let way = Way {
            mode: Mode::Blocking,
            ask,
            call: |item| async move { call(item) },
            function: None::<No<R, I::Item>>,
            reason,
        };
        drive(pin!(self.go(items.into_iter(), way)))
    }

    /// Makes calls of a `fn` that has a batch function.
    pub fn run_blocking_with<I, R, K, P>(
        self,
        items: I,
        ask: impl Fn(I::Item) -> Asked<R, K, P, I::Item>,
        call: impl Fn(I::Item) -> R,
        reason: fn(&R) -> Option<String>,
        function: impl Fn(Vec<I::Item>) -> Answers<R, I::Item>,
    ) -> Batched<R>
    where
        I: IntoIterator,
        K: Keep<R, Value: 'static>,
        P: Policy<K::Value>,
    {
        let (call, function) = (&call, &function);
        let way = Way {
            mode: Mode::Blocking,
            ask,
            call: |item| async move { call(item) },
            function: Some(|items| async move { function(items) }),
            reason,
        };
        drive(pin!(self.go(items.into_iter(), way)))
    }

    async fn go<A, R, K, P, F, G>(
        self,
        items: impl Iterator<Item = A>,
        way: Way<impl Fn(A) -> Asked<R, K, P, A>, impl Fn(A) -> F, impl Fn(Vec<A>) -> G, R>,
    ) -> Batched<R>
    where
        K: Keep<R, Value: 'static>,
        P: Policy<K::Value>,
        F: Future<Output = R>,
        G: Future<Output = Answers<R, A>>,
    {
        match self.0 {
            Job::Many => Batched::Results(many(items, way).await),
            Job::Warm(options) => Batched::Report(warm(items, way, options).await),
        }
    }
}

impl<R> Batched<R> {
    /// Returns the results of `many`.
    #[must_use]
    pub fn results(self) -> Vec<R> {
        match self {
            Self::Results(results) => results,
            Self::Report(_) => Vec::new(),
        }
    }

    pub(super) fn report(self) -> Warmed {
        match self {
            Self::Report(report) => report,
            Self::Results(_) => Warmed::default(),
        }
    }
}
