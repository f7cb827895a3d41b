//! Ways to put something into the cache for others, or to get what is another's.

use std::convert::Infallible;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderValue, Request, Response, Version};
use axum::routing::get as on_get;
use cache_runtime::testing::Clock;
use cache_runtime::{Cache, current};
use cache_web::page::http_cache;
use cache_web::{cache_page, session::CacheStore};
use tower::{Layer, ServiceExt, service_fn};
use tower_sessions::{Session, SessionManagerLayer};

use crate::site::{Site, get, page, read, response};

fn cache() -> Cache {
    Cache::isolated()
}

#[tokio::test]
async fn a_session_that_is_kept_outside_of_the_pages_sets_a_cookie_too() {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let welcome = async |session: Session| {
        let number = NUMBER.fetch_add(1, Ordering::SeqCst);
        session.insert("csrf", number).await.unwrap();
        format!("csrf={number}")
    };
    let app: Router = Router::new()
        .route("/welcome", on_get(welcome))
        .route(
            "/plain",
            on_get(async || NUMBER.fetch_add(1, Ordering::SeqCst).to_string()),
        )
        .layer(cache_page(600).vary_on_cookie().cache(cache()))
        .layer(SessionManagerLayer::new(CacheStore::new(cache())));
    let ask = async |path| {
        let request = Request::get(path).body(Body::empty()).unwrap();
        read(app.clone().oneshot(request).await.unwrap()).await.body
    };
    assert_ne!(ask("/welcome").await, ask("/welcome").await);
    assert_eq!(
        ask("/plain").await,
        ask("/plain").await,
        "it does not touch the session"
    );
}

#[tokio::test]
async fn who_names_two_hosts_makes_no_page_for_either() {
    let site = Site::new(cache_page(600), |seen| {
        response(200, &[], seen.header("host").unwrap_or("").to_owned())
    });
    site.ask(get("http://good.example/", &[("host", "evil.example")]))
        .await;
    let good = site.get_with("/", &[("host", "good.example")]).await;
    assert_eq!(good.body, "good.example");
}

#[tokio::test]
async fn a_target_without_a_path_is_no_page() {
    let app: Router = Router::new()
        .route("/", on_get(async || "home"))
        .fallback(async || "no")
        .layer(cache_page(600).cache(cache()));
    let ask =
        async |request: Request<Body>| read(app.clone().oneshot(request).await.unwrap()).await;
    ask(Request::get("b.example").body(Body::empty()).unwrap()).await;
    assert_eq!(ask(get("/", &[("host", "b.example")])).await.body, "home");
}

#[tokio::test]
async fn a_body_that_no_field_tells_of_is_one() {
    let inner = service_fn(async |request: Request<Body>| {
        let body = to_bytes(request.into_body(), 1000).await.unwrap();
        Ok::<_, Infallible>(Response::new(Body::from(body)))
    });
    let app = cache_page(600).cache(cache()).layer(inner);
    let ask = async |version, body: Body| {
        let request = Request::get("/").version(version).body(body).unwrap();
        read(app.clone().oneshot(request).await.unwrap().map(Body::new))
            .await
            .body
    };
    assert_eq!(ask(Version::HTTP_2, Body::from("evil")).await, "evil");
    assert_eq!(ask(Version::HTTP_11, Body::from("evil")).await, "evil");
    assert_eq!(ask(Version::HTTP_2, Body::empty()).await, "");
}

#[tokio::test]
async fn a_field_for_this_cache_that_says_nothing_hides_nothing() {
    let fields = [
        ("cdn-cache-control", ""),
        ("cdn-cache-control", "garbage"),
        ("cdn-cache-control", ", ,"),
        ("surrogate-control", "max-age=60;other"),
    ];
    for (name, value) in fields {
        let layer = cache_page(600).targeted_by([name]).cache_status("me");
        let site = Site::new(layer, move |seen| {
            page(&seen, &[(name, value), ("cache-control", "private")])
        });
        site.get("/").await;
        assert_eq!(site.get("/").await.body, "page 2", "{name}: {value}");
    }
}

#[tokio::test]
async fn what_forbids_is_heard_in_lines_that_are_none() {
    let forbidding = [
        "private; max-age=60",
        "private;",
        "no-store; x",
        "private no-store",
        "x=y;private",
        "\"private\"",
        "=private",
        "foo=\"bar, private",
        "foo=\", no-store",
    ];
    for line in forbidding {
        let site = Site::new(cache_page(600), move |seen| {
            page(&seen, &[("cache-control", line)])
        });
        site.get("/").await;
        assert_eq!(site.get("/").await.body, "page 2", "{line}");
    }
    // Words of others are no words of ours.
    for line in ["foo=\"private, no-store\"", "x-private, max-age=9"] {
        let site = Site::new(cache_page(600), move |seen| {
            page(&seen, &[("cache-control", line)])
        });
        site.get("/").await;
        assert_eq!(site.get("/").await.body, "page 1", "{line}");
    }
}

