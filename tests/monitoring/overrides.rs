//! Settings of functions by name, from code and from the environment.

use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;
use std::{env, thread};

use cache_runtime::testing::{in_cache, in_cache_blocking, isolated};
use cache_runtime::{
    Cache, ErrorKind, Override, Timeout, Ttl, cache_result, current, functions, overrides, report,
};
use futures_executor::block_on;

/// How often the bodies ran.
#[derive(Default)]
struct Runs(AtomicU64);

impl Runs {
    const fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    fn run(&self) -> u64 {
        self.0.fetch_add(1, Relaxed) + 1
    }

    fn of(&self, f: impl FnOnce()) -> u64 {
        let before = self.0.load(Relaxed);
        f();
        self.0.load(Relaxed) - before
    }
}

static SWITCHED: Runs = Runs::new();

#[cache_result(timeout = 60, key_prefix = "overrides_switched")]
fn switched(n: u64) -> u64 {
    SWITCHED.run();
    n
}

#[test]
fn a_function_that_is_off_runs_at_each_call_and_keeps_nothing() {
    let runs = |n| SWITCHED.of(|| (0..3).for_each(|_| assert_eq!(switched(n), n)));
    assert_eq!(runs(1), 1);
    let before = switched::stats();
    overrides().set("switched", Override::off()).unwrap();
    assert_eq!((runs(1), runs(2)), (3, 3));
    let refreshed = SWITCHED.of(|| assert_eq!(switched::refresh(3), 3));
    assert_eq!(refreshed, 1);
    assert_eq!(switched::stats(), before);
    assert_eq!(switched::entry(2).get().unwrap(), None);
    assert_eq!(switched::entry(3).get().unwrap(), None);
    // What is done by hand is done.
    assert_eq!(switched::entry(1).get().unwrap(), Some(1));
    assert!(switched::entry(1).delete().unwrap());
    switched::entry(4).set(&4).unwrap();
    assert_eq!(runs(4), 3);

    let report = functions().into_iter().find(|f| f.name == "switched");
    assert_eq!(report.unwrap().overridden, Override::off());
    assert!(overrides().remove("switched"));
    assert!(!overrides().remove("switched"));
    assert_eq!((runs(1), runs(4)), (1, 0));
    // In process again, as before.
    let hits = switched::stats().hits;
    assert_eq!(runs(1), 0);
    assert_eq!(switched::stats().hits, hits + 3);
}

#[test]
fn from_the_next_call_on_it_is_off_for_all_threads() {
    static RUNS: Runs = Runs::new();
    #[cache_result(timeout = 60, key_prefix = "overrides_threads")]
    fn on_threads(n: u64) -> u64 {
        RUNS.run();
        n
    }
    on_threads(7);
    for _ in 0..200 {
        thread::scope(|scope| {
            // Those whose calls open the way again while it is being closed.
            for _ in 0..2 {
                scope.spawn(|| (0..50).for_each(|_| assert_eq!(on_threads(7), 7)));
            }
            overrides().set("on_threads", Override::off()).unwrap();
        });
        assert_eq!(RUNS.of(|| assert_eq!(on_threads(7), 7)), 1);
        overrides().set("on_threads", Override::on()).unwrap();
        assert_eq!(RUNS.of(|| assert_eq!(on_threads(7), 7)), 0);
    }
}

struct Service {
    cache: Cache,
    runs: Runs,
}

impl Service {
    #[cache_result(timeout = 60, key(id), cache = self.cache, key_prefix = "overrides_service")]
    fn price(&self, id: u64) -> u64 {
        self.runs.run() + id
    }
}

#[test]
fn methods_with_a_cache_of_their_own_are_switched_too() {
    let service = Service {
        cache: Cache::from_url("memory://").unwrap(),
        runs: Runs::new(),
    };
    let runs = |times| {
        service
            .runs
            .of(|| (0..times).for_each(|_| _ = service.price(7)))
    };
    assert_eq!(runs(3), 1);
    overrides().set("Service::price", Override::off()).unwrap();
    assert_eq!(runs(3), 3);
    overrides().set("Service::price", Override::on()).unwrap();
    assert_eq!(runs(3), 0);
}

