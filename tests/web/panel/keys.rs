//! Looking up a key: what is told of it, and what is not unless it is asked for.

use cache_runtime::{Cache, cache_result, caches};
use cache_tests::PATIENT;
use cache_tests::redis_server::RedisServer;
use cache_web::panel::Panel;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::world::{cache, get};

#[derive(Clone, Serialize, Deserialize)]
struct Task {
    title: String,
    tags: Vec<u32>,
}

#[cache_result(
    timeout = 60,
    key_prefix = "panel_task",
    cache = "keys",
    tags("task:{id}")
)]
async fn task(id: u64) -> Task {
    Task {
        title: "tell nobody".to_owned(),
        tags: vec![1, 2],
    }
}

#[tokio::test]
async fn a_value_is_hidden_unless_it_is_asked_for() {
    let cache = cache("hidden");
    cache.set("a", "tell nobody", 60).await.unwrap();
    let panel = Panel::new();
    let page = get(&panel, "/?cache=hidden&key=a").await;
    assert!(
        page.has("<dd>string</dd>") && page.has("<dt>size</dt>"),
        "{}",
        page.text
    );
    assert!(!page.has("tell nobody"));
    assert!(page.has("name=\"value\">"));
    let page = get(&panel, "/?cache=hidden&key=a&value=on").await;
    assert!(
        page.has("<pre>&quot;tell nobody&quot;</pre>"),
        "{}",
        page.text
    );
    assert!(page.has("name=\"value\" checked>"));
    let answer = get(&panel, "/api/key?cache=hidden&key=a").await.json();
    assert_eq!(
        (&answer["type"], answer.get("value")),
        (&json!("string"), None)
    );
    let answer = get(&panel, "/api/key?cache=hidden&key=a&value=1")
        .await
        .json();
    assert_eq!(answer["value"], "tell nobody");
    assert!(!get(&panel, "/").await.has("tell nobody"));
    // Nobody has read it.
    assert_eq!((cache.stats().hits, cache.stats().misses), (0, 0));
}

async fn a_typed_entry_is_read(in_process: bool) {
    task(7).await;
    let key = task::entry(7).key().to_string();
    let panel = Panel::new();
    let name = key.strip_prefix("keys:1:").unwrap();
    for key in [&*key, name] {
        let address = format!(
            "/api/key?cache=keys&value=1&key={}",
            key.replace(':', "%3A")
        );
        let answer = get(&panel, &address).await.json();
        assert_eq!(answer["found"], true, "{key}");
        assert_eq!(answer["in_process"], in_process);
        assert_eq!(answer["type"], "object");
        assert_eq!(
            answer["value"],
            json!({ "title": "tell nobody", "tags": [1, 2] })
        );
        assert_eq!(answer["tags"], json!(["task:7"]));
        let left = answer["left"].as_f64().unwrap();
        assert!((50.0..=60.0).contains(&left), "{left}");
        assert!(answer["bytes"].as_u64().unwrap() > 10);
    }
    task::entry(7).delete().await.unwrap();
    let answer = get(&panel, &format!("/api/key?cache=keys&key={key}")).await;
    assert_eq!(
        answer.json(),
        json!({ "version": 1, "cache": "keys", "key": key, "found": false })
    );
    let page = get(&panel, &format!("/?cache=keys&key={key}")).await;
    assert!(page.has("Nothing is kept under"));
}

#[tokio::test]
async fn entries_of_functions_are_read_whatever_their_type() {
    cache("keys");
    a_typed_entry_is_read(true).await;
    let server = RedisServer::start();
    let url = format!("{}?key_prefix=keys&{PATIENT}", server.url(0));
    caches()
        .set("keys", Cache::from_url(&url).unwrap())
        .unwrap();
    a_typed_entry_is_read(false).await;
}

#[tokio::test]
async fn large_values_are_cut_on_the_page_and_whole_in_json() {
    let cache = cache("large");
    let text = "ä".repeat(100_000);
    cache.set("a", &text, 60).await.unwrap();
    let panel = Panel::new();
    let page = get(&panel, "/?cache=large&key=a&value=on").await;
    assert!(page.text.len() < 80 << 10);
    assert!(page.has("more; all of it is in"));
    let answer = get(&panel, "/api/key?cache=large&key=a&value=1")
        .await
        .json();
    assert_eq!(answer["value"], Value::String(text));
}

#[tokio::test]
async fn what_goes_wrong_is_said() {
    let panel = Panel::new();
    let page = get(&panel, "/?cache=no_such_cache&key=a").await;
    assert_eq!(page.status, 200);
    assert!(page.has("class=\"bad\"") && page.has("no cache has the alias"));
    let answer = get(&panel, "/api/key?cache=no_such_cache&key=a").await;
    assert_eq!(answer.status, 502);
    assert!(answer.has("no cache has the alias"));
}
