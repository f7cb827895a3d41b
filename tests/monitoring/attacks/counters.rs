//! Counters that must not go back, and a publisher that must not end.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use cache_runtime::{Cache, cache_result, caches, publish_metrics, publish_metrics_every};
use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use metrics_exporter_prometheus::PrometheusBuilder;

use super::{alone, handled};

fn scraped(prometheus: &metrics_exporter_prometheus::PrometheusRecorder) -> String {
    metrics::with_local_recorder(prometheus, publish_metrics);
    prometheus.handle().render()
}

fn value(text: &str, labels: &[&str]) -> u64 {
    let mut lines = text.lines();
    let line = lines.find(|line| labels.iter().all(|label| line.contains(label)));
    line.unwrap().rsplit(' ').next().unwrap().parse().unwrap()
}

#[cache_result(
    timeout = 60,
    key_prefix = "attacks_replaced",
    cache = "attacks_replaced"
)]
fn replaced(n: u64) -> u64 {
    n
}

#[test]
fn counters_of_an_alias_go_on_when_it_gets_another_cache() {
    let prometheus = PrometheusBuilder::new().build_recorder();
    let set = |cache: &Cache| caches().set("attacks_replaced", cache.clone()).unwrap();
    let cache = || Cache::from_url("memory://").unwrap();
    let both = || {
        let text = scraped(&prometheus);
        let name = r#"cache_name="attacks_replaced""#;
        let miss = r#"cache_outcome="miss""#;
        ["cache_requests{", "cache_function_requests{"].map(|of| value(&text, &[of, name, miss]))
    };
    let (one, other) = (cache(), cache());
    set(&one);
    (0..5).for_each(|n| _ = replaced(n));
    assert_eq!(both(), [5, 5]);
    set(&other);
    assert_eq!(both(), [5, 5]);
    replaced(1);
    assert_eq!(both(), [6, 6]);
    set(&other);
    assert_eq!(both(), [6, 6]);
    set(&one);
    replaced(7);
    assert_eq!(both(), [7, 7]);
    drop((one, other));
    set(&cache());
    replaced(7);
    assert_eq!(both(), [8, 8]);
}

#[test]
fn two_functions_of_one_path_are_one_series() {
    fn call() {
        {
            #[cache_result(timeout = 60, key_prefix = "attacks_one_path_1")]
            fn one_path(n: u64) -> u64 {
                n
            }
            (0..3).for_each(|n| _ = one_path(n));
        }
        #[cache_result(timeout = 60, key_prefix = "attacks_one_path_2")]
        fn one_path(n: u64) -> u64 {
            n
        }
        (0..5).for_each(|n| _ = one_path(n));
    }
    call();
    let text = scraped(&PrometheusBuilder::new().build_recorder());
    assert_eq!(
        value(&text, &["cache_function_executions{", "call::one_path"]),
        8
    );
}

/// The recorder that is installed is one for the whole process.
#[test]
fn a_recorder_that_panics_once_is_asked_again() {
    static ASKED: AtomicU64 = AtomicU64::new(0);
    struct Panicking;
    impl Recorder for Panicking {
        fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {
            let asked = ASKED.fetch_add(1, Relaxed);
            assert!(asked > 0, "the first time");
        }
        fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
        fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
        fn register_counter(&self, _: &Key, _: &Metadata<'_>) -> Counter {
            Counter::noop()
        }
        fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
            Gauge::noop()
        }
        fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
            Histogram::noop()
        }
    }
    if alone(
        "attacks::counters::a_recorder_that_panics_once_is_asked_again",
        |_| {},
    )
    .is_some()
    {
        return;
    }
    metrics::set_global_recorder(Panicking).unwrap();
    let publisher = publish_metrics_every(Duration::from_millis(1)).unwrap();
    for _ in 0..10_000 {
        if ASKED.load(Relaxed) > 3 {
            break;
        }
        thread::sleep(Duration::from_millis(1));
    }
    assert!(ASKED.load(Relaxed) > 3);
    drop(publisher);
}

#[test]
fn metrics_are_published_from_several_threads() {
    let prometheus = PrometheusBuilder::new().build_recorder();
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                for n in 0..20 {
                    handled(1000 + n);
                    scraped(&prometheus);
                    drop(publish_metrics_every(Duration::MAX).unwrap());
                }
            });
        }
    });
}
