//! The metrics as a real exporter for Prometheus writes them.

use std::time::Duration;

use cache_runtime::testing::{Fault, FaultyStore, When, isolated};
use cache_runtime::{
    Cache, Clock, ErrorKind, Override, cache_result, caches, overrides, publish_metrics,
};
use metrics_exporter_prometheus::PrometheusBuilder;

use super::log::OwnStore;

/// What a scrape after `f` says.
fn scraped(f: impl FnOnce()) -> String {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    metrics::with_local_recorder(&recorder, || {
        f();
        publish_metrics();
        publish_metrics();
    });
    handle.render()
}

fn value(text: &str, name: &str, labels: &[&str]) -> Option<f64> {
    let of_name = |line: &&str| line.split(['{', ' ']).next() == Some(name);
    let is_it = |line: &&str| labels.iter().all(|label| line.contains(label));
    let mut lines = text.lines().filter(of_name).filter(is_it);
    let line = lines.next()?;
    assert!(
        lines.next().is_none(),
        "several are meant: {name} {labels:?}"
    );
    line.rsplit(' ').next()?.parse().ok()
}

#[cache_result(timeout = 60, key_prefix = "metered", cache = "metered", skip(clock))]
fn metered(clock: &Clock, n: u64) -> u64 {
    clock.advance(Duration::from_millis(50));
    n
}

#[test]
fn a_scrape_has_functions_and_caches_with_their_names() {
    let (cache, clock) = isolated();
    caches().set("metered", cache).unwrap();
    let text = scraped(|| {
        (0..2).for_each(|_| assert_eq!(metered(&clock, 1) + metered(&clock, 2), 3));
        metered::entry(&clock, 2).delete().unwrap();
    });
    let function = r#"cache_function="monitoring::metrics::metered""#;
    let of = |name, label| value(&text, name, &[function, label]).unwrap();
    let alias = r#"cache_name="metered""#;
    assert_eq!(of("cache_function_requests", r#"cache_outcome="hit""#), 2.0);
    assert_eq!(
        of("cache_function_requests", r#"cache_outcome="store_hit""#),
        0.0
    );
    assert_eq!(
        of("cache_function_requests", r#"cache_outcome="miss""#),
        2.0
    );
    assert_eq!(of("cache_function_writes", r#"cache_operation="set""#), 2.0);
    assert_eq!(
        of("cache_function_writes", r#"cache_operation="delete""#),
        1.0
    );
    assert_eq!(
        of("cache_function_errors", r#"error_type="too_large""#),
        0.0
    );
    assert_eq!(of("cache_function_executions", alias), 2.0);
    assert_eq!(of("cache_function_time_saved", alias), 0.1);
    assert_eq!(of("cache_function_switched_off", alias), 0.0);
    assert_eq!(of("cache_function_duration_count", alias), 2.0);
    assert_eq!(of("cache_function_duration_sum", alias), 0.1);

    let of = |name, label| value(&text, name, &[alias, r#"cache_store="memory""#, label]);
    assert_eq!(of("cache_entries", ""), Some(1.0));
    assert_eq!(of("cache_requests", r#"cache_outcome="hit""#), Some(2.0));
    assert_eq!(of("cache_up", ""), Some(1.0));
    assert_eq!(of("cache_store_operations", ""), None);
    assert!(text.contains("# HELP cache_function_duration How long the function's body took"));
    assert!(text.contains("# TYPE cache_function_requests counter"));

    overrides().set("metered", Override::off()).unwrap();
    let text = scraped(|| assert_eq!(metered(&clock, 1), 1));
    assert_eq!(
        value(&text, "cache_function_switched_off", &[function]),
        Some(1.0)
    );
}

#[cache_result(timeout = 60, key_prefix = "metered_far", cache = "metered_far")]
fn far(n: u64) -> u64 {
    n
}

#[test]
fn a_scrape_has_the_store_and_how_it_fails() {
    let store = FaultyStore::new(OwnStore::default());
    let cache = Cache::builder().store(store.clone()).build().unwrap();
    caches().set("metered_far", cache).unwrap();
    let alias = r#"cache_name="metered_far""#;
    let text = scraped(|| assert_eq!(far(1), 1));
    assert_eq!(value(&text, "cache_up", &[alias]), Some(1.0));
    let asked = value(&text, "cache_store_operations", &[alias]).unwrap();
    assert!(asked >= 2.0, "{asked}");
    let own = r#"cache_store="own""#;
    let get = [own, r#"cache_operation="get""#];
    assert_eq!(value(&text, "cache_store_duration_count", &get), Some(1.0));

    store.inject(Fault::Error(ErrorKind::Unavailable), When::Every(1));
    let text = scraped(|| (2..9).for_each(|n| assert_eq!(far(n), n)));
    assert_eq!(value(&text, "cache_up", &[alias]), Some(0.0));
    let function = r#"cache_function="monitoring::metrics::far""#;
    let errors = [function, r#"error_type="store""#];
    assert!(value(&text, "cache_function_errors", &errors) > Some(0.0));
    let failed = [own, r#"cache_operation="get""#, r#"error_type="store""#];
    assert!(value(&text, "cache_store_duration_count", &failed) > Some(0.0));
}
