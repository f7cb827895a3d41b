//! What is easily got wrong: handlers that use what they hear of, the first call of a function, names as people
//! say them, values that must not be kept, counters that must not go back.

mod counters;
mod kept;
mod spans;

use std::cell::Cell;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Barrier};
use std::time::Duration;
use std::{env, thread};

use cache_runtime::{
    Cache, ErrorKind, Override, Timeout, cache_result, caches, functions, overrides,
    publish_metrics, report,
};
use futures_executor::block_on;
use metrics::{
    Counter, Gauge, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder, SharedString, Unit,
};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Subscriber};

use crate::hearing::hear;

/// Fails where `f` does not come to an end.
fn in_time(f: impl FnOnce() + Send + 'static) {
    let (sender, receiver) = channel();
    let thread = thread::spawn(move || {
        f();
        drop(sender);
    });
    let end: Result<(), _> = receiver.recv_timeout(Duration::from_secs(60));
    assert_eq!(
        end,
        Err(RecvTimeoutError::Disconnected),
        "it waits for itself"
    );
    thread.join().unwrap();
}

/// In a process of its own, with this in its environment.
fn alone(name: &str, set: impl FnOnce(&mut Command)) -> Option<Output> {
    const ALONE: &str = "ATTACKS_ALONE";
    if env::var_os(ALONE).is_some() {
        return None;
    }
    let mut command = Command::new(env::current_exe().unwrap());
    command
        .args(["--exact", name, "--nocapture"])
        .env(ALONE, "1");
    set(&mut command);
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{text}{errors}");
    assert!(text.contains("1 passed"), "{text}");
    Some(output)
}

/// Does this for all that it hears, but not for what comes of that.
struct Handler(fn());

impl Handler {
    fn handle(&self) {
        thread_local!(static IS_BUSY: Cell<bool> = const { Cell::new(false) });
        if !IS_BUSY.replace(true) {
            (self.0)();
            IS_BUSY.set(false);
        }
    }
}

impl Subscriber for Handler {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        self.handle();
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, _: &Event<'_>) {
        self.handle();
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[cache_result(timeout = 60, key_prefix = "attacks_handled")]
fn handled(n: u64) -> u64 {
    n
}

#[cache_result(timeout = 60, key_prefix = "attacks_in_handler")]
fn in_handler(n: u64) -> u64 {
    n
}

#[cache_result(timeout = 60, key_prefix = "attacks_clash")]
fn clash(n: u64) -> u64 {
    n
}

#[cache_result(timeout = 60, key_prefix = "attacks_clash", name = "clash")]
fn clash_too(n: u64) -> u64 {
    n
}

/// What a handler may do, and a recorder.
fn all_there_is() {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    in_handler(NEXT.fetch_add(1, Relaxed));
    overrides()
        .set("in_handler", Override::timeout(30))
        .unwrap();
    overrides().remove("in_handler");
    assert!(!overrides().all().is_empty());
    assert!(!report().to_string().is_empty());
    assert!(!functions().is_empty());
}

#[test]
fn a_handler_may_call_functions_and_set_them() {
    in_time(|| {
        tracing::subscriber::with_default(Handler(all_there_is), || {
            handled(1);
            overrides().set("handled", Override::off()).unwrap();
            handled(1);
            overrides().set_all("handled=on,handled_*=5").unwrap();
            handled(1);
            handled(2);
            clash(1);
            clash_too(1);
            overrides().remove("handled");
        });
    });
}

#[test]
fn a_body_may_set_its_own_function() {
    #[cache_result(timeout = 60, key_prefix = "attacks_of_itself")]
    fn of_itself(n: u64) -> u64 {
        let what = if n == 0 {
            Override::off()
        } else {
            Override::on()
        };
        overrides().set("of_itself", what).unwrap();
        n
    }
    in_time(|| {
        for n in [1, 0, 0, 1, 1] {
            assert_eq!(of_itself(n), n);
        }
        // It was on when 1 was called again.
        assert_eq!(of_itself::stats().hits, 1);
    });
}

/// Asks and calls whenever it is asked.
struct Asking;

impl Asking {
    fn handle() {
        Handler(all_there_is).handle();
    }
}

impl HistogramFn for Asking {
    fn record(&self, _: f64) {
        Self::handle();
    }
}

impl Recorder for Asking {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {
        Self::handle();
    }
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn register_counter(&self, _: &Key, _: &Metadata<'_>) -> Counter {
        Self::handle();
        Counter::noop()
    }
    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Self::handle();
        Gauge::noop()
    }
    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(Arc::new(Asking))
    }
}

