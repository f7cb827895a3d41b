//! Many random cases of one property, and what to do to see a failure again.

use std::fmt::Debug;
use std::hash::{BuildHasher, RandomState};

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestRunner};

/// Holds `property` against so many cases; `Err` says what was wrong.
///
/// # Panics
///
/// If one of them fails: with the smallest such case and the seed.
pub(crate) fn hold<T: Debug>(
    cases: u32,
    made_of: impl Strategy<Value = T>,
    property: impl Fn(T) -> Result<(), String>,
) {
    let seed = std::env::var("CACHE_TESTS_SEED").map_or_else(
        |_| RandomState::new().hash_one("seed"),
        |seed| seed.parse().expect("CACHE_TESTS_SEED is a number"),
    );
    let is_long = std::env::var_os("CACHE_TESTS_LONG").is_some();
    let mut runner = TestRunner::new(Config {
        cases: if is_long { cases * 20 } else { cases },
        rng_seed: RngSeed::Fixed(seed),
        // The seed and the smallest case say enough; no files in the sources.
        failure_persistence: None,
        ..Config::default()
    });
    let outcome = runner.run(&made_of, |case| property(case).map_err(TestCaseError::fail));
    if let Err(failure) = outcome {
        panic!("{failure}\nagain with CACHE_TESTS_SEED={seed}");
    }
}
