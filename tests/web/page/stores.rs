//! The same over stores outside the process, and with caches that fail.

use axum::body::Body;
use cache_runtime::Cache;
use cache_runtime::testing::Clock;
use cache_tests::PATIENT;
use cache_tests::redis_server::RedisServer;
use cache_web::cache_page;
use cache_web::page::{CachePage, DjangoKeys, DjangoVersion};

use crate::site::{Answer, Site, page, response};

fn site_on(url: &str, layer: CachePage) -> Site {
    let cache = Cache::from_url(url).unwrap();
    Site::within(cache, Clock::manual(), layer, |seen| async move {
        let fields = [("vary", "X"), ("content-type", "text/html"), ("y", "é")];
        response(200, &fields, Body::from(format!("page {} é", seen.number)))
    })
}

fn same(one: &Answer, other: &Answer) {
    assert_eq!((one.status, &one.body), (other.status, &other.body));
    for (name, value) in &one.headers {
        assert_eq!(other.headers.get(name), Some(value), "{name}");
    }
}

#[tokio::test]
async fn two_processes_share_pages_and_what_ends_them() {
    let server = RedisServer::start();
    for format in ["native", "native&compress=zlib", "compact"] {
        let url = format!(
            "{}?key_prefix=site&format={format}&{PATIENT}",
            server.url(0)
        );
        let layer = || cache_page(600).key_prefix("p");
        let (one, two) = (site_on(&url, layer()), site_on(&url, layer()));
        let asked = [("x", "1")];
        let first = one.get_with("/a", &asked).await;
        let second = two.get_with("/a", &asked).await;
        same(&first, &second);
        assert_eq!(
            second
                .header("age")
                .map(|age| age.parse::<u32>().unwrap() < 5),
            Some(true)
        );
        assert_eq!((one.count(), two.count()), (1, 0));

        let pages = layer().cache(&two.cache).pages();
        pages.forget_prefix("/").await.unwrap();
        two.get_with("/a", &asked).await;
        assert_eq!(two.count(), 1);
        assert_eq!(server.command(&["FLUSHALL"]), "OK");
    }
}

#[tokio::test]
async fn bytes_that_are_no_text_come_back() {
    let server = RedisServer::start();
    let cache = Cache::from_url(&format!("{}?{PATIENT}", server.url(0))).unwrap();
    let body: Vec<u8> = (0..=255).collect();
    let site = Site::within(cache, Clock::manual(), cache_page(600), {
        let body = body.clone();
        move |_| {
            let body = body.clone();
            async move { response(200, &[], Body::from(body)) }
        }
    });
    for _ in 0..2 {
        let response = site.send(crate::site::get("/", &[])).await;
        let bytes = axum::body::to_bytes(response.into_body(), 1000)
            .await
            .unwrap();
        assert_eq!(bytes, body);
    }
    assert_eq!(site.count(), 1);
}

