//! What is asked of a cache, and how it is made up.

use std::time::Duration;

use cache_runtime::testing::{Fault, When};
use cache_runtime::{ErrorKind, Timeout};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// Few, so that they meet again; some are patterns themselves.
pub(crate) const KEYS: [&str; 6] = ["a", "ab", "b", "a:b", "*", "ä ö"];
const PREFIXES: [&str; 3] = ["", "p", "pa"];
const PATTERNS: [&str; 5] = ["*", "a*", "?", "[ab]", "*b"];

/// A view of the cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct View {
    pub(crate) prefix: &'static str,
    pub(crate) version: i64,
}

/// A value to keep.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Thing {
    Number(i64),
    Text(&'static str),
    Fraction(f64),
    List(Vec<i64>),
    Nothing,
}

/// The type that is asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    Any,
    Number,
    Text,
}

/// A timeout.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Life {
    Default,
    Never,
    Micros(u64),
    Over,
}

/// The cache's own timeout.
pub(crate) const DEFAULT: Duration = Duration::from_secs(300);

impl Life {
    pub(crate) fn timeout(self) -> Timeout {
        match self {
            Life::Default => Timeout::Default,
            Life::Never => Timeout::Never,
            Life::Micros(micros) => Timeout::After(Duration::from_micros(micros)),
            Life::Over => Timeout::Expired,
        }
    }

    /// When a life ends that starts `now`, in milliseconds; `None` if it is over at once.
    #[expect(clippy::option_option, reason = "`Some(None)` is for ever")]
    pub(crate) fn end(self, now: u64) -> Option<Option<u64>> {
        match self {
            Life::Default => Some(Some(now + DEFAULT.as_millis() as u64)),
            Life::Never => Some(None),
            Life::Micros(micros) => Some(Some(now + micros.div_ceil(1000))),
            Life::Over => None,
        }
    }
}

type Key = &'static str;

/// A word of the cache's vocabulary, or a while in which nothing is asked.
#[derive(Debug, Clone)]
pub(crate) enum Word {
    Get(Key, Kind),
    Set(Key, Thing, Life),
    Add(Key, Thing, Life),
    GetOrSet(Key, Thing, Life),
    Touch(Key, Life),
    Delete(Key),
    Incr(Key, i64),
    Decr(Key, i64),
    HasKey(Key),
    Ttl(Key),
    IncrVersion(Key, i64),
    GetMany(Vec<Key>),
    SetMany(Vec<(Key, Thing)>, Life),
    DeleteMany(Vec<Key>),
    Clear,
    Keys(&'static str),
    /// Milliseconds.
    Wait(u64),
    /// Until so many milliseconds before the end of what the key holds.
    WaitForTheEnd(Key, u64),
}

/// One word, and what is wrong with the store meanwhile.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) view: View,
    pub(crate) word: Word,
    pub(crate) fault: Option<(Fault, When)>,
}

fn view() -> impl Strategy<Value = View> {
    // Mostly one, so that words meet.
    let prefix = prop_oneof![3 => Just(PREFIXES[0]), 1 => select(&PREFIXES[..])];
    let version = prop_oneof![3 => Just(1), 1 => 1..3_i64];
    (prefix, version).prop_map(|(prefix, version)| View { prefix, version })
}

fn key() -> impl Strategy<Value = Key> {
    prop_oneof![2 => Just(KEYS[0]), 3 => select(&KEYS[..])]
}

fn thing() -> impl Strategy<Value = Thing> {
    let number = prop_oneof![4 => -3..100_i64, 1 => Just(i64::MAX), 1 => Just(i64::MIN)];
    prop_oneof![
        4 => number.prop_map(Thing::Number),
        2 => select(vec!["", "41", "ä\n\0"]).prop_map(Thing::Text),
        1 => Just(Thing::Fraction(1.5)),
        1 => vec(-1..3_i64, 0..3).prop_map(Thing::List),
        1 => Just(Thing::Nothing),
    ]
}

