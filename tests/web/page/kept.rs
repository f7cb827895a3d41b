//! What is kept, for how long, and what is said of it: timeouts, statuses, `Cache-Control`.

use std::time::Duration;

use cache_runtime::testing::Clock;
use cache_runtime::{Cache, Timeout, current};
use cache_web::{cache_page, http_cache};

use crate::site::{Site, get, page, request, response};

/// Whether a second request finds a page that came with these fields.
async fn is_kept(status: u16, fields: &'static [(&'static str, &'static str)]) -> bool {
    let site = Site::new(cache_page(600), move |seen| {
        response(status, fields, format!("page {}", seen.number))
    });
    site.get("/").await;
    site.get("/").await;
    site.count() == 1
}

#[tokio::test]
async fn a_page_lives_for_its_timeout_and_says_so() {
    let site = Site::new(cache_page(600), |seen| page(&seen, &[]));
    let first = site.get("/a").await;
    assert_eq!(first.body, "page 1");
    assert_eq!(first.header("cache-control"), Some("max-age=600"));
    assert_eq!(first.header("date"), Some("Tue, 14 Nov 2023 22:13:20 GMT"));
    assert_eq!(
        first.header("expires"),
        Some("Tue, 14 Nov 2023 22:23:20 GMT")
    );
    assert_eq!(first.header("last-modified"), first.header("date"));
    assert_eq!(first.header("etag").unwrap().len(), 34);
    assert_eq!(first.header("age"), None);

    site.clock.advance(Duration::from_secs(599));
    let second = site.get("/a").await;
    assert_eq!(second.body, "page 1");
    assert_eq!(second.header("age"), Some("599"));
    assert_eq!(second.header("content-length"), Some("6"));
    for name in ["cache-control", "date", "expires", "etag", "last-modified"] {
        assert_eq!(second.header(name), first.header(name), "{name}");
    }
    site.clock.advance(Duration::from_secs(1));
    assert_eq!(site.get("/a").await.body, "page 2");
}

#[tokio::test]
async fn query_host_and_path_tell_pages_apart() {
    let site = Site::new(cache_page(600), |seen| page(&seen, &[]));
    for (path, host) in [
        ("/a", "x"),
        ("/a?", "x"),
        ("/a?b", "x"),
        ("/a/", "x"),
        ("/a", "y"),
    ] {
        site.get_with(path, &[("host", host)]).await;
        site.get_with(path, &[("host", &host.to_uppercase())]).await;
    }
    assert_eq!(site.count(), 5);
}

#[tokio::test]
async fn a_host_that_is_none_is_not_kept() {
    let site = Site::new(cache_page(600), |seen| page(&seen, &[]));
    for _ in 0..2 {
        // Otherwise the page `/b/c` of the host `a` would have this name as well.
        site.get_with("/c", &[("host", "a/b")]).await;
    }
    assert_eq!(site.count(), 2);
}

#[tokio::test]
async fn head_is_answered_by_get() {
    let site = Site::new(cache_page(600), |seen| page(&seen, &[("x", "y")]));
    let cold = site.ask(request("HEAD", "/", &[])).await;
    assert_eq!(site.count(), 1);
    assert_eq!(cold.header("x"), Some("y"));
    site.get("/").await;
    let warm = site.ask(request("HEAD", "/", &[])).await;
    assert_eq!((site.count(), warm.body.as_str()), (2, ""));
    assert_eq!(warm.header("content-length"), Some("6"));
    assert_eq!(warm.header("x"), Some("y"));
}

#[tokio::test]
async fn only_get_and_head_without_a_body() {
    let site = Site::new(cache_page(600), |seen| page(&seen, &[]));
    site.get("/").await;
    for method in ["OPTIONS", "TRACE", "POST", "PURGE"] {
        site.get("/").await;
        let before = site.count();
        site.ask(request(method, "/", &[])).await;
        assert_eq!(site.count(), before + 1, "{method}");
    }
    let before = site.count();
    for fields in [
        [("content-length", "5")],
        [("transfer-encoding", "chunked")],
        [("if-match", "\"a\"")],
        [("range", "bytes=0-1")],
    ] {
        site.get_with("/", &fields).await;
    }
    assert_eq!(site.count(), before + 4);
}