static BATCHES: Runs = Runs::new();

#[cache_result(timeout = 60, key_prefix = "overrides_batches")]
async fn batched(n: u64) -> u64 {
    BATCHES.run();
    n
}

#[test]
fn async_calls_and_batches_are_switched_too() {
    overrides().set("batched", Override::off()).unwrap();
    let (cache, _clock) = isolated();
    block_on(in_cache(&cache, async {
        for _ in 0..2 {
            let answers = batched::many([1, 2, 3]).await;
            assert_eq!(answers, [1, 2, 3]);
            assert_eq!(batched(1).await, 1);
        }
        let report = batched::warm([1, 2]).quiet().await;
        assert_eq!((report.warmed, report.failed), (0, 2));
        assert!(
            report.failures[0].error.contains("switched off"),
            "{report:?}"
        );
    }));
    assert_eq!(BATCHES.0.load(Relaxed), 8);
}

static QUERIES: Runs = Runs::new();

#[cache_result(timeout = 60, key_prefix = "overrides_queried", batch = query, tags("n:{n}"))]
async fn queried(n: u64) -> u64 {
    unreachable!("{n} is asked for with others")
}

async fn query(all: &[u64]) -> Vec<u64> {
    QUERIES.run();
    all.to_vec()
}

#[test]
fn one_query_for_many_stays_one_when_it_is_off() {
    overrides().set("queried", Override::off()).unwrap();
    let (cache, _clock) = isolated();
    block_on(in_cache(&cache, async {
        for _ in 0..2 {
            assert_eq!(queried::many([1, 2, 1]).await, [1, 2, 1]);
        }
    }));
    assert_eq!(QUERIES.0.load(Relaxed), 2);
    assert_eq!(cache.stats().sets, 0);
}

#[cache_result(timeout = 600, key_prefix = "overrides_by_attribute")]
fn by_attribute(n: u64) -> u64 {
    n
}

#[cache_result(timeout = |n: &u64| *n, key_prefix = "overrides_by_closure")]
fn by_closure(n: u64) -> u64 {
    n
}

#[cache_result(timeout = 600, key_prefix = "overrides_by_body")]
fn by_body(n: u64) -> u64 {
    current().timeout(700);
    n
}

#[cache_result(timeout = 600, cache_none = 20, key_prefix = "overrides_none")]
fn none(n: u64) -> Option<u64> {
    (n > 0).then_some(n)
}

#[test]
fn another_timeout_is_that_of_what_is_kept_from_now_on() {
    let left = |key: String, cache: &Cache| {
        let name = key.strip_prefix(":1:").unwrap().to_owned();
        match cache.blocking().ttl(&name).unwrap() {
            Ttl::After(time) => time.as_secs(),
            other => panic!("{other:?}"),
        }
    };
    let say = |name: &str, timeout| overrides().set(name, Override::timeout(timeout)).unwrap();
    let (cache, clock) = isolated();
    in_cache_blocking(&cache, || {
        by_attribute(1);
        say("by_attribute", 30);
        say("by_c*", 30);
        say("overrides_by_body", 30);
        by_attribute(2);
        by_closure(500);
        by_body(1);
        by_attribute::entry(3).set(&3).unwrap();
        for (key, seconds) in [
            (by_attribute::entry(1).key().to_string(), 600),
            (by_attribute::entry(2).key().to_string(), 30),
            (by_attribute::entry(3).key().to_string(), 30),
            (by_closure::entry(500).key().to_string(), 30),
            (by_body::entry(1).key().to_string(), 30),
        ] {
            assert_eq!(left(key, &cache), seconds);
        }
        clock.advance(Duration::from_secs(31));
        assert_eq!(by_attribute::entry(2).get().unwrap(), None);

        // What is missing is not missing for longer.
        say("none", 60);
        none(0);
        none(1);
        assert_eq!(left(none::entry(0).key().to_string(), &cache), 20);
        assert_eq!(left(none::entry(1).key().to_string(), &cache), 60);
        say("none", 5);
        none::refresh(0);
        assert_eq!(left(none::entry(0).key().to_string(), &cache), 5);

        overrides()
            .set("none", Override::timeout(Timeout::Default))
            .unwrap();
        none::refresh(1);
        assert_eq!(left(none::entry(1).key().to_string(), &cache), 300);
        overrides().set("none", Override::timeout(0)).unwrap();
        none::refresh(1);
        assert_eq!(none::entry(1).get().unwrap(), None);
    });
}

