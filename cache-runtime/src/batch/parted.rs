//! The items of a batch function: what it takes as it is, and what it takes as a slice.

use super::answer::Answer;
use super::run::Answers;

/// Items in two parts: the skipped arguments, and the rest, which tells items apart.
#[derive(Debug)]
pub struct Parted<S, A> {
    skipped: Vec<S>,
    rest: Vec<A>,
}

impl<S: Clone, A> Parted<S, A> {
    /// The items, each parted by `part`.
    pub fn new<I>(items: Vec<I>, part: impl Fn(I) -> (S, A)) -> Self {
        let (skipped, rest) = items.into_iter().map(part).unzip();
        Self { skipped, rest }
    }

    /// The skipped arguments of the first item, which there is.
    pub fn first(&self) -> S {
        self.skipped[0].clone()
    }

    /// What tells the items apart.
    pub fn rest(&self) -> &[A] {
        &self.rest
    }

    /// The answers, and the items as they were.
    pub fn whole<I, R, B: Answer<A, R>>(
        self,
        answer: B,
        join: impl Fn(S, A) -> I,
    ) -> Answers<R, I> {
        let answers = answer.answers(&self.rest);
        let parts = self.skipped.into_iter().zip(self.rest);
        let items = parts.map(|(skipped, rest)| join(skipped, rest)).collect();
        (answers, items)
    }
}
