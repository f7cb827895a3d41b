//! Which operation is hit by which fault: chosen by the test, counted, and the same in every run.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use crate::error::{CacheError, ErrorKind};
use crate::sync::lock;

/// What goes wrong with an operation.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Fault {
    /// It fails with an error of this kind; the inner store is not called.
    Error(ErrorKind),
    /// It fails with an error of this kind after the inner store has done it: a lost answer.
    Lost(ErrorKind),
    /// It takes this much longer.
    Delay(Duration),
    /// It does not answer; the cache's `op_timeout` ends the wait. A store with a blocking counterpart, which
    /// ends its waits itself, gives up after the time of [`FaultyStore::patience`].
    ///
    /// [`FaultyStore::patience`]: super::FaultyStore::patience
    Hang,
    /// It panics.
    Panic,
    /// The bytes that it reads come back changed: cut off, torn or someone else's.
    Garbage,
}

/// Which operations a fault hits.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum When {
    /// Every operation.
    Always,
    /// Every nth operation: with 3 the third, the sixth, and so on.
    Every(u64),
    /// About this share of the operations (0 to 1), the same ones for the same seed.
    Share {
        /// 0 for none, 1 for all.
        share: f64,
        /// The seed of the dice.
        seed: u64,
    },
}

/// One thing that goes wrong.
#[derive(Debug, Clone)]
struct Rule {
    fault: Fault,
    when: When,
    /// The only operation that it hits; `None` for all.
    operation: Option<&'static str>,
    /// How many operations it has been checked against.
    seen: u64,
}

impl Rule {
    fn hits(&mut self, operation: &'static str) -> bool {
        if self.operation.is_some_and(|only| only != operation) {
            return false;
        }
        self.seen += 1;
        match self.when {
            When::Always => true,
            When::Every(nth) => self.seen.is_multiple_of(nth.max(1)),
            When::Share { share, seed } => dice(seed, self.seen) < share,
        }
    }
}

/// All that goes wrong, and what was counted.
#[derive(Debug, Default)]
pub(super) struct Faults(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    rules: Vec<Rule>,
    asked: BTreeMap<&'static str, u64>,
    hit: u64,
    garbled: u64,
}

impl Faults {
    pub(super) fn add(&self, fault: Fault, when: When, operation: Option<&'static str>) {
        lock(&self.0).rules.push(Rule {
            fault,
            when,
            operation,
            seen: 0,
        });
    }

    pub(super) fn clear(&self) {
        lock(&self.0).rules.clear();
    }

    /// Returns the fault that hits this operation, if any: that of the first rule that applies.
    pub(super) fn strike(&self, operation: &'static str) -> Option<Fault> {
        let mut inner = lock(&self.0);
        *inner.asked.entry(operation).or_default() += 1;
        let rules = inner.rules.iter_mut();
        let mut hits = rules.filter_map(|rule| rule.hits(operation).then_some(rule.fault));
        let first = hits.next();
        // All rules count the operation, whichever applies first.
        hits.for_each(drop);
        inner.hit += u64::from(first.is_some());
        first
    }

    pub(super) fn asked(&self, operation: &str) -> u64 {
        lock(&self.0).asked.get(operation).copied().unwrap_or(0)
    }

    pub(super) fn asked_in_all(&self) -> u64 {
        let is_counted = |operation: &&str| !matches!(*operation, "publish" | "listen");
        let inner = lock(&self.0);
        let counted = inner
            .asked
            .iter()
            .filter(|(operation, _)| is_counted(operation));
        counted.map(|(_, count)| count).sum()
    }

    pub(super) fn hit(&self) -> u64 {
        lock(&self.0).hit
    }

    /// Returns bytes that are not what was stored, corrupted in a different way each time.
    pub(super) fn garble(&self, mut bytes: Vec<u8>) -> Vec<u8> {
        let mut inner = lock(&self.0);
        inner.garbled += 1;
        match inner.garbled % 4 {
            1 => bytes.truncate(bytes.len() / 2),
            2 => bytes.reverse(),
            3 => bytes.iter_mut().for_each(|byte| *byte ^= 0x5A),
            _ => bytes = b"\xCA\x01 this is not what was stored".to_vec(),
        }
        bytes
    }
}

pub(super) fn error(kind: ErrorKind, operation: &'static str) -> CacheError {
    CacheError::new(kind, "this failure was asked for").in_operation(operation)
}

/// Returns a number from 0 to 1, the same for the same seed and step (SplitMix64).
#[expect(clippy::cast_precision_loss, reason = "53 bits are left, which fit")]
fn dice(seed: u64, step: u64) -> f64 {
    let mut bits = seed.wrapping_add(step.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    bits ^= bits >> 31;
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}