fn kind() -> impl Strategy<Value = Kind> {
    prop_oneof![3 => Just(Kind::Any), 1 => Just(Kind::Number), 1 => Just(Kind::Text)]
}

pub(crate) fn life() -> impl Strategy<Value = Life> {
    prop_oneof![
        2 => Just(Life::Default),
        2 => Just(Life::Never),
        6 => select(vec![1, 1000, 1500, 10_000, 1_000_000, 2_000_000]).prop_map(Life::Micros),
        1 => Just(Life::Over),
    ]
}

fn word() -> impl Strategy<Value = Word> {
    let by = || prop_oneof![4 => -3..4_i64, 1 => Just(i64::MAX), 1 => Just(i64::MIN)];
    let keys = || vec(key(), 0..5);
    prop_oneof![
        5 => (key(), kind()).prop_map(|(key, kind)| Word::Get(key, kind)),
        6 => (key(), thing(), life()).prop_map(|(key, thing, life)| Word::Set(key, thing, life)),
        2 => (key(), thing(), life()).prop_map(|(key, thing, life)| Word::Add(key, thing, life)),
        3 => (key(), thing(), life())
            .prop_map(|(key, thing, life)| Word::GetOrSet(key, thing, life)),
        3 => (key(), life()).prop_map(|(key, life)| Word::Touch(key, life)),
        2 => key().prop_map(Word::Delete),
        2 => (key(), by()).prop_map(|(key, by)| Word::Incr(key, by)),
        1 => (key(), by()).prop_map(|(key, by)| Word::Decr(key, by)),
        1 => key().prop_map(Word::HasKey),
        2 => key().prop_map(Word::Ttl),
        2 => (key(), -1..3_i64).prop_map(|(key, by)| Word::IncrVersion(key, by)),
        2 => keys().prop_map(Word::GetMany),
        2 => (vec((key(), thing()), 0..5), life())
            .prop_map(|(items, life)| Word::SetMany(items, life)),
        1 => keys().prop_map(Word::DeleteMany),
        1 => Just(Word::Clear),
        1 => select(&PATTERNS[..]).prop_map(Word::Keys),
        3 => select(vec![1, 9, 10, 100, 999, 1000, 1001, 299_999, 300_000]).prop_map(Word::Wait),
        3 => (key(), 0..2_u64).prop_map(|(key, before)| Word::WaitForTheEnd(key, before)),
    ]
}

fn when() -> impl Strategy<Value = When> {
    prop_oneof![2 => Just(When::Always), 1 => (2..4_u64).prop_map(When::Every)]
}

/// An error of the store, or an answer of it that is lost.
pub(crate) fn failure() -> impl Strategy<Value = (Fault, When)> {
    let kinds = vec![ErrorKind::Unavailable, ErrorKind::Timeout, ErrorKind::Store];
    let fault = (select(kinds), any::<bool>()).prop_map(|(kind, is_done)| {
        if is_done {
            Fault::Lost(kind)
        } else {
            Fault::Error(kind)
        }
    });
    (fault, when())
}

/// Bytes that come back changed.
pub(crate) fn garbage() -> impl Strategy<Value = (Fault, When)> {
    when().prop_map(|when| (Fault::Garbage, when))
}

/// A sequence of words, about a third of them while `fault` is there.
pub(crate) fn steps_with(
    fault: impl Strategy<Value = (Fault, When)> + 'static,
) -> impl Strategy<Value = Vec<Step>> {
    let fault = proptest::option::weighted(0.3, fault);
    let step = (view(), word(), fault);
    vec(
        step.prop_map(|(view, word, fault)| Step { view, word, fault }),
        1..60,
    )
}

/// A sequence of words while nothing is wrong.
pub(crate) fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (view(), word());
    vec(
        step.prop_map(|(view, word)| Step {
            view,
            word,
            fault: None,
        }),
        1..60,
    )
}