#[tokio::test]
async fn a_page_that_is_skipped_is_not_kept_as_a_variant_either() {
    let site = Site::later(cache_page(600), |seen| async move {
        if seen.number == 1 {
            return page(&seen, &[("vary", "A")]);
        }
        current().skip();
        page(&seen, &[("vary", "A, B")])
    });
    for a in ["1", "2"] {
        site.get_with("/", &[("a", a)]).await;
    }
    assert_eq!(site.get_with("/", &[("a", "2")]).await.body, "page 3");
}

#[tokio::test]
async fn fields_that_a_proxy_leaves_out_make_no_page_for_those_who_have_them() {
    let site = Site::new(http_cache(), |seen| {
        let connection = seen.header("connection").unwrap_or("");
        let is_left_out = connection.contains("accept-language");
        let language = seen.header("accept-language").filter(|_| !is_left_out);
        let fields = [("vary", "accept-language"), ("cache-control", "max-age=60")];
        response(200, &fields, language.unwrap_or("default").to_owned())
    });
    let fields = [
        ("accept-language", "de"),
        ("connection", "close, accept-language"),
    ];
    site.get_with("/", &fields).await;
    assert_eq!(
        site.get_with("/", &[("accept-language", "de")]).await.body,
        "de"
    );
    let kept = [("accept-language", "de"), ("connection", "keep-alive")];
    site.get_with("/", &kept).await;
    assert_eq!(site.count(), 2);
}

#[tokio::test]
async fn a_body_of_another_length_than_is_said_is_not_kept() {
    let site = Site::new(http_cache(), |seen| {
        page(
            &seen,
            &[("content-length", "600"), ("cache-control", "max-age=60")],
        )
    });
    site.get("/").await;
    assert_eq!(site.get("/").await.body, "page 2");
}

#[tokio::test]
async fn white_space_of_other_alphabets_is_a_part_of_a_value() {
    let site = Site::new(cache_page(600), |seen| page(&seen, &[("vary", "X-User")]));
    let ask = |name: &str| {
        let mut request = get("/", &[]);
        let name = HeaderValue::from_bytes(name.as_bytes()).unwrap();
        request.headers_mut().insert("x-user", name);
        request
    };
    site.ask(ask("ann")).await;
    assert_eq!(site.ask(ask("ann\u{3000}")).await.body, "page 2");
    assert_eq!(site.ask(ask("ann \t")).await.body, "page 1");
}

#[tokio::test]
async fn a_renewal_that_panics_is_left_alone_for_a_while() {
    let layer = cache_page(10).stale_while_revalidate(Duration::from_secs(60));
    let site = Site::new(layer, |seen| {
        assert!(seen.number == 1, "boom");
        page(&seen, &[])
    });
    site.get("/").await;
    site.clock.advance(Duration::from_secs(20));
    for _ in 0..3 {
        assert_eq!(site.get("/").await.body, "page 1");
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
    }
    assert_eq!(site.count(), 2);
}

/// How long eight who come together take, when eight have come before; a run takes a tenth of a second of
/// tokio's clock, which moves by itself.
async fn second_round(url: &str, skips: bool) -> Duration {
    let cache = Cache::from_url(url).unwrap();
    let layer = cache_page(600);
    let site = Site::within(cache, Clock::manual(), layer, move |seen| async move {
        if skips {
            current().skip();
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        response(200, &[], format!("{}{}", seen.number, "x".repeat(5000)))
    });
    let mut took = Duration::ZERO;
    for _ in 0..2 {
        let began = tokio::time::Instant::now();
        let visitors = (0..8).map(|_| {
            let site = site.clone();
            tokio::spawn(async move { site.get("/").await })
        });
        for visitor in visitors.collect::<Vec<_>>() {
            visitor.await.unwrap();
        }
        took = began.elapsed();
    }
    assert_eq!(site.count(), 16, "nothing is kept");
    took
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_in_vain_for_what_a_cache_does_not_keep() {
    for (url, skips) in [
        ("memory://?max_value_size=1000", false),
        ("memory://", true),
    ] {
        let took = second_round(url, skips).await;
        assert!(took < Duration::from_millis(150), "{url}: {took:?}");
    }
}