#[tokio::test]
async fn a_status_other_than_200_is_kept_if_it_says_for_how_long() {
    for status in [201, 204, 301, 302, 400, 404, 410, 500, 503] {
        assert!(!is_kept(status, &[]).await, "{status}");
        assert!(
            is_kept(status, &[("cache-control", "max-age=60")]).await,
            "{status}"
        );
        assert!(!is_kept(status, &[("expires", "0")]).await, "{status}");
    }
    for status in [206, 304] {
        assert!(
            !is_kept(status, &[("cache-control", "max-age=60")]).await,
            "{status}"
        );
    }
}

#[tokio::test]
async fn a_404_lives_as_long_as_it_says() {
    let fields = &[("cache-control", "max-age=60")];
    let site = Site::new(cache_page(600), |_| response(404, fields, "no"));
    site.get("/").await;
    site.clock.advance(Duration::from_secs(60));
    site.get("/").await;
    assert_eq!(site.count(), 2);
}

#[tokio::test]
async fn the_timeout_comes_before_max_age() {
    let fields = &[("cache-control", "max-age=60, public")];
    let site = Site::new(cache_page(600), |seen| page(&seen, fields));
    site.get("/").await;
    site.clock.advance(Duration::from_secs(599));
    let hit = site.get("/").await;
    assert_eq!(hit.body, "page 1");
    assert_eq!(hit.header("cache-control"), Some("max-age=60, public"));

    let fields = &[("cache-control", "public, max-age=6000")];
    let site = Site::new(cache_page(600), |seen| page(&seen, fields));
    assert_eq!(
        site.get("/").await.header("cache-control"),
        Some("public, max-age=600")
    );
}

#[tokio::test]
async fn without_a_timeout_the_page_says_it_or_300_seconds() {
    for (fields, life) in [
        (&[("cache-control", "max-age=60")][..], 60),
        (&[("cache-control", "max-age=60, s-maxage=90")], 90),
        (&[], 300),
    ] {
        let site = Site::new(cache_page(Timeout::Default), move |seen| {
            page(&seen, fields)
        });
        site.get("/").await;
        site.clock.advance(Duration::from_secs(life - 1));
        assert_eq!(site.get("/").await.body, "page 1", "{fields:?}");
        site.clock.advance(Duration::from_secs(1));
        assert_eq!(site.get("/").await.body, "page 2", "{fields:?}");
    }
}

#[tokio::test]
async fn never_and_nothing() {
    let site = Site::new(cache_page(Timeout::Never), |seen| page(&seen, &[]));
    site.get("/").await;
    site.clock
        .advance(Duration::from_secs(50 * 365 * 24 * 3600));
    let hit = site.get("/").await;
    assert_eq!(hit.body, "page 1");
    assert_eq!(hit.header("cache-control"), Some("max-age=31536000"));
    let site = Site::new(cache_page(0), |seen| page(&seen, &[]));
    site.get("/").await;
    assert_eq!(site.get("/").await.body, "page 2");
}

#[tokio::test]
async fn what_a_response_forbids_in_any_case() {
    for forbidden in [
        &[("cache-control", "no-store")],
        &[("cache-control", "PRIVATE")],
        &[("cache-control", "private=\"a\"")],
        &[("cache-control", "public, No-Cache")],
        &[("cache-control", "no-cache=\"a\"")],
        &[("cache-control", "max-age=0")],
        &[("cache-control", "max-age=5, s-maxage=0")],
        &[("cache-control", "must-understand, No-Store,max-age=5")],
    ] {
        let is_understood = forbidden[0].1.starts_with("must-understand");
        // A 200 is understood, and then `no-store` is for those who do not understand it.
        assert_eq!(
            is_kept(200, forbidden).await,
            is_understood,
            "{forbidden:?}"
        );
    }
    assert!(!is_kept(599, &[("cache-control", "must-understand, max-age=5")]).await);
    assert!(is_kept(200, &[("cache-control", "public, foo=\"no-store\"")]).await);
}