#[cache_result(timeout = 60, key_prefix = "overrides_order_1")]
fn order(n: u64) -> u64 {
    n
}

#[test]
fn the_later_of_two_names_has_the_last_word() {
    let now = || {
        order(1);
        let report = functions().into_iter().find(|f| f.name == "order");
        report.unwrap().overridden
    };
    // Before its first call.
    overrides()
        .set_all("overrides_order*=off, order=30")
        .unwrap();
    let mut both = Override::timeout(30);
    both.is_off = Some(true);
    assert_eq!(now(), both);
    overrides().set("order", Override::on()).unwrap();
    assert_eq!(now(), Override::on());
    // Said again, it is the later one.
    overrides()
        .set("overrides_order*", Override::off())
        .unwrap();
    assert_eq!(now(), Override::off());
    assert!(
        overrides()
            .all()
            .contains(&("order".to_owned(), Override::on()))
    );
}

#[test]
fn a_bad_name_or_text_is_refused_as_a_whole() {
    for name in ["", "a b", "a,b", "a=b"] {
        let error = overrides().set(name, Override::off()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(
            error.to_string().contains("cannot name functions"),
            "{error}"
        );
    }
    let error = overrides().set_all("fine_one=off,other=of").unwrap_err();
    assert!(error.to_string().contains("`other=of`"), "{error}");
    assert!(!overrides().all().iter().any(|(name, _)| name == "fine_one"));
}

static FROM_OUTSIDE: Runs = Runs::new();

#[cache_result(timeout = 60, key_prefix = "overrides_outside")]
fn from_outside(n: u64) -> u64 {
    FROM_OUTSIDE.run();
    n
}

/// The environment is read once, so this is a process of its own.
#[test]
fn the_environment_has_the_last_word() {
    const VARIABLE: &str = "CACHE_FUNCTIONS";
    if env::var_os(VARIABLE).is_none() {
        let name = "overrides::the_environment_has_the_last_word";
        let child = Command::new(env::current_exe().unwrap())
            .args(["--exact", name, "--nocapture"])
            .env(VARIABLE, "monitoring::*=10m, from_outside = off, nonsense")
            .output()
            .unwrap();
        assert!(
            child.status.success(),
            "{}",
            String::from_utf8_lossy(&child.stdout)
        );
        assert!(String::from_utf8_lossy(&child.stdout).contains("1 passed"));
        return;
    }
    overrides().set("from_outside", Override::on()).unwrap();
    assert_eq!(
        FROM_OUTSIDE.of(|| (0..3).for_each(|_| _ = from_outside(1))),
        3
    );
    order(1);
    let order = functions().into_iter().find(|f| f.name == "order").unwrap();
    assert_eq!(order.overridden, Override::timeout(600));
    // What cannot be read is left out, and can be asked for.
    let error = overrides().check_environment().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(
        error
            .to_string()
            .contains("CACHE_FUNCTIONS: \"nonsense\" says nothing"),
        "{error}"
    );
    overrides().set("from_outsde", Override::on()).unwrap();
    let unmatched = ["from_outsde"];
    assert_eq!(overrides().unmatched(), unmatched);
    assert_eq!(report().unmatched, unmatched);
    let table = report().to_string();
    let last = "settings of no function that has been called: from_outsde\n";
    assert!(table.ends_with(last), "{table}");
    overrides().remove("from_outsde");
    assert!(!report().to_string().contains("settings of no function"));
    let names: Vec<_> = overrides()
        .all()
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    assert_eq!(names, ["from_outside", "monitoring::*", "from_outside"]);
}
