//! The header `Server-Timing`.

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::routing::get;
use cache_runtime::{Kind, Outcome, TraceEvent, cache_result, note};
use cache_web::panel::{Panel, server_timing};
use tower::ServiceExt;

#[cache_result(timeout = 60, key_prefix = "panel_timed")]
async fn timed(secret: &str) -> String {
    secret.to_uppercase()
}

struct Repo;

impl Repo {
    #[cache_result(timeout = 60, key_prefix = "panel_method", skip(self))]
    pub(crate) async fn list(&self, n: u64) -> u64 {
        let _ = self;
        n
    }
}

async fn headers(router: Router) -> Vec<String> {
    let request = Request::get("/").body(Body::empty()).unwrap();
    let response = router.oneshot(request).await.unwrap();
    let values = response.headers().get_all("server-timing").iter();
    values
        .map(|value| value.to_str().unwrap().to_owned())
        .collect()
}

/// Names and descriptions, without times.
fn metrics(header: &str) -> Vec<String> {
    let metrics = header.split(", ").map(|metric| {
        let (text, time) = metric.rsplit_once(";dur=").unwrap_or((metric, ""));
        assert!(time.is_empty() || time.parse::<f64>().is_ok(), "{metric}");
        text.to_owned()
    });
    metrics.collect()
}

#[tokio::test]
async fn it_tells_of_each_function_what_came_of_it() {
    let work = async || {
        Repo.list(1).await;
        for _ in 0..3 {
            timed("hunter2").await;
        }
        timed("other").await;
    };
    let router = Router::new().route("/", get(work)).layer(server_timing());
    let headers = headers(router).await;
    let [header] = &headers[..] else {
        panic!("{headers:?}")
    };
    assert!(
        header.starts_with("cache;desc=\"2 hits, 3 misses\";dur="),
        "{header}"
    );
    let mut metrics = metrics(
        header
            .split_once(", ")
            .unwrap()
            .1
            .split_once(", ")
            .unwrap()
            .1,
    );
    metrics.sort();
    assert_eq!(
        metrics,
        [
            "Repo.list;desc=\"miss\"",
            "timed;desc=\"hit x2\"",
            "timed;desc=\"miss x2\""
        ]
    );
    for secret in ["hunter2", "HUNTER2", "panel_timed", ":"] {
        assert!(!header.contains(secret), "{header}");
    }
}

#[tokio::test]
async fn names_are_tokens_whatever_they_are_made_of() {
    let work = async || {
        for name in ["a b;c,\"d\"\r\nx: y", "ä<script>", &"long".repeat(50)] {
            note(|| TraceEvent::new(Kind::Fragment, name.to_owned(), Outcome::Hit).key("secret"));
        }
        note(|| TraceEvent::new(Kind::Page, "/users/hunter2", Outcome::Hit));
        note(|| TraceEvent::new(Kind::Session, "hunter2", Outcome::Miss));
    };
    let router = Router::new().route("/", get(work)).layer(server_timing());
    let header = headers(router).await.remove(0);
    for metric in header.split(", ").skip(2) {
        let name = metric.split(';').next().unwrap();
        let is_token = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
        assert!(name.chars().all(is_token) && name.len() <= 60, "{name}");
    }
    assert!(
        header.contains("a_b_c__d___x__y;") && header.contains("___script_;")
            || header.contains("__script_;"),
        "{header}"
    );
    assert!(header.contains("page;desc=\"hit\"") && header.contains("session;desc=\"miss\""));
    assert!(
        !header.contains("hunter2") && !header.contains("secret"),
        "{header}"
    );
}

#[tokio::test]
async fn it_is_short_and_it_is_not_there_where_nothing_was_asked() {
    let work = async || {
        for n in 0..100 {
            note(|| TraceEvent::new(Kind::Fragment, format!("f{n}"), Outcome::Hit));
        }
    };
    let router = Router::new().route("/", get(work)).layer(server_timing());
    let header = headers(router).await.remove(0);
    assert_eq!(header.matches("desc=").count(), 21);
    assert!(header.len() < 1000);
    let plain = Router::new()
        .route("/", get(async || "plain"))
        .layer(server_timing());
    assert!(headers(plain).await.is_empty());
}

#[tokio::test]
async fn it_stands_beside_the_applications_own_and_works_within_the_panels_layer() {
    let panel = Panel::new();
    let work = async || {
        timed("beside").await;
        [("server-timing", "db;dur=1")]
    };
    let router = Router::new().route("/", get(work));
    let both = router.layer(server_timing()).layer(panel.layer());
    let headers = headers(both).await;
    assert_eq!(headers[0], "db;dur=1");
    assert!(headers[1].starts_with("cache;"));
    let told = crate::world::get(&panel, "/api/requests").await.json();
    assert_eq!(told["requests"][0]["events"][0]["name"], "timed");
}