#[tokio::test]
async fn what_a_request_forbids() {
    let site = Site::new(cache_page(600), |seen| page(&seen, &[]));
    let with = async |control: &str| site.get_with("/", &[("cache-control", control)]).await;
    with("no-store").await;
    assert_eq!(site.get("/").await.body, "page 2");
    assert_eq!(with("No-Store").await.body, "page 3");
    assert_eq!(site.get("/").await.body, "page 2");
    assert_eq!(with("no-cache").await.body, "page 4");
    assert_eq!(site.get("/").await.body, "page 4");
    site.clock.advance(Duration::from_secs(10));
    assert_eq!(with("max-age=10").await.body, "page 4");
    assert_eq!(with("min-fresh=590").await.body, "page 4");
    assert_eq!(with("min-fresh=591").await.body, "page 5");
    site.clock.advance(Duration::from_secs(10));
    assert_eq!(with("max-age=9").await.body, "page 6");
    assert_eq!(with("only-if-cached").await.body, "page 6");
    let missing = site
        .get_with("/b", &[("cache-control", "only-if-cached")])
        .await;
    assert_eq!(missing.status, 504);
    assert_eq!(site.count(), 6);
    site.clock.advance(Duration::from_secs(1));
    site.get_with("/", &[("pragma", "no-cache")]).await;
    assert_eq!(site.count(), 7);
}

#[tokio::test]
async fn a_request_need_not_be_heard() {
    let layer = cache_page(600).ignore_request_directives();
    let site = Site::new(layer, |seen| page(&seen, &[]));
    site.get("/").await;
    for control in ["no-cache", "max-age=0", "only-if-cached"] {
        site.get_with("/", &[("cache-control", control)]).await;
    }
    site.get_with("/b", &[("cache-control", "only-if-cached")])
        .await;
    assert_eq!(site.count(), 2);
}

#[tokio::test]
async fn key_prefixes_keep_layers_apart() {
    let one = Site::new(cache_page(600).key_prefix("one"), |seen| page(&seen, &[]));
    let two = Site::within(
        one.cache.clone(),
        one.clock.clone(),
        cache_page(600).key_prefix("two"),
        |seen| async move { page(&seen, &[]) },
    );
    one.get("/").await;
    two.get("/").await;
    assert_eq!((one.count(), two.count()), (1, 1));
    let keys = one.cache.keys("*").await.unwrap();
    assert!(keys.contains(&"page:one:/".to_owned()), "{keys:?}");
}

#[tokio::test]
async fn what_was_done_is_said_if_it_is_asked_for() {
    let site = Site::new(http_cache().cache_status("here"), |seen| {
        page(&seen, &[("cache-control", "max-age=60")])
    });
    let told = async |request| {
        site.ask(request)
            .await
            .header("cache-status")
            .map(str::to_owned)
    };
    assert_eq!(
        told(get("/", &[])).await.unwrap(),
        "here; fwd=uri-miss; stored"
    );
    site.clock.advance(Duration::from_secs(10));
    assert_eq!(told(get("/", &[])).await.unwrap(), "here; hit; ttl=50");
    let asked = told(get("/", &[("cache-control", "no-cache")])).await;
    assert_eq!(asked.unwrap(), "here; fwd=request; stored");
    assert_eq!(
        told(request("POST", "/", &[])).await.unwrap(),
        "here; fwd=method"
    );
    let site = Site::new(cache_page(60), |seen| page(&seen, &[]));
    assert_eq!(site.get("/").await.header("cache-status"), None);
}

#[tokio::test]
async fn what_the_cache_does_not_take_is_not_told_as_stored() {
    let long = "t".repeat(300);
    for (path, is_kept) in [("/", true), ("/large", false), ("/tag", false)] {
        for fields in [&[][..], &[("vary", "X")]] {
            let long = long.clone();
            let (cache, clock) = (
                Cache::from_url("memory://?max_value_size=2KiB").unwrap(),
                Clock::manual(),
            );
            let layer = cache_page(600).cache_status("here");
            let site = Site::within(cache, clock, layer, move |seen| {
                let long = long.clone();
                async move {
                    match seen.parts.uri.path() {
                        "/tag" => {
                            current().tag(long);
                            page(&seen, fields)
                        }
                        "/large" => response(200, fields, "x".repeat(5000)),
                        _ => page(&seen, fields),
                    }
                }
            });
            for _ in 0..2 {
                let told = site.get(path).await;
                let told = told.header("cache-status").unwrap();
                let is_told = told.ends_with("; stored") || told.contains("hit");
                assert_eq!(is_told, is_kept, "{path} {fields:?}: {told}");
            }
            assert_eq!(site.count(), 2 - usize::from(is_kept), "{path} {fields:?}");
        }
    }
}
