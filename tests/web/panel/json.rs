//! The shape of the JSON form, which other programs rely on.

use std::time::Duration;

use cache_runtime::cache_result;
use cache_web::panel::Panel;
use serde_json::Value;

use crate::world::{cache, get};

#[cache_result(timeout = "10m", key_prefix = "panel_json", cache = "json")]
async fn shaped(n: u64) -> u64 {
    tokio::time::sleep(Duration::from_millis(2)).await;
    n
}

/// The names of an object's fields, sorted.
fn fields(of: &Value) -> Vec<&str> {
    let mut fields: Vec<&str> = of.as_object().unwrap().keys().map(String::as_str).collect();
    fields.sort_unstable();
    fields
}

fn find<'v>(list: &'v Value, field: &str, value: &str) -> &'v Value {
    let list = list.as_array().unwrap();
    list.iter().find(|one| one[field] == value).unwrap()
}

#[tokio::test]
async fn the_report_has_these_fields() {
    cache("json");
    for n in [1, 1, 1, 2] {
        shaped(n).await;
    }
    let answer = get(&Panel::new(), "/api/report").await;
    assert_eq!(answer.headers["content-type"], "application/json");
    let report = answer.json();
    assert_eq!(fields(&report), ["caches", "functions", "version"]);
    assert_eq!(report["version"], 1);

    let function = find(&report["functions"], "name", "shaped");
    assert_eq!(
        fields(function),
        [
            "cache",
            "executions",
            "file",
            "is_off",
            "key_prefix",
            "line",
            "name",
            "path",
            "stats",
            "time_saved_ms",
            "timeout",
            "timeout_override"
        ]
    );
    assert_eq!(function["path"], "web_panel::json::shaped");
    assert_eq!(function["timeout"], 600.0);
    assert_eq!(function["cache"], "json");
    assert_eq!(
        (&function["is_off"], &function["timeout_override"]),
        (&false.into(), &Value::Null)
    );
    let stats = [
        "collisions",
        "deletes",
        "errors",
        "evictions",
        "hit_ratio",
        "hits",
        "joined",
        "local_hits",
        "misses",
        "sets",
        "stale",
        "too_large",
        "undecodable",
    ];
    assert_eq!(fields(&function["stats"]), stats);
    assert_eq!(
        (&function["stats"]["hits"], &function["stats"]["hit_ratio"]),
        (&Value::from(2), &Value::from(0.5))
    );
    let timings = ["count", "longest_ms", "mean_ms", "total_ms"];
    assert_eq!(fields(&function["executions"]), timings);
    assert_eq!(function["executions"]["count"], 2);
    let mean = function["executions"]["mean_ms"].as_f64().unwrap();
    assert!((2.0..1000.0).contains(&mean), "{mean}");
    assert_eq!(
        function["time_saved_ms"].as_f64().unwrap().round(),
        (mean * 2.0).round()
    );

    let cache = find(&report["caches"], "alias", "json");
    assert_eq!(
        fields(cache),
        [
            "alias",
            "breaker",
            "error",
            "key_prefix",
            "key_version",
            "local",
            "operations",
            "stats",
            "store",
            "timeout",
            "url"
        ]
    );
    assert_eq!(
        (&cache["store"], &cache["key_version"], &cache["timeout"]),
        (&"memory".into(), &1.into(), &300.0.into())
    );
    assert_eq!(
        fields(&cache["local"]),
        ["bytes", "entries", "max_bytes", "max_entries"]
    );
    assert_eq!(cache["local"]["entries"], 2);
    assert_eq!(fields(&cache["stats"]), stats);
    assert_eq!(fields(&cache["operations"]), timings);
}

#[tokio::test]
async fn the_requests_have_these_fields() {
    let panel = Panel::new();
    let empty = get(&panel, "/api/requests").await.json();
    assert_eq!(
        empty,
        serde_json::json!({ "version": 1, "last": 0, "requests": [] })
    );
    crate::requests::app(&panel)
        .await
        .get("/page/7?secret=x")
        .await;
    let answer = get(&panel, "/api/requests").await.json();
    let request = &answer["requests"][0];
    assert_eq!(
        fields(request),
        [
            "at_ms", "events", "hits", "id", "left_out", "method", "misses", "path", "status",
            "took_ms"
        ]
    );
    assert_eq!(
        (&request["method"], &request["path"], &request["status"]),
        (&"GET".into(), &"/page/7".into(), &200.into())
    );
    assert_eq!(
        fields(&request["events"][0]),
        [
            "began_ms",
            "cache",
            "depth",
            "key",
            "kind",
            "name",
            "outcome",
            "store_failed",
            "took_ms"
        ]
    );
}
