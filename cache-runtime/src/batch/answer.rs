//! What a batch function may return, and which part of it belongs to each item.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::{BuildHasher, Hash};

/// What a function for many items of type `A` may return, if the cached function returns `R`.
///
/// | it returns | the result of an item |
/// | --- | --- |
/// | `Vec<R>` | the one in its position; there must be as many as items |
/// | `HashMap<A, R>`, `BTreeMap<A, R>` | the one under it; for an item that is not in the map, the function itself is called |
/// | `HashMap<A, T>`, `BTreeMap<A, T>`, for an `Option<T>` | `Some` of the one under it, or `None` |
/// | `Result` of any of these, for a `Result<T, E>` | `Ok` of that; an error, which must be `Clone`, is the result of all |
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no answer of a batch function for items of type `{A}` and results of type `{R}`",
    label = "this is what the batch function returns",
    note = "it may return a `Vec<{R}>` in the order of its items, or a `HashMap<{A}, {R}>`",
    note = "where the function returns an `Option<T>`, a `HashMap<{A}, T>` of those that there are",
    note = "where the function returns a `Result<T, E>`, a `Result` of these, if `E: Clone`"
)]
pub trait Answer<A, R>: Sized {
    /// Returns the result of each item; `None` if the function itself is to be called. Its length differs
    /// from that of `items` if it cannot be told which result belongs to which item.
    fn answers(self, items: &[A]) -> Vec<Option<R>>;
}

impl<A, R> Answer<A, R> for Vec<R> {
    fn answers(self, _: &[A]) -> Vec<Option<R>> {
        self.into_iter().map(Some).collect()
    }
}

// An item may occur twice here, if no flight makes one of them: the first gets what is in the map, and for
// the second the function itself is called.
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

/// Returns the answer for an item that occurs for the first time in the batch, or again.
fn one<T>(answer: Option<T>, is_first: bool) -> Option<Option<T>> {
    match answer {
        // It was given to the earlier occurrence: that does not say whether there is one.
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