#[test]
fn a_recorder_may_call_functions_and_set_them() {
    in_time(|| {
        metrics::with_local_recorder(&Asking, || {
            (100..110).for_each(|n| assert_eq!(handled(n), n));
            publish_metrics();
        });
    });
}

macro_rules! first_calls {
    ($($name:ident)*) => {
        $(
            #[cache_result(timeout = 60, key_prefix = "attacks_first")]
            fn $name(n: u64) -> u64 {
                FIRST_CALLS.fetch_add(1, Relaxed);
                n
            }
        )*
        const FIRST: &[fn(u64) -> u64] = &[$($name),*];
    };
}

static FIRST_CALLS: AtomicU64 = AtomicU64::new(0);
first_calls! { f01 f02 f03 f04 f05 f06 f07 f08 f09 f10 f11 f12 f13 f14 f15 f16 }

#[test]
fn a_function_that_is_off_before_its_first_calls_is_so_for_all_of_them() {
    const THREADS: usize = 4;
    overrides().set("attacks_first", Override::off()).unwrap();
    for first in FIRST {
        let start = Barrier::new(THREADS);
        let before = FIRST_CALLS.load(Relaxed);
        thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    start.wait();
                    assert_eq!(first(1) + first(1), 2);
                });
            }
        });
        assert_eq!(FIRST_CALLS.load(Relaxed) - before, 2 * THREADS as u64);
    }
}

static BUSY: AtomicU64 = AtomicU64::new(0);

#[cache_result(
    timeout = 60,
    key_prefix = "attacks_busy",
    cache = "attacks_busy",
    refresh_ahead = 0.9,
    stale = 60
)]
async fn busy(n: u64) -> u64 {
    BUSY.fetch_add(1, Relaxed);
    n
}

#[test]
fn off_is_off_whatever_goes_on_and_on_is_quick_again() {
    static IS_OVER: AtomicU64 = AtomicU64::new(0);
    let cache = || Cache::from_url("memory://").unwrap();
    caches().set("attacks_busy", cache()).unwrap();
    thread::scope(|scope| {
        scope.spawn(|| {
            while IS_OVER.load(Relaxed) == 0 {
                assert_eq!(block_on(busy(1)), 1);
                assert_eq!(block_on(busy::many([1, 2, 3])), [1, 2, 3]);
                let _ = block_on(busy::warm([1, 4]).quiet().into_future());
                block_on(busy::refresh(1));
                caches().set("attacks_busy", cache()).unwrap();
            }
        });
        for _ in 0..100 {
            overrides().set("attacks_busy", Override::off()).unwrap();
            let runs = BUSY.load(Relaxed);
            for _ in 0..3 {
                block_on(busy(1));
                block_on(busy::many([1, 2]));
            }
            assert!(BUSY.load(Relaxed) >= runs + 9);
            overrides().set("attacks_busy", Override::on()).unwrap();
            block_on(busy(1));
        }
        IS_OVER.store(1, Relaxed);
    });
    let runs = BUSY.load(Relaxed);
    overrides().set("attacks_busy", Override::off()).unwrap();
    block_on(busy(1));
    block_on(busy::many([1, 2]));
    assert_eq!(BUSY.load(Relaxed), runs + 3);
    overrides().set("attacks_busy", Override::on()).unwrap();
    block_on(busy(1));
    let (runs, hits) = (BUSY.load(Relaxed), busy::stats().local_hits);
    (0..10).for_each(|_| assert_eq!(block_on(busy(1)), 1));
    assert_eq!(BUSY.load(Relaxed), runs);
    assert_eq!(busy::stats().local_hits, hits + 10);
}

struct Repo<T>(T);

impl Repo<u8> {
    #[cache_result(timeout = 60, key(id), key_prefix = "attacks_inherent")]
    fn inherent(&self, id: u64) -> u64 {
        id + u64::from(self.0)
    }
}

trait Lists {
    fn of_trait(&self, id: u64) -> u64;
}

impl<T> Lists for Repo<T> {
    #[cache_result(timeout = 60, key(id), key_prefix = "attacks_of_trait")]
    fn of_trait(&self, id: u64) -> u64 {
        id
    }
}

impl Lists for [u8; 3] {
    #[cache_result(timeout = 60, key(id), key_prefix = "attacks_of_array")]
    fn of_trait(&self, id: u64) -> u64 {
        id
    }
}

#[cache_result(timeout = 60, key_prefix = "attacks_generic")]
fn generic<T: serde::Serialize>(of: T) -> usize {
    size_of_val(&of)
}

#[cache_result(timeout = 60)]
fn r#match(n: u64) -> u64 {
    n
}

#[cache_result(timeout = 60, key_prefix = "attacks_straße")]
fn straße(n: u64) -> u64 {
    n
}

