//! How the suite runs: what hangs or panics is told, the words before `run` do what they say.

use std::time::Duration;

use cache_runtime::testing::conformance::Suite;
use cache_runtime::{Store, StoreFuture};

use crate::flaw::Flaw;
use crate::memory::MapStore;

/// A store that is fine but for one method.
struct Broken {
    get: fn() -> StoreFuture<'static, Option<Vec<u8>>>,
}

impl Store for Broken {
    fn name(&self) -> &'static str {
        "broken"
    }

    fn get<'a>(&'a self, _key: &'a str) -> StoreFuture<'a, Option<Vec<u8>>> {
        (self.get)()
    }

    fn set<'a>(
        &'a self,
        _key: &'a str,
        _value: &'a [u8],
        _ttl: Option<Duration>,
    ) -> StoreFuture<'a, ()> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn delete<'a>(&'a self, _key: &'a str) -> StoreFuture<'a, bool> {
        Box::pin(std::future::ready(Ok(false)))
    }
}

fn suite(get: fn() -> StoreFuture<'static, Option<Vec<u8>>>) -> Suite {
    let suite = Suite::of_store(move || Broken { get });
    // One of a cache's behaviours and one of a store's.
    suite
        .only("set_writes_over")
        .only("a_missing_key_is_none")
        .through_the_type()
}

#[test]
fn a_store_that_hangs_is_told_of() {
    let hanging = || {
        Suite::limit(
            suite(|| Box::pin(std::future::pending())),
            Duration::from_secs(1),
        )
    };
    let report = hanging().run();
    assert_eq!(report.counts(), (0, 0, 2), "{report}");
    let text = report.failures().join("\n");
    assert!(
        text.contains("words::set_writes_over_and_gives_a_new_life (type, blocking)"),
        "{text}"
    );
    assert!(text.contains("it hangs: not done within 1s"), "{text}");
    let report = futures_executor::block_on(hanging().run_async());
    assert_eq!(report.counts(), (0, 0, 2), "{report}");
}

#[test]
fn a_store_that_panics_is_told_of() {
    let panicking = || suite(|| panic!("the store is on fire"));
    let report = panicking().run();
    assert_eq!(report.counts(), (0, 0, 2), "{report}");
    let text = report.failures().join("\n");
    assert!(text.contains("the store is on fire"), "{text}");
    let report = futures_executor::block_on(panicking().run_async());
    assert_eq!(report.counts(), (0, 0, 2), "{report}");
}

#[test]
#[should_panic(expected = "behaviours are not kept")]
fn assert_passed_says_what_is_not_kept() {
    let store = MapStore::new(Flaw::DeleteIsAlwaysTrue);
    Suite::of_store(move || store.clone())
        .only("delete")
        .run()
        .assert_passed();
}

#[test]
#[should_panic(expected = "no behaviour was run")]
fn a_word_that_nothing_has_is_no_success() {
    Suite::of_url("memory://")
        .unwrap()
        .only("no such word")
        .run()
        .assert_passed();
}

#[test]
fn a_failure_says_where_what_and_for_whom() {
    let store = MapStore::new(Flaw::DeleteIsAlwaysTrue);
    let suite = Suite::of_store(move || store.clone()).only("delete_says_what_was_there");
    let report = suite.through_the_type().awaiting().run();
    let [failure] = report.failures() else {
        panic!("{report}");
    };
    assert!(
        failure.starts_with(
            "words::delete_says_what_was_there (type, awaiting): \
             not so: there is nothing yet (words.rs:"
        ),
        "{failure}"
    );
    assert_eq!(report.broken(), ["delete_says_what_was_there"]);
    let table = report.as_column("map");
    assert!(
        table
            .to_string()
            .contains("words: delete says what was there   ✗"),
        "{table}"
    );
    assert!(
        table
            .markdown()
            .contains("| words: delete says what was there | ✗ |")
    );
}

#[test]
fn what_is_left_out_is_said_with_its_reason() {
    let store = MapStore::new(Flaw::ClearDoesNothing);
    let suite = Suite::of_store(move || store.clone())
        .only("listing")
        .through_the_type();
    let report = suite
        .without("clear", "there is no clear")
        .without("literally", "nor here")
        .run();
    report.assert_passed();
    assert_eq!(report.counts(), (2, 3, 0), "{report}");
    let reason = ("clear_takes_thousands", "there is no clear");
    assert!(report.reasons().contains(&reason), "{report}");
}

#[test]
fn columns_stand_beside_each_other() {
    let memory = Suite::of_url("memory://")
        .unwrap()
        .only("memory")
        .only("basics")
        .run();
    let nowhere = Suite::of_url("dummy://").unwrap().run();
    let both = memory
        .as_column("memory")
        .beside(nowhere.as_column("dummy"));
    both.assert_passed();
    let table = both.to_string();
    let line = |name: &str| {
        let line = table.lines().find(|line| line.starts_with(name));
        line.unwrap_or_else(|| panic!("{name}: {table}"))
            .trim_end()
            .to_owned()
    };
    assert!(line("basics: what is set is got").ends_with('✓'));
    assert!(line("nothing: nothing is kept").ends_with('✓'));
    assert!(
        table.lines().next().unwrap().ends_with("memory  dummy"),
        "{table}"
    );
}

#[test]
fn it_runs_inside_a_runtime() {
    let store = MapStore::new(Flaw::None);
    let suite = || {
        let store = store.clone();
        Suite::of_store(move || store.clone()).through_the_type()
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime
        .block_on(runtime.spawn(suite().run_async()))
        .unwrap()
        .assert_passed();
    let alone = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    alone.block_on(suite().run_async()).assert_passed();
    // And from sync code in a worker.
    runtime.block_on(async { suite().only("words").run().assert_passed() });
}