#[tokio::test]
async fn with_the_keys_of_django() {
    let server = RedisServer::start();
    let url = format!("{}?key_prefix=site&format=django&{PATIENT}", server.url(0));
    let keys = DjangoKeys::new(DjangoVersion::V6_1)
        .language("en-us")
        .time_zone("UTC");
    let site = site_on(&url, cache_page(600).key_prefix("p").django_keys(keys));
    let asked = [("host", "www.example.com"), ("x", "x")];
    let first = site.get_with("/cache/test/", &asked).await;
    same(&first, &site.get_with("/cache/test/", &asked).await);
    assert_eq!(site.count(), 1);

    let start = "site:1:views.decorators.cache";
    let uri = "18a03f9c9649f7d684af5db3524f5c99";
    let list = server.command(&["GET", &format!("{start}.cache_header.p.{uri}.en-us.UTC")]);
    assert_eq!(list, r#"["HTTP_X"]"#);
    let values = "ae600baa0d5faac0a8fdd2f7ac02ac14";
    let key = format!("{start}.cache_page.p.GET.{uri}.{values}.en-us.UTC");
    assert_eq!(server.command(&["EXISTS", &key]), "1");

    // A page that does not vary has its list too, as Django looks for it first.
    site.ask(crate::site::request("POST", "/cache/test/", &asked))
        .await;
    assert_eq!(
        server.command(&["EXISTS", &format!("{start}.cache_header.p.{uri}.en-us.UTC")]),
        "0"
    );
    assert_eq!(site.get_with("/cache/test/", &asked).await.body, "page 3 é");
}

#[tokio::test]
async fn a_page_in_the_language_of_its_visitor_is_not_djangos_for_all() {
    let keys = DjangoKeys::new(DjangoVersion::V6_1).language("en-us");
    for (keys, vary, is_kept) in [
        (keys.clone(), "X", true),
        (keys.clone(), "Accept-Language", false),
        (keys, "x_user", false),
        (
            DjangoKeys::new(DjangoVersion::V6_1),
            "Accept-Language",
            true,
        ),
    ] {
        let layer = cache_page(600).django_keys(keys);
        let site = Site::new(layer, move |seen| page(&seen, &[("vary", vary)]));
        for language in ["de", "en", "de"] {
            let asked = [("accept-language", language), ("x_user", language)];
            site.get_with("/", &asked).await;
        }
        let expected = match (is_kept, vary) {
            (true, "X") => 1,
            (true, _) => 2,
            (false, _) => 3,
        };
        assert_eq!(site.count(), expected, "{vary}");
    }
    // By the language of each request they can be told apart.
    let keys = DjangoKeys::new(DjangoVersion::V6_1).language_of(|request| {
        let wanted = request.headers.get("accept-language");
        let is_german = wanted.is_some_and(|wanted| wanted.as_bytes().starts_with(b"de"));
        if is_german { "de" } else { "en-us" }.to_owned()
    });
    let layer = cache_page(600).key_prefix("p.q").django_keys(keys);
    let site = Site::new(layer, |seen| page(&seen, &[("vary", "Accept-Language")]));
    for (language, number) in [("de", 1), ("en", 2), ("de-AT", 1), ("fr", 2)] {
        let answer = site.get_with("/", &[("accept-language", language)]).await;
        assert_eq!(answer.body, format!("page {number}"), "{language}");
    }
    site.ask(crate::site::request(
        "POST",
        "/",
        &[("accept-language", "de")],
    ))
    .await;
    let answer = site.get_with("/", &[("accept-language", "de")]).await;
    assert_eq!(answer.body, "page 4");
    // Nor is one that Django has put there.
    let keys = DjangoKeys::new(DjangoVersion::V6_1).language("en-us");
    let list = "views.decorators.cache.cache_header..";
    let site = Site::new(cache_page(600).django_keys(keys), |seen| {
        page(&seen, &[("vary", "X")])
    });
    site.get("/").await;
    let all = site.cache.keys(&format!("{list}*")).await.unwrap();
    let [key] = &all[..] else { panic!("{all:?}") };
    let names = ["HTTP_ACCEPT_LANGUAGE", "HTTP_X"]
        .map(str::to_owned)
        .to_vec();
    site.cache.set(key, &names, 600).await.unwrap();
    assert_eq!(site.get("/").await.body, "page 2");
}

#[tokio::test]
async fn pages_are_served_while_the_store_is_away_and_kept_when_it_is_back() {
    let mut server = RedisServer::start();
    let url = format!("{}?{PATIENT}", server.url(0));
    let site = site_on(&url, cache_page(600));
    site.get("/").await;
    site.get("/").await;
    assert_eq!(site.count(), 1);
    server.kill();
    for number in 2..12 {
        assert_eq!(site.get("/").await.body, format!("page {number} é"));
    }
}

#[tokio::test]
async fn what_is_no_page_is_a_miss() {
    let server = RedisServer::start();
    let site = site_on(&format!("{}?{PATIENT}", server.url(0)), cache_page(600));
    for nonsense in ["7", "{}", "[1]", "\"text\""] {
        let value: serde_json::Value = serde_json::from_str(nonsense).unwrap();
        site.cache.set("page::/", &value, 600).await.unwrap();
        let before = site.count();
        site.get("/").await;
        site.get("/").await;
        assert_eq!(site.count(), before + 1, "{nonsense}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there() {
    let cache =
        Cache::from_url("redis://127.0.0.1:1/0?connect_timeout=0.2&op_timeout=0.2").unwrap();
    let site = Site::within(cache, Clock::manual(), cache_page(600), |seen| async move {
        page(&seen, &[])
    });
    for number in 1..20 {
        assert_eq!(site.get("/").await.body, format!("page {number}"));
    }
}

#[tokio::test]
async fn an_alias_that_nobody_has_set() {
    let service = tower::service_fn(|_: axum::http::Request<Body>| async {
        Ok::<_, std::convert::Infallible>(response(200, &[], "page"))
    });
    let app = tower::Layer::layer(&cache_page(600).cache("nowhere"), service);
    let answer = tower::ServiceExt::oneshot(app, crate::site::get("/", &[]))
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
}