mod inner {
    use cache_runtime::cache_result;

    pub(super) fn outer() {
        #[cache_result(timeout = 60, key_prefix = "attacks_nested")]
        fn nested(n: u64) -> u64 {
            n
        }
        nested(1);
    }
}

#[test]
fn functions_are_found_by_the_names_that_people_say() {
    Repo(7_u8).inherent(1);
    Repo("").of_trait(1);
    [1_u8, 2, 3].of_trait(1);
    assert_eq!(generic(1_u8) + generic(1_u64), 9);
    r#match(1);
    straße(1);
    inner::outer();
    let is_off = |prefix: &str| {
        let mut all = functions().into_iter();
        let function = all.find(|function| function.key_prefix.ends_with(prefix));
        function.unwrap().overridden.is_off == Some(true)
    };
    for (name, prefix) in [
        ("Repo::inherent", "attacks_inherent"),
        ("attacks::Repo::inherent", "attacks_inherent"),
        ("Repo::of_trait", "attacks_of_trait"),
        ("monitoring::attacks::Repo::of_*", "attacks_of_trait"),
        (r"\[u8;?3\]::of_trait", "attacks_of_array"),
        ("attacks::generic", "attacks_generic"),
        ("match", "match"),
        ("attacks::match", "match"),
        ("straße", "attacks_straße"),
        ("stra?e", "attacks_straße"),
        ("outer::nested", "attacks_nested"),
        ("inner::*", "attacks_nested"),
    ] {
        assert!(!is_off(prefix), "{name}");
        overrides().set(name, Override::off()).unwrap();
        assert!(
            is_off(prefix),
            "{name} of {:?}",
            functions()
                .iter()
                .map(|f| f.path.clone())
                .collect::<Vec<_>>()
        );
        assert!(overrides().remove(name));
    }
    let other = "attacks_of_array";
    overrides().set("Repo::of_trait", Override::off()).unwrap();
    assert!(!is_off(other));
    overrides().remove("Repo::of_trait");
}

#[test]
fn timeouts_are_read_or_refused() {
    for (text, seconds) in [
        ("0", 0),
        ("-1", 0),
        ("1.5", 1),
        ("10 m", 600),
        ("1e3", 1000),
    ] {
        overrides()
            .set_all(&format!("attacks_no_such={text}"))
            .unwrap();
        let all = overrides().all();
        let (_, what) = all
            .iter()
            .find(|(name, _)| name == "attacks_no_such")
            .unwrap();
        let life = match what.timeout.unwrap() {
            Timeout::After(life) => life.as_secs(),
            Timeout::Expired => 0,
            other => panic!("{other:?}"),
        };
        assert_eq!(life, seconds, "{text}");
    }
    for text in ["nan", "", "m", "10 parsecs", "1,5", "Off", "1e400d", "--1"] {
        let said = overrides().set_all(&format!("attacks_no_such={text}"));
        assert_eq!(said.unwrap_err().kind(), ErrorKind::Config, "{text}");
    }
    overrides().remove("attacks_no_such");
}

#[cfg(unix)]
#[test]
fn an_environment_that_is_no_unicode_is_an_error_that_is_told() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let name = "attacks::an_environment_that_is_no_unicode_is_an_error_that_is_told";
    let child = alone(name, |command| {
        let mut text = b"handled=off,,b\xffd=off, in_handler = 1m ,".to_vec();
        text.extend(b"attacks_very_long_*=1,".repeat(2000));
        command.env("CACHE_FUNCTIONS", OsStr::from_bytes(&text));
        command.env("CACHE_URL", OsStr::from_bytes(b"memory://\xff"));
    });
    if child.is_some() {
        return;
    }
    let error = overrides().check_environment().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(
        error.to_string().contains("cannot name functions"),
        "{error}"
    );
    let heard = hear(Level::ERROR, || _ = (handled(1), handled(1)));
    assert_eq!(handled::stats().hits, 0);
    assert!(heard.concat().contains("CACHE_URL"), "{heard:#?}");
    // It is not as if nothing had been said: such a program would think that it shares its cache.
    let error = caches().get("default").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert_eq!(overrides().all()[1].0, "in_handler");
}

#[cfg(unix)]
#[test]
fn what_is_wrong_with_the_environment_is_told_once_to_a_handler_that_calls_functions() {
    let name = "attacks::what_is_wrong_with_the_environment_is_told_once_to_a_handler_that_calls_functions";
    if alone(name, |command| {
        _ = command.env("CACHE_FUNCTIONS", "nonsense,f*=on")
    })
    .is_some()
    {
        return;
    }
    in_time(|| {
        tracing::subscriber::with_default(Handler(all_there_is), || _ = handled(1));
    });
}
