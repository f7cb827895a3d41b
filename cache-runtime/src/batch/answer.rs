//! What a batch function may return, and what its items have of that.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::{BuildHasher, Hash};

/// What a function for many items of type `A` returns, where the cached one returns `R`.
///
/// | it returns | an item's result |
/// | --- | --- |
/// | `Vec<R>` | that of its place; as many as there are items |
/// | `HashMap<A, R>`, `BTreeMap<A, R>` | that under it; what is not in the map, the function itself is asked for |
/// | `HashMap<A, T>`, `BTreeMap<A, T>`, for an `Option<T>` | `Some` of that under it, or `None` |
/// | `Result` of any of these, for a `Result<T, E>` | `Ok` of that; the error, which is `Clone`, is that of all |
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no answer of a batch function for items of type `{A}` and results of type `{R}`",
    label = "this is what the batch function returns",
    note = "it may return a `Vec<{R}>` in the order of its items, or a `HashMap<{A}, {R}>`",
    note = "where the function returns an `Option<T>`, a `HashMap<{A}, T>` of those that there are",
    note = "where the function returns a `Result<T, E>`, a `Result` of these, if `E: Clone`"
)]
pub trait Answer<A, R>: Sized {
    /// The result of each item; `None` where the function itself is to be asked. Of another length
    /// than `items` if it cannot be told which is whose.
    fn answers(self, items: &[A]) -> Vec<Option<R>>;
}

impl<A, R> Answer<A, R> for Vec<R> {
    fn answers(self, _: &[A]) -> Vec<Option<R>> {
        self.into_iter().map(Some).collect()
    }
}

// An item may stand here twice, where no flight makes one of them: the first has what is in the map, and for
// the second the function itself is asked.
impl<A: Eq + Hash, R, S: BuildHasher> Answer<A, R> for HashMap<A, R, S> {
    fn answers(mut self, items: &[A]) -> Vec<Option<R>> {
        items.iter().map(|item| self.remove(item)).collect()
    }
}

impl<A: Eq + Hash, T, S: BuildHasher> Answer<A, Option<T>> for HashMap<A, T, S> {
    fn answers(mut self, items: &[A]) -> Vec<Option<Option<T>>> {
        let mut answered = HashSet::with_capacity(items.len());
        let items = items.iter();
        items
            .map(|item| one(self.remove(item), answered.insert(item)))
            .collect()
    }
}

impl<A: Ord, R> Answer<A, R> for BTreeMap<A, R> {
    fn answers(mut self, items: &[A]) -> Vec<Option<R>> {
        items.iter().map(|item| self.remove(item)).collect()
    }
}

impl<A: Ord, T> Answer<A, Option<T>> for BTreeMap<A, T> {
    fn answers(mut self, items: &[A]) -> Vec<Option<Option<T>>> {
        let mut answered = BTreeSet::new();
        let items = items.iter();
        items
            .map(|item| one(self.remove(item), answered.insert(item)))
            .collect()
    }
}

/// The answer for an item, whose first or a later place in the batch this is.
fn one<T>(answer: Option<T>, is_first: bool) -> Option<Option<T>> {
    match answer {
        // It was given to the one before: that says nothing of whether there is one.
        None if !is_first => None,
        answer => Some(answer),
    }
}

impl<A, B: Answer<A, T>, T, E: Clone> Answer<A, Result<T, E>> for Result<B, E> {
    fn answers(self, items: &[A]) -> Vec<Option<Result<T, E>>> {
        match self {
            Ok(answer) => {
                let answers = answer.answers(items).into_iter();
                answers.map(|answer| answer.map(Ok)).collect()
            }
            Err(error) => items.iter().map(|_| Some(Err(error.clone()))).collect(),
        }
    }
}
