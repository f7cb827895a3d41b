//! What each function may answer, after all that was done with it so far.

use std::collections::BTreeMap;

use crate::possible::{Kept, Possible, State};
use crate::trouble::{LONGEST_PAUSE, Trouble};
use crate::words::Life;

use super::calls::{Call, Decision, Function, Outcome, Step};
use super::script::Answer;

/// What is kept of a result; a `None` only where it is kept.
type Value = Option<i64>;
type Address = (Function, u64);

#[derive(Default)]
pub(crate) struct Model {
    /// Milliseconds.
    now: u64,
    entries: BTreeMap<Address, Possible<Value>>,
    /// From then on the store is asked again, if nothing else goes wrong.
    trusted_at: u64,
    /// The store has failed: what it could not be told is made up for some time later, as a delete.
    may_forget: bool,
}

/// An answer, and what may be there after it.
type Effect = (Answer, Vec<State<Value>>);

/// What is to be done with a result.
enum Fate {
    Keep(Kept<Value>),
    /// It failed: what was there is as good as before.
    Fail,
    Drop,
}

impl Function {
    fn fate(self, outcome: Outcome, now: u64) -> Fate {
        let Ok(value) = outcome.result else {
            return Fate::Fail;
        };
        if outcome.decision == Some(Decision::Skip) || !self.keeps(value) {
            return Fate::Drop;
        }
        let life = match outcome.decision {
            Some(Decision::Timeout(life)) if life != Life::Default => life,
            // `Default` in the body passes by the closure to the attribute, or to the cache.
            Some(Decision::Timeout(_)) if self == Function::Choosy => Life::Default,
            Some(Decision::Timeout(_)) => seconds(10),
            _ => self.life(value),
        };
        match life.end(now) {
            Some(end) => Fate::Keep(Kept { value, end }),
            None => Fate::Drop,
        }
    }

    fn keeps(self, value: Value) -> bool {
        match self {
            Function::Plain => value.is_some(),
            Function::Choosy => value.is_some_and(|value| value % 5 != 0),
            Function::NoneToo => true,
        }
    }

    fn life(self, value: Value) -> Life {
        match (self, value) {
            (Function::Choosy, Some(value)) if value % 4 == 0 => Life::Over,
            (Function::Choosy, Some(value)) => seconds(value as u64),
            (Function::NoneToo, None) => seconds(3),
            _ => seconds(10),
        }
    }
}

fn seconds(seconds: u64) -> Life {
    Life::Micros(seconds * 1_000_000)
}

impl Model {
    pub(crate) fn advance(&mut self, millis: u64) {
        self.now += millis;
    }

    /// How long a step takes, in milliseconds; `None` if it is a call.
    pub(crate) fn wait(&self, step: &Step) -> Option<u64> {
        match step.call {
            Call::Wait(millis) => Some(millis),
            Call::WaitForTheEnd(before) => {
                let states = self.at(&(step.function, step.id));
                let end = states.iter().flatten().find_map(|kept| kept.end);
                let left = end.map_or(0, |end| end.saturating_sub(self.now));
                Some(left.saturating_sub(before))
            }
            _ => None,
        }
    }

    /// Whether that may have been the answer; takes note of what it means.
    pub(crate) fn judge(&mut self, step: &Step, answer: &Answer) -> Result<(), String> {
        let trouble = Trouble {
            fault: step.fault.map(|(fault, _)| fault),
            may_be_left_alone: self.now < self.trusted_at,
        };
        self.judge_call(step, answer, trouble)?;
        if trouble.is_from_outside() {
            self.trusted_at = self.now + LONGEST_PAUSE;
            self.may_forget = true;
        }
        Ok(())
    }

