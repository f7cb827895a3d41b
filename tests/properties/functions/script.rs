//! The functions themselves, which find what the script says.

use std::sync::Mutex;

use cache_runtime::{CacheError, ErrorKind, cache_result, current};

use super::calls::{Call, Decision, Failure, Function, Outcome, Step};
use crate::place::Place;

/// What comes of a call, or of a word about an entry.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Answer {
    /// A result, and whether the function ran for it.
    Result(Result<Option<i64>, Failure>, bool),
    Value(Option<Option<i64>>),
    Is(bool),
    Done,
    Error(ErrorKind),
}

pub(crate) struct Script {
    pub(crate) place: Place,
    /// Taken by the function that runs.
    next: Mutex<Option<Outcome>>,
}

#[cache_result(cache = script.place.cache, skip(script), timeout = 10, key_prefix = "script")]
fn plain(script: &Script, id: u64) -> Result<Option<i64>, Failure> {
    let _ = id;
    script.run()
}

#[cache_result(
    cache = script.place.cache, skip(script), key_prefix = "script",
    when = |value| value % 5 != 0,
    timeout = |value| if value % 4 == 0 { 0 } else { *value },
)]
fn choosy(script: &Script, id: u64) -> Result<Option<i64>, Failure> {
    let _ = id;
    script.run()
}

#[cache_result(
    cache = script.place.cache, skip(script), timeout = 10, cache_none = 3, key_prefix = "script",
)]
fn none_too(script: &Script, id: u64) -> Result<Option<i64>, Failure> {
    let _ = id;
    script.run()
}

/// A word about one of the functions, `$f`; what an entry holds is `$kept` as an option.
macro_rules! ask {
    ($f:ident, $script:ident, $step:ident, $kept:expr, $as_kept:expr) => {{
        let entry = $f::entry($script, $step.id);
        match $step.call {
            Call::Plain(outcome) => $script.result_of(outcome, || $f($script, $step.id)),
            Call::Refresh(outcome) => $script.result_of(outcome, || $f::refresh($script, $step.id)),
            Call::Uncached(outcome) => {
                $script.result_of(outcome, || $f::uncached($script, $step.id))
            }
            Call::Get => Answer::Value(entry.get()?.map($kept)),
            Call::Set(value) => {
                entry.set(&$as_kept(value))?;
                Answer::Done
            }
            Call::Delete => Answer::Is(entry.delete()?),
            Call::Touch(life) => Answer::Is(entry.touch(life.timeout())?),
            Call::Clear => {
                $script.place.cache.blocking().clear()?;
                Answer::Done
            }
            Call::Wait(_) | Call::WaitForTheEnd(_) => unreachable!("nothing is asked"),
        }
    }};
}

impl Script {
    pub(crate) fn new(place: Place) -> Self {
        Self {
            place,
            next: Mutex::new(None),
        }
    }

    /// The body of every function.
    fn run(&self) -> Result<Option<i64>, Failure> {
        let outcome = self.next.lock().unwrap().take();
        let outcome = outcome.expect("a call runs its function once at most");
        match outcome.decision {
            Some(Decision::Skip) => current().skip(),
            Some(Decision::Timeout(life)) => current().timeout(life.timeout()),
            None => {}
        }
        outcome.result
    }

    fn result_of(
        &self,
        outcome: Outcome,
        call: impl FnOnce() -> Result<Option<i64>, Failure>,
    ) -> Answer {
        *self.next.lock().unwrap() = Some(outcome);
        let result = call();
        Answer::Result(result, self.next.lock().unwrap().take().is_none())
    }

    pub(crate) fn ask(&self, step: &Step) -> Answer {
        self.said(step)
            .unwrap_or_else(|error| Answer::Error(error.kind()))
    }

    fn said(&self, step: &Step) -> Result<Answer, CacheError> {
        Ok(match step.function {
            Function::Plain => ask!(plain, self, step, Some, |value| value),
            Function::Choosy => ask!(choosy, self, step, Some, |value| value),
            Function::NoneToo => ask!(none_too, self, step, |value| value, Some),
        })
    }
}
