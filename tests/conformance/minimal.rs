//! A store of three methods: what it can, what it says it cannot, and that it is not caught lying.

use std::collections::{BTreeSet, HashMap};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use cache_runtime::testing::conformance::Suite;
use cache_runtime::{Cache, ErrorKind, Store, StoreFuture, Ttl};

type Kept = (Vec<u8>, Option<Instant>);

/// The three methods that must be written, and no more.
#[derive(Default)]
struct Minimal(Mutex<HashMap<String, Kept>>);

impl Store for Minimal {
    fn name(&self) -> &'static str {
        "minimal"
    }

    fn get<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Vec<u8>>> {
        Box::pin(async move {
            let kept = self.0.lock().unwrap().get(key).cloned();
            Ok(kept.filter(is_fresh).map(|(value, _)| value))
        })
    }

    fn set<'a>(
        &'a self,
        key: &'a str,
        value: &'a [u8],
        ttl: Option<Duration>,
    ) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let end = ttl.and_then(|ttl| Instant::now().checked_add(ttl));
            let kept = (value.to_vec(), end);
            self.0.lock().unwrap().insert(key.to_owned(), kept);
            Ok(())
        })
    }

    fn delete<'a>(&'a self, key: &'a str) -> StoreFuture<'a, bool> {
        Box::pin(async move {
            let kept = self.0.lock().unwrap().remove(key);
            Ok(kept.filter(is_fresh).is_some())
        })
    }
}

fn is_fresh((_, end): &Kept) -> bool {
    end.is_none_or(|end| end > Instant::now())
}

/// With `ttl` and `keys`, of which `incr` and `clear` are made.
#[derive(Default)]
struct WithTwoMore(Minimal);

impl Store for WithTwoMore {
    fn name(&self) -> &'static str {
        "two more"
    }

    fn get<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Vec<u8>>> {
        self.0.get(key)
    }

    fn set<'a>(
        &'a self,
        key: &'a str,
        value: &'a [u8],
        ttl: Option<Duration>,
    ) -> StoreFuture<'a, ()> {
        self.0.set(key, value, ttl)
    }

    fn delete<'a>(&'a self, key: &'a str) -> StoreFuture<'a, bool> {
        self.0.delete(key)
    }

    fn ttl<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Ttl> {
        Box::pin(async move {
            let kept = self.0.0.lock().unwrap().get(key).cloned();
            Ok(match kept.filter(is_fresh) {
                None => Ttl::Missing,
                Some((_, None)) => Ttl::Never,
                Some((_, Some(end))) => Ttl::After(end.saturating_duration_since(Instant::now())),
            })
        })
    }

    // Patterns of one prefix alone: enough for `clear`.
    fn keys<'a>(&'a self, prefix: &'a str, _pattern: &'a str) -> StoreFuture<'a, Vec<String>> {
        Box::pin(async move {
            let map = self.0.0.lock().unwrap();
            let own = map
                .iter()
                .filter(|(key, kept)| key.starts_with(prefix) && is_fresh(kept));
            Ok(own.map(|(key, _)| key.clone()).collect())
        })
    }
}

#[test]
fn three_methods_are_a_store() {
    let report = Suite::of_store(Minimal::default).run();
    report.assert_passed();
    let unable: BTreeSet<&str> = report
        .reasons()
        .into_iter()
        .map(|(behaviour, _)| behaviour)
        .collect();
    // It cannot tell what is left of a life, so it cannot count nor move; nor list, nor clear.
    let wanted = [
        "a_prefix_is_no_pattern",
        "a_prefix_is_taken_literally",
        "clear_forgets_everything",
        "clear_leaves_other_prefixes_and_versions_alone",
        "clear_of_the_empty_prefix_leaves_foreign_keys_alone",
        "clear_takes_its_prefix_and_nothing_else",
        "clear_takes_thousands",
        "decr_version_moves_it_back",
        "incr_and_decr_count",
        "incr_and_decr_see_one_version",
        "incr_counts_what_is_there",
        "incr_keeps_the_life",
        "incr_keeps_the_timeout",
        "incr_of_a_missing_key_is_not_found",
        "delete_if_takes_nothing_that_came_in_between",
        "expire_ends_the_timeout",
        "incr_of_anything_else_is_a_decode_error",
        "incr_over_the_end_changes_nothing",
        "incr_refuses_what_is_no_number",
        "incr_version_moves_the_value",
        "keys_are_listed_by_prefix_and_pattern",
        "keys_lists_by_pattern",
        "many_incrs_lose_none",
        "nobody_sees_what_was_forbidden",
        "of_many_adds_on_an_expired_key_one_wins",
        "of_many_adds_one_wins",
        "of_stamps_at_once_the_latest_stays",
        "the_timeout_moves_with_the_version",
        "ttl_says_how_long",
        "ttl_tells_what_is_left",
        "what_is_gone_is_not_listed",
    ];
    assert_eq!(unable, BTreeSet::from(wanted), "{report}");
}

#[test]
fn what_is_made_of_two_more_methods() {
    let mut suite = Suite::of_store(WithTwoMore::default).through_the_type();
    for theme in ["numbers", "versions", "words", "clear"] {
        suite = suite.only(theme);
    }
    let report = suite.run();
    report.assert_passed();
    let (_, unable, _) = report.counts();
    assert_eq!(unable, 0, "{report}");
    // In steps, so the race is not claimed.
    let races = Suite::of_store(WithTwoMore::default)
        .only("many_incrs_lose_none")
        .run();
    assert_eq!(races.counts(), (0, 3, 0), "{races}");
}

#[test]
fn what_it_cannot_do_is_said_by_name() {
    let cache = Cache::builder().store(Minimal::default()).build().unwrap();
    let cache = cache.blocking();
    cache.set("number", &1, 60).unwrap();
    for (operation, error) in [
        ("clear", cache.clear().unwrap_err()),
        ("keys", cache.keys("*").unwrap_err()),
        ("incr", cache.incr("number", 1).unwrap_err()),
        ("ttl", cache.ttl("number").unwrap_err()),
    ] {
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        assert_eq!(error.operation(), operation, "{error}");
        assert!(
            error
                .to_string()
                .contains("the minimal store cannot do this"),
            "{error}"
        );
    }
    assert!(cache.has_key("number").unwrap());
    assert!(!cache.has_key("other").unwrap());
    assert_eq!(
        cache.stats().errors,
        2,
        "of `incr` and `ttl`; `has_key` has none"
    );
}
