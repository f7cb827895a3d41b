//! A right store passes, and a store with one flaw does not: each flaw is found by a behaviour, and
//! each behaviour of a store finds a flaw.

use std::collections::BTreeSet;
use std::thread;

use cache_runtime::testing::conformance::{Suite, behaviours};

use crate::flaw::Flaw;
use crate::memory::MapStore;

/// The behaviours that are not kept with this flaw.
fn found(flaw: Flaw) -> Vec<&'static str> {
    // One map for all that the suite makes of it, as a server is for its clients.
    let store = MapStore::new(flaw);
    let suite = Suite::of_store(move || store.clone());
    suite.through_the_type().awaiting().run().broken()
}

#[test]
fn a_right_store_passes_through_the_type_and_both_pointers() {
    let store = MapStore::new(Flaw::None);
    let report = Suite::of_store(move || store.clone()).run();
    report.assert_passed();
    let (kept, unable, broken) = report.counts();
    assert!(kept > 200, "{report}");
    assert_eq!((unable, broken), (0, 0), "{report}");
    assert!(report.to_string().starts_with(' '), "{report}");
    assert!(report.to_string().contains("type  Box<dyn>  Arc<dyn>"));
}

#[test]
fn a_store_of_whole_seconds_passes_too() {
    let store = MapStore::new(Flaw::Coarse);
    let suite = Suite::of_store(move || store.clone()).through_the_type();
    let report = suite.run();
    report.assert_passed();
    assert_eq!(report.counts().1, 0, "{report}");
}

#[test]
fn every_flaw_is_found_and_every_behaviour_finds_one() {
    let mut missed = Vec::new();
    let mut finders = BTreeSet::new();
    // Most of the time they wait for what expires; not all at once, so that the machine keeps up.
    for flaws in Flaw::ALL.chunks(12) {
        thread::scope(|scope| {
            let runs: Vec<_> = flaws
                .iter()
                .map(|flaw| (flaw, scope.spawn(|| found(*flaw))))
                .collect();
            for (flaw, run) in runs {
                let found = run.join().unwrap();
                println!("{flaw:?}: {}", found.join(", "));
                if found.is_empty() {
                    missed.push(flaw);
                }
                finders.extend(found);
            }
        });
    }
    assert!(missed.is_empty(), "not found: {missed:?}");
    // Those of the in-process level and of a cache that keeps nothing are not run on a store, and
    // some are about what a cache does whatever its store is.
    let elsewhere = [
        "control_characters_are_refused",
        "too_long_keys_are_refused_with_prefix_and_version",
        "a_cache_with_a_key_function_cannot_clear_or_list",
        "a_value_over_the_limit_is_an_error_and_the_old_one_is_gone",
        "set_many_of_nothing_is_nothing",
        "moving_by_zero_loses_nothing",
        "racing_callers_of_get_or_set_run_it_once",
    ];
    let idle: Vec<&str> = behaviours()
        .iter()
        .filter(|behaviour| !["memory", "nothing"].contains(&behaviour.theme()))
        .map(|behaviour| behaviour.name())
        .filter(|name| !finders.contains(name) && !elsewhere.contains(name))
        .collect();
    assert!(idle.is_empty(), "these find no flaw: {idle:?}");
}
