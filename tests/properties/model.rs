//! The plain map with a clock, and whether an answer is one that it could have given.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use cache_runtime::testing::Fault;
use cache_runtime::{ErrorKind, Ttl};
use serde_json::Value;

use crate::asking::Answer;
use crate::possible::{Kept, Possible, State};
use crate::trouble::{LONGEST_PAUSE, Trouble};
use crate::words::{KEYS, Kind, Life, Step, Thing, View, Word};

type Address = (View, &'static str);

/// An answer, and what is there after it.
type Effect = (Answer, State<Value>);

/// What a cache may hold, after all that was asked of it so far.
#[derive(Default)]
pub(crate) struct Model {
    /// Milliseconds.
    now: u64,
    keys: BTreeMap<Address, Possible<Value>>,
    /// From then on the store is asked again, if nothing else goes wrong.
    trusted_at: u64,
    /// The store has failed: what it could not be told is made up for some time later, as a delete.
    may_forget: bool,
}

fn explains(trouble: Trouble, answer: &Answer) -> bool {
    matches!(answer, Answer::Error(kind) if trouble.explains(*kind))
}

/// Whether what is there may be taken for nothing.
fn misreads(trouble: Trouble, word: &Word) -> bool {
    let reads = matches!(
        word,
        Word::Get(..)
            | Word::GetOrSet(..)
            | Word::Touch(..)
            | Word::IncrVersion(..)
            | Word::GetMany(_)
    );
    reads && trouble.fault == Some(Fault::Garbage)
}

impl Model {
    pub(crate) fn advance(&mut self, millis: u64) {
        self.now += millis;
    }

    /// How long a word takes, in milliseconds; `None` if it is a question.
    pub(crate) fn wait(&self, step: &Step) -> Option<u64> {
        match step.word {
            Word::Wait(millis) => Some(millis),
            Word::WaitForTheEnd(key, before) => {
                let states = self.at(&(step.view, key));
                let end = states.iter().flatten().find_map(|kept| kept.end);
                let left = end.map_or(0, |end| end.saturating_sub(self.now));
                Some(left.saturating_sub(before))
            }
            _ => None,
        }
    }

    /// Whether the cache may have said that; takes note of what it means.
    pub(crate) fn judge(&mut self, step: &Step, answer: &Answer) -> Result<(), String> {
        let trouble = Trouble {
            fault: step.fault.map(|(fault, _)| fault),
            may_be_left_alone: self.now < self.trusted_at,
        };
        self.judge_word(step, answer, trouble)?;
        if trouble.is_from_outside() {
            self.trusted_at = self.now + LONGEST_PAUSE;
            self.may_forget = true;
        } else if matches!(
            (&step.word, answer),
            (Word::Get(..), Answer::Value(_)) | (Word::Ttl(_), Answer::Life(_))
        ) {
            // It has answered.
            self.trusted_at = self.now;
        }
        Ok(())
    }

    fn judge_word(&mut self, step: &Step, answer: &Answer, trouble: Trouble) -> Result<(), String> {
        let now = self.now;
        let view = step.view;
        let mut one = |key, effect: &dyn Fn(&State<Value>) -> Effect| {
            let misreads = misreads(trouble, &step.word);
            self.one((view, key), answer, trouble, misreads, effect)
        };
        match &step.word {
            Word::Get(key, kind) => one(key, &|old| (Answer::Value(read(*kind, old)), old.clone())),
            Word::Set(key, thing, life) => {
                one(key, &|_| (Answer::Done, keep(thing.json(), *life, now)))
            }
            Word::Add(key, thing, life) => one(key, &|old| match old {
                Some(_) => (Answer::Is(false), old.clone()),
                None => (Answer::Is(true), keep(thing.json(), *life, now)),
            }),
            Word::GetOrSet(key, thing, life) => {
                self.get_or_set(step, (key, thing, *life), answer, trouble)
            }
            Word::Touch(key, life) => one(key, &|old| {
                let touched = old.clone().and_then(|kept| keep(kept.value, *life, now));
                (Answer::Is(old.is_some()), touched)
            }),
            Word::Delete(key) => one(key, &|old| (Answer::Is(old.is_some()), None)),
            Word::Incr(key, by) => one(key, &|old| add(old, *by)),
            Word::Decr(key, by) => one(key, &|old| add(old, by.saturating_neg())),
            Word::HasKey(key) => one(key, &|old| (Answer::Is(old.is_some()), old.clone())),
            Word::Ttl(key) => one(key, &|old| (Answer::Life(ttl(old, now)), old.clone())),
            Word::IncrVersion(key, by) => self.incr_version(step, (key, *by), answer, trouble),
            Word::GetMany(keys) => self.get_many(step, keys, answer, trouble),
            Word::SetMany(items, life) => self.set_many(step, (items, *life), answer, trouble),
            Word::DeleteMany(keys) => self.delete_many(view, keys, answer, trouble),
            Word::Clear => self.clear(view, answer, trouble),
            Word::Keys(pattern) => self.names(view, pattern, answer, trouble),
            Word::Wait(_) | Word::WaitForTheEnd(..) => unreachable!("nothing is asked"),
        }
    }

    fn at(&self, address: &Address) -> Possible<Value> {
        let known = self.keys.get(address);
        let known = known.map_or_else(Possible::nothing, |known| known.states(self.now));
        if self.may_forget {
            return known.or(&Possible::nothing());
        }
        known
    }

    /// A word about one key: `effect` says what comes of it, for each thing that may be there.
    fn one(
        &mut self,
        address: Address,
        answer: &Answer,
        trouble: Trouble,
        misreads: bool,
        effect: &dyn Fn(&State<Value>) -> Effect,
    ) -> Result<(), String> {
        let before = self.at(&address);
        let after = if explains(trouble, answer) {
            // It was done, or it was not.
            let done = before.iter().map(|old| effect(old).1).collect();
            before.or(&done)
        } else {
            let fits = before.iter().map(effect).filter(|(said, _)| said == answer);
            let mut after: Possible<_> = fits.map(|(_, after)| after).collect();
            let (said, made) = effect(&None);
            // What the store is owed is not read either.
            if (misreads || self.may_forget) && said == *answer {
                let left = |old: &State<Value>| made.clone().or_else(|| old.clone());
                after = after.or(&before.iter().map(left).collect());
            }
            after
        };
        if after.is_empty() {
            let expected: Vec<_> = before.iter().map(|old| effect(old).0).collect();
            return Err(format!("{answer:?} instead of one of {expected:?}"));
        }
        self.keys.insert(address, after);
        Ok(())
    }

    fn get_or_set(
        &mut self,
        step: &Step,
        (key, thing, life): (&'static str, &Thing, Life),
        answer: &Answer,
        trouble: Trouble,
    ) -> Result<(), String> {
        let (address, made) = ((step.view, key), thing.json());
        let before = self.at(&address);
        let kept = keep(made.clone(), life, self.now);
        let effect = |old: &State<Value>| match read(thing.kind(), old) {
            Some(value) => (Answer::Value(Some(value)), old.clone()),
            // What does not live is not kept, and takes nothing away.
            None => (
                Answer::Value(Some(made.clone())),
                kept.clone().or_else(|| old.clone()),
            ),
        };
        if trouble.may_fail() && *answer == Answer::Value(Some(made.clone())) {
            // A store that fails does not stop the function; its result may be kept or not.
            let kept = Possible::from_iter([kept.clone()]);
            self.keys.insert(address, before.or(&kept));
            return Ok(());
        }
        let calm = Trouble {
            fault: None,
            may_be_left_alone: false,
        };
        self.one(
            address,
            answer,
            calm,
            misreads(trouble, &step.word),
            &effect,
        )
    }

    fn incr_version(
        &mut self,
        step: &Step,
        (key, by): (&'static str, i64),
        answer: &Answer,
        trouble: Trouble,
    ) -> Result<(), String> {
        let version = step.view.version + by;
        let old = (step.view, key);
        let new = (
            View {
                version,
                ..step.view
            },
            key,
        );
        let missing = Answer::Error(ErrorKind::NotFound);
        if by == 0 {
            return self.one(old, answer, trouble, false, &|old| match old {
                Some(_) => (Answer::Number(version), old.clone()),
                None => (missing.clone(), None),
            });
        }
        let moved = self
            .at(&old)
            .iter()
            .filter(|old| old.is_some())
            .cloned()
            .collect();
        let arrived = self.at(&new).or(&moved);
        let misreads = misreads(trouble, &step.word);
        // Where it came from; whatever is known of one key, the other is not told.
        self.one(old, answer, trouble, misreads, &|old| match old {
            Some(_) => (Answer::Number(version), None),
            None => (missing.clone(), None),
        })?;
        if explains(trouble, answer) {
            self.keys.insert(new, arrived);
        } else if *answer != missing {
            self.keys.insert(new, moved);
        }
        Ok(())
    }

    fn get_many(
        &mut self,
        step: &Step,
        keys: &[&'static str],
        answer: &Answer,
        trouble: Trouble,
    ) -> Result<(), String> {
        let misreads = misreads(trouble, &step.word);
        let keys: BTreeSet<_> = keys.iter().copied().collect();
        if let Answer::Values(found) = answer
            && let Some(other) = found.keys().find(|key| !keys.contains(key.as_str()))
        {
            return Err(format!("{other:?} was not asked for"));
        }
        for key in keys {
            let answer = match answer {
                Answer::Values(found) => &Answer::Value(found.get(key).cloned()),
                other => other,
            };
            self.one((step.view, key), answer, trouble, misreads, &|old| {
                (Answer::Value(read(Kind::Any, old)), old.clone())
            })?;
        }
        expect_unless_explained(answer, trouble, matches!(answer, Answer::Values(_)))
    }

    fn set_many(
        &mut self,
        step: &Step,
        (items, life): (&[(&'static str, Thing)], Life),
        answer: &Answer,
        trouble: Trouble,
    ) -> Result<(), String> {
        let failed = match answer {
            Answer::NotKept(keys) if keys.is_empty() || trouble.may_fail() => Some(keys),
            other => {
                expect_unless_explained(other, trouble, false)?;
                None
            }
        };
        for (key, thing) in items {
            let address = (step.view, *key);
            let mut after = Possible::from_iter([keep(thing.json(), life, self.now)]);
            if failed.is_none_or(|failed| failed.iter().any(|failed| failed == key)) {
                after = after.or(&self.at(&address));
            }
            self.keys.insert(address, after);
        }
        Ok(())
    }

    fn delete_many(
        &mut self,
        view: View,
        keys: &[&'static str],
        answer: &Answer,
        trouble: Trouble,
    ) -> Result<(), String> {
        let (mut least, mut most) = (0, 0);
        let is_done = matches!(answer, Answer::Count(_));
        for key in keys.iter().copied().collect::<BTreeSet<_>>() {
            let before = self.at(&(view, key));
            least += u64::from(before.iter().all(Option::is_some));
            most += u64::from(before.iter().any(Option::is_some));
            let gone = Possible::nothing();
            let after = if is_done { gone } else { before.or(&gone) };
            self.keys.insert((view, key), after);
        }
        let fits = matches!(answer, Answer::Count(count) if (least..=most).contains(count));
        expect_unless_explained(answer, trouble, fits)
            .map_err(|error| format!("{error}: not {least} to {most}"))
    }

    fn clear(&mut self, view: View, answer: &Answer, trouble: Trouble) -> Result<(), String> {
        for key in KEYS {
            let gone = Possible::nothing();
            let after = match answer {
                Answer::Done => gone,
                _ => self.at(&(view, key)).or(&gone),
            };
            self.keys.insert((view, key), after);
        }
        expect_unless_explained(answer, trouble, *answer == Answer::Done)
    }

    fn names(
        &mut self,
        view: View,
        pattern: &str,
        answer: &Answer,
        trouble: Trouble,
    ) -> Result<(), String> {
        let Answer::Names(names) = answer else {
            return expect_unless_explained(answer, trouble, false);
        };
        let mut left = names.clone();
        for key in KEYS.iter().filter(|key| matches(pattern, key)) {
            let is_there = names.iter().any(|name| name == key);
            if let Some(at) = left.iter().position(|name| name == key) {
                left.remove(at);
            }
            self.one((view, key), &Answer::Is(is_there), trouble, false, &|old| {
                (Answer::Is(old.is_some()), old.clone())
            })
            .map_err(|error| format!("{key:?} is listed: {error}"))?;
        }
        if left.is_empty() {
            return Ok(());
        }
        Err(format!("{left:?} do not belong into the list"))
    }
}

fn expect_unless_explained(answer: &Answer, trouble: Trouble, fits: bool) -> Result<(), String> {
    if fits || explains(trouble, answer) {
        return Ok(());
    }
    Err(format!("{answer:?}"))
}

fn keep(value: Value, life: Life, now: u64) -> State<Value> {
    life.end(now).map(|end| Kept { value, end })
}

/// The value as one of this type, if it is one.
fn read(kind: Kind, state: &State<Value>) -> Option<Value> {
    let value = &state.as_ref()?.value;
    let is_one = match kind {
        Kind::Any => true,
        Kind::Number => value.is_i64(),
        Kind::Text => value.is_string(),
    };
    is_one.then(|| value.clone())
}

fn ttl(state: &State<Value>, now: u64) -> Ttl {
    match state.as_ref().map(|kept| kept.end) {
        None => Ttl::Missing,
        Some(None) => Ttl::Never,
        Some(Some(end)) => Ttl::After(Duration::from_millis(end - now)),
    }
}

fn add(state: &State<Value>, by: i64) -> (Answer, State<Value>) {
    let refused = |kind| (Answer::Error(kind), state.clone());
    let Some(kept) = state else {
        return refused(ErrorKind::NotFound);
    };
    let Some(number) = kept.value.as_i64() else {
        return refused(ErrorKind::Decode);
    };
    let Some(sum) = number.checked_add(by) else {
        return refused(ErrorKind::Store);
    };
    let kept = Kept {
        value: sum.into(),
        end: kept.end,
    };
    (Answer::Number(sum), Some(kept))
}

/// The few patterns that are asked for.
fn matches(pattern: &str, key: &str) -> bool {
    match pattern {
        "*" => true,
        "a*" => key.starts_with('a'),
        "?" => key.chars().count() == 1,
        "[ab]" => key == "a" || key == "b",
        "*b" => key.ends_with('b'),
        other => panic!("no rule for {other}"),
    }
}