    fn judge_call(&mut self, step: &Step, answer: &Answer, trouble: Trouble) -> Result<(), String> {
        let now = self.now;
        let function = step.function;
        let address = (function, step.id);
        match step.call {
            Call::Plain(outcome) => self.one(address, answer, trouble, &|old| {
                let run = || run(function, outcome, now, old, false, trouble);
                match old {
                    Some(kept) => {
                        let hit = (Answer::Result(Ok(kept.value), false), vec![old.clone()]);
                        // A store that cannot be asked is as if nothing were there.
                        let missed = trouble.may_fail().then(run);
                        [hit].into_iter().chain(missed).collect()
                    }
                    None => vec![run()],
                }
            }),
            Call::Refresh(outcome) => self.one(address, answer, trouble, &|old| {
                vec![run(function, outcome, now, old, true, trouble)]
            }),
            Call::Uncached(outcome) => self.one(address, answer, trouble, &|old| {
                vec![(Answer::Result(outcome.result, true), vec![old.clone()])]
            }),
            Call::Get => self.one(address, answer, trouble, &|old| {
                let value = old.as_ref().map(|kept| kept.value);
                vec![(Answer::Value(value), vec![old.clone()])]
            }),
            Call::Set(value) => self.one(address, answer, trouble, &|_| {
                let end = function.life(Some(value)).end(now);
                let kept = end.map(|end| Kept {
                    value: Some(value),
                    end,
                });
                vec![(Answer::Done, vec![kept])]
            }),
            Call::Delete => self.one(address, answer, trouble, &|old| {
                vec![(Answer::Is(old.is_some()), vec![None])]
            }),
            Call::Touch(life) => self.one(address, answer, trouble, &|old| {
                let touched = old
                    .clone()
                    .and_then(|kept| life.end(now).map(|end| Kept { end, ..kept }));
                vec![(Answer::Is(old.is_some()), vec![touched])]
            }),
            Call::Clear => {
                let all: Vec<Address> = self.entries.keys().copied().collect();
                for address in [address].into_iter().chain(all) {
                    let gone = |_: &State<Value>| vec![(Answer::Done, vec![None])];
                    self.one(address, answer, trouble, &gone)?;
                }
                Ok(())
            }
            Call::Wait(_) | Call::WaitForTheEnd(_) => unreachable!("nothing is asked"),
        }
    }

    fn at(&self, address: &Address) -> Possible<Value> {
        let known = self.entries.get(address);
        let known = known.map_or_else(Possible::nothing, |known| known.states(self.now));
        if self.may_forget {
            return known.or(&Possible::nothing());
        }
        known
    }

    /// A call about one entry: `effects` says what may come of it, for each thing that may be there.
    fn one(
        &mut self,
        address: Address,
        answer: &Answer,
        trouble: Trouble,
        effects: &dyn Fn(&State<Value>) -> Vec<Effect>,
    ) -> Result<(), String> {
        let before = self.at(&address);
        let mut may_be: Vec<_> = before.iter().flat_map(effects).collect();
        if matches!(answer, Answer::Error(kind) if trouble.explains(*kind)) {
            // It was done, or it was not.
            let done = may_be.into_iter().flat_map(|(_, after)| after).collect();
            self.entries.insert(address, before.or(&done));
            return Ok(());
        }
        let expected: Vec<_> = may_be.iter().map(|(said, _)| said.clone()).collect();
        may_be.retain(|(said, _)| said == answer);
        if self.may_forget {
            // What the store is owed is not read, and may still be there.
            let hidden = effects(&None)
                .into_iter()
                .filter(|(said, _)| said == answer);
            may_be.extend(hidden.map(|(said, _)| (said, before.iter().cloned().collect())));
        }
        if may_be.is_empty() {
            return Err(format!("{answer:?} instead of one of {expected:?}"));
        }
        let after = may_be.into_iter().flat_map(|(_, after)| after).collect();
        self.entries.insert(address, after);
        Ok(())
    }
}

/// The function runs: its result, and what may be kept then.
fn run(
    function: Function,
    outcome: Outcome,
    now: u64,
    old: &State<Value>,
    replaces: bool,
    trouble: Trouble,
) -> Effect {
    let mut after = match function.fate(outcome, now) {
        Fate::Keep(kept) => vec![Some(kept)],
        // What is there contradicts the newest answer.
        Fate::Drop if replaces => vec![None],
        Fate::Drop | Fate::Fail => vec![old.clone()],
    };
    if trouble.may_fail() {
        after.push(old.clone());
    }
    (Answer::Result(outcome.result, true), after)
}
