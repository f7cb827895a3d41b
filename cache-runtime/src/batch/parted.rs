//! The items of a batch function: the part it takes as it is, and the part it takes as a slice.

use super::answer::Answer;
use super::run::Answers;

/// Items in two parts: the skipped arguments, and the rest, which tells items apart.
#[derive(Debug)]
pub struct Parted<S, A> {
    skipped: Vec<S>,
    rest: Vec<A>,
}

impl<S: Clone, A> Parted<S, A> {
    /// Splits each item with `part`.
    pub fn new<I>(items: Vec<I>, part: impl Fn(I) -> (S, A)) -> Self {
        let (skipped, rest) = items.into_iter().map(part).unzip();
        Self { skipped, rest }
    }

    /// Returns the skipped arguments of the first item, which always exists.
    pub fn first(&self) -> S {
        self.skipped[0].clone()
    }

    /// Returns what tells the items apart.
    pub fn rest(&self) -> &[A] {
        &self.rest
    }

    /// Returns the answers, and the items as they were.
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
