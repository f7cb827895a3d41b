//! Stale pages: while they are renewed, and where nothing newer is to be had.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, Response};
use cache_web::{cache_page, http_cache};
use tokio::task::yield_now;
use tower::{Layer, ServiceExt, service_fn};

use crate::site::{Site, get, page, response};

const SECOND: Duration = Duration::from_secs(1);

async fn settle() {
    for _ in 0..100 {
        yield_now().await;
    }
}

#[tokio::test]
async fn a_stale_page_is_served_and_renewed_behind_by_one() {
    let layer = cache_page(600).stale_while_revalidate(60 * SECOND);
    let site = Site::new(layer, |seen| page(&seen, &[]));
    site.get("/").await;
    site.clock.advance(659 * SECOND);
    let (one, two) = tokio::join!(site.get("/"), site.get("/"));
    assert_eq!((one.body.as_str(), two.body.as_str()), ("page 1", "page 1"));
    assert_eq!(one.header("age"), Some("659"));
    settle().await;
    assert_eq!(site.count(), 2);
    let fresh = site.get("/").await;
    assert_eq!(
        (fresh.body.as_str(), fresh.header("age")),
        ("page 2", Some("0"))
    );
    site.clock.advance(660 * SECOND);
    assert_eq!(site.get("/").await.body, "page 3");
}

#[tokio::test]
async fn the_response_says_for_how_long_it_may_be_stale() {
    let fields = &[(
        "cache-control",
        "stale-while-revalidate=5, stale-if-error=9",
    )];
    let layer = cache_page(600).stale_while_revalidate(60 * SECOND);
    let site = Site::new(layer, |seen| page(&seen, fields));
    site.get("/").await;
    site.clock.advance(604 * SECOND);
    assert_eq!(site.get("/").await.body, "page 1");
    settle().await;
    site.clock.advance(605 * SECOND);
    assert_eq!(site.get("/").await.body, "page 3");
}

#[tokio::test]
async fn what_forbids_it_is_heard() {
    for control in ["must-revalidate", "proxy-revalidate", "s-maxage=600"] {
        let layer = cache_page(600)
            .stale_while_revalidate(60 * SECOND)
            .stale_if_error(60 * SECOND);
        let site = Site::new(layer, move |seen| {
            let status = if seen.number == 1 { 200 } else { 503 };
            response(status, &[("cache-control", control)], "")
        });
        site.get("/").await;
        site.clock.advance(601 * SECOND);
        assert_eq!(site.get("/").await.status, 503, "{control}");
    }
}

#[tokio::test]
async fn a_page_stands_in_for_an_error_of_the_service() {
    for status in [500, 502, 503, 504] {
        let layer = cache_page(600).stale_if_error(60 * SECOND);
        let site = Site::new(layer, move |seen| {
            let status = if seen.number == 1 { 200 } else { status };
            response(status, &[("x", "y")], format!("{status}"))
        });
        site.get("/").await;
        site.clock.advance(659 * SECOND);
        let instead = site.get("/").await;
        assert_eq!(
            (instead.status.as_u16(), instead.body.as_str()),
            (200, "200")
        );
        assert_eq!(instead.header("age"), Some("659"));
        site.clock.advance(SECOND);
        assert_eq!(site.get("/").await.status, status);
        assert_eq!(site.count(), 3);
    }
}

#[tokio::test]
async fn but_not_for_an_answer_that_means_something() {
    let layer = cache_page(600).stale_if_error(60 * SECOND);
    let site = Site::new(layer, |seen| {
        response(if seen.number == 1 { 200 } else { 404 }, &[], "")
    });
    site.get("/").await;
    site.clock.advance(601 * SECOND);
    assert_eq!(site.get("/").await.status, 404);
}

#[tokio::test]
async fn an_error_of_the_inner_service_comes_through_or_is_stood_in_for() {
    let (cache, clock) = cache_runtime::testing::isolated();
    let calls = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let inner = service_fn(move |_: Request<Body>| {
        let is_first = calls.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 0;
        async move {
            let page = Response::new(Body::from("page"));
            if is_first { Ok(page) } else { Err("down") }
        }
    });
    let app = cache_page(600)
        .cache(&cache)
        .stale_if_error(60 * SECOND)
        .layer(inner);
    let ask = || app.clone().oneshot(get("/", &[]));
    assert!(ask().await.is_ok());
    clock.advance(659 * SECOND);
    assert!(ask().await.is_ok());
    clock.advance(SECOND);
    assert_eq!(ask().await.unwrap_err(), "down");
}

#[tokio::test]
async fn a_client_may_want_a_stale_one() {
    let fields = &[("cache-control", "max-age=10"), ("etag", "\"1\"")];
    let site = Site::new(http_cache(), |seen| page(&seen, fields));
    site.get("/").await;
    site.clock.advance(15 * SECOND);
    let stale = async |control| site.get_with("/", &[("cache-control", control)]).await.body;
    assert_eq!(stale("max-stale=5").await, "page 1");
    assert_eq!(stale("max-stale").await, "page 1");
    assert_eq!(stale("max-stale=4").await, "page 2");
}

#[tokio::test]
async fn a_run_behind_that_fails_leaves_the_page() {
    let layer = cache_page(600).stale_while_revalidate(60 * SECOND);
    let site = Site::new(layer, |seen| {
        response(if seen.number == 1 { 200 } else { 500 }, &[], "x")
    });
    site.get("/").await;
    site.clock.advance(601 * SECOND);
    for _ in 0..3 {
        assert_eq!(site.get("/").await.status, 200);
        settle().await;
    }
    // And is not tried again with each request.
    assert_eq!(site.count(), 2);
}
