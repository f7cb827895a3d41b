//! In axum: on a router, on one route, behind `nest`.

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::routing::get;
use cache_runtime::Cache;
use cache_web::cache_page;
use std::sync::atomic::{AtomicU32, Ordering};
use tower::ServiceExt;

use crate::site::{Answer, read};

async fn ask(app: &Router, method: &str, path: &str) -> Answer {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .body(Body::empty())
        .unwrap();
    read(app.clone().oneshot(request).await.unwrap()).await
}

fn counting(name: &'static str) -> axum::routing::MethodRouter {
    static CALLS: AtomicU32 = AtomicU32::new(0);
    get(async move || format!("{name} {}", CALLS.fetch_add(1, Ordering::SeqCst)))
}

#[tokio::test]
async fn on_a_router_and_on_one_route() {
    let layer = cache_page(600).cache(Cache::isolated());
    let app = Router::new()
        .route("/a", counting("a"))
        .route("/b", counting("b").layer(layer.clone()))
        .route("/c", counting("c"))
        .route_layer(layer.clone())
        .route("/d", counting("d"));
    for path in ["/a", "/b", "/c"] {
        let first = ask(&app, "GET", path).await.body;
        assert!(first.starts_with(&path[1..]));
        assert_eq!(ask(&app, "GET", path).await.body, first);
        let head = ask(&app, "HEAD", path).await;
        assert_eq!(
            head.header("content-length").unwrap(),
            first.len().to_string()
        );
    }
    assert_ne!(
        ask(&app, "GET", "/d").await.body,
        ask(&app, "GET", "/d").await.body
    );
    let app = Router::new().route("/e", counting("e")).layer(layer);
    assert_eq!(
        ask(&app, "GET", "/e").await.body,
        ask(&app, "GET", "/e").await.body
    );
    assert_eq!(ask(&app, "GET", "/missing").await.status, 404);
}

#[tokio::test]
async fn behind_a_nest_pages_are_told_apart_by_the_uri_of_the_client() {
    let layer = cache_page(600).cache(Cache::isolated());
    let layer = layer.tags(|uri, _| vec![format!("of:{uri}")]);
    let part = |name| {
        Router::new()
            .route("/x", counting(name))
            .layer(layer.clone())
    };
    let app = Router::new().nest("/a", part("a")).nest("/b", part("b"));
    let one = ask(&app, "GET", "/a/x").await.body;
    let other = ask(&app, "GET", "/b/x").await.body;
    assert!(
        one.starts_with('a') && other.starts_with('b'),
        "{one} {other}"
    );
    assert_eq!(ask(&app, "GET", "/a/x").await.body, one);

    let pages = layer.pages();
    pages.forget_prefix("/b").await.unwrap();
    assert_eq!(ask(&app, "GET", "/a/x").await.body, one);
    let other = ask(&app, "GET", "/b/x").await.body;
    pages.forget_tag("of:/a/x").await.unwrap();
    assert_eq!(ask(&app, "GET", "/b/x").await.body, other);
    assert_ne!(ask(&app, "GET", "/a/x").await.body, one);
}

#[tokio::test]
async fn a_page_may_be_named_by_something_else() {
    let layer = cache_page(600).cache(Cache::isolated());
    // Where trackers write into the query, and the pages do not look at it.
    let layer = layer.uri(|parts| parts.uri.path().parse().unwrap());
    let app = Router::new().route("/x", counting("x")).layer(layer);
    let one = ask(&app, "GET", "/x?from=mail").await.body;
    assert_eq!(ask(&app, "GET", "/x?from=search").await.body, one);
}
