//! Who is refused: strangers' hosts, other sites' forms, forms without the secret.

use axum::body::Body;
use axum::http::request::Builder;
use axum::http::{Request, StatusCode};
use cache_runtime::caches;
use cache_web::panel::Panel;

use crate::world::{Answer, ask, cache, get, token};

async fn from_host(panel: &Panel, host: &str) -> StatusCode {
    let request = Request::get("/").header("host", host);
    ask(panel, request.body(Body::empty()).unwrap())
        .await
        .status
}

#[tokio::test]
async fn names_that_strangers_say_are_not_remembered() {
    let panel = Panel::new();
    let aliases = |report: &str| report.matches("panel_stranger").count();
    for n in 0..20 {
        get(&panel, &format!("/?key=x&cache=panel_stranger{n}")).await;
        get(&panel, &format!("/api/key?key=x&cache=panel_stranger{n}")).await;
    }
    let reports = caches().reports();
    let known = reports.iter().map(|report| aliases(&report.alias));
    assert_eq!(known.sum::<usize>(), 0);
}

#[tokio::test]
async fn only_hosts_that_are_meant_are_answered() {
    let panel = Panel::new();
    for host in [
        "localhost",
        "localhost:3000",
        "LOCALHOST",
        "app.localhost:1",
        "127.0.0.1:80",
        "[::1]:80",
    ] {
        assert_eq!(from_host(&panel, host).await, 200, "{host}");
    }
    for host in [
        "evil.example",
        "evil.example:3000",
        "localhost.evil.example",
        "10.0.0.7:3000",
        "",
    ] {
        assert_eq!(from_host(&panel, host).await, 403, "{host}");
    }
    let none = Request::get("/").body(Body::empty()).unwrap();
    assert_eq!(ask(&panel, none).await.status, 403);
    // Two of them: a proxy may look at the one and the panel at the other.
    let two = Request::get("/")
        .header("host", "localhost")
        .header("host", "evil.example");
    assert_eq!(
        ask(&panel, two.body(Body::empty()).unwrap()).await.status,
        403
    );
    // HTTP/2 says it in the address.
    let http2 = Request::get("http://localhost:3000/")
        .body(Body::empty())
        .unwrap();
    assert_eq!(ask(&panel, http2).await.status, 200);
    let http2 = Request::get("http://evil.example/")
        .body(Body::empty())
        .unwrap();
    assert_eq!(ask(&panel, http2).await.status, 403);
}

#[tokio::test]
async fn every_answer_is_behind_the_check_of_the_host() {
    let panel = Panel::new();
    for address in [
        "/",
        "/?panel.css",
        "/?panel.js",
        "/?key=a",
        "/api/report",
        "/api/requests",
        "/api/key?key=a",
        "/x",
    ] {
        let request = Request::get(address).header("host", "evil.example");
        let answer = ask(&panel, request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, 403, "{address}");
        assert!(
            answer.has("allow_host(\"evil.example\")"),
            "{}",
            answer.text
        );
    }
}

#[tokio::test]
async fn another_host_can_be_allowed() {
    let panel = Panel::new()
        .allow_host("Dev.example.com")
        .allow_host("other:81");
    for (host, status) in [
        ("dev.example.com", 200),
        ("dev.example.com:8080", 200),
        ("other:81", 200),
        ("other:82", 403),
        ("x.dev.example.com", 403),
        ("localhost", 200),
    ] {
        assert_eq!(from_host(&panel, host).await, status, "{host}");
    }
}

/// Sends the form that deletes `key`, from a page as `headers` say.
async fn delete(
    panel: &Panel,
    alias: &str,
    token: Option<&str>,
    headers: &[(&str, &str)],
) -> Answer {
    let headers = headers.iter().fold(
        Request::post("/?delete"),
        |request: Builder, (name, value)| request.header(*name, *value),
    );
    let request = headers
        .header("host", "localhost:3000")
        .header("content-type", "application/x-www-form-urlencoded");
    let token = token
        .map(|token| format!("&token={token}"))
        .unwrap_or_default();
    let form = format!("cache={alias}&key=a{token}");
    ask(panel, request.body(Body::from(form)).unwrap()).await
}

const OWN: (&str, &str) = ("origin", "http://localhost:3000");

/// Why it is refused, its token and its headers.
type Attempt<'a> = (&'a str, Option<&'a str>, &'a [(&'a str, &'a str)]);

#[tokio::test]
async fn a_key_is_deleted_by_the_panels_own_form_and_by_nothing_else() {
    let cache = cache("guarded");
    let panel = Panel::new();
    cache.set("a", "text", 60).await.unwrap();
    let token = token(&panel, "guarded", "a").await;
    let token = Some(&*token);
    let stranger = Panel::new();
    let foreign = crate::world::token(&stranger, "guarded", "a").await;

    let refused: [Attempt<'_>; 11] = [
        ("no token", None, &[OWN]),
        ("an empty token", Some(""), &[OWN]),
        ("a token of another panel", Some(&foreign), &[OWN]),
        ("no origin at all", token, &[]),
        (
            "another origin",
            token,
            &[("origin", "http://evil.example")],
        ),
        (
            "another port",
            token,
            &[("origin", "http://localhost:3001")],
        ),
        ("no origin to speak of", token, &[("origin", "null")]),
        (
            "another site",
            token,
            &[OWN, ("sec-fetch-site", "cross-site")],
        ),
        (
            "a site beside this one",
            token,
            &[OWN, ("sec-fetch-site", "same-site")],
        ),
        ("typed by hand", token, &[OWN, ("sec-fetch-site", "none")]),
        (
            "its site is right and its origin is not",
            token,
            &[
                ("origin", "http://evil.example"),
                ("sec-fetch-site", "same-origin"),
            ],
        ),
    ];
    for (why, token, headers) in refused {
        let answer = delete(&panel, "guarded", token, headers).await;
        assert_eq!(answer.status, 403, "{why}");
        assert!(cache.has_key("a").await.unwrap(), "{why}");
    }
    for address in ["/?delete", "/?delete&cache=guarded&key=a"] {
        let answer = get(&panel, address).await;
        assert_eq!(answer.status, 405);
        assert_eq!(answer.headers["allow"], "POST");
        assert!(cache.has_key("a").await.unwrap());
    }

    let answer = delete(
        &panel,
        "guarded",
        token,
        &[OWN, ("sec-fetch-site", "same-origin")],
    )
    .await;
    assert_eq!(answer.status, 303);
    assert_eq!(
        answer.headers["location"],
        "?cache=guarded&key=a&deleted=yes"
    );
    assert!(!cache.has_key("a").await.unwrap());
    // Browsers that say one of the two.
    for headers in [[OWN], [("sec-fetch-site", "same-origin")]] {
        cache.set("a", "text", 60).await.unwrap();
        assert_eq!(delete(&panel, "guarded", token, &headers).await.status, 303);
        assert!(!cache.has_key("a").await.unwrap());
    }
    let answer = delete(&panel, "guarded", token, &[OWN]).await;
    assert_eq!(
        answer.headers["location"],
        "?cache=guarded&key=a&deleted=no"
    );
}

#[tokio::test]
async fn nothing_but_the_form_is_posted_and_a_form_is_small() {
    let panel = Panel::new();
    for address in ["/", "/api/report", "/api/key?key=a"] {
        let request = Request::post(address).header("host", "localhost");
        let answer = ask(&panel, request.body(Body::empty()).unwrap()).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.headers["allow"]),
            (405, &"GET, HEAD".parse().unwrap())
        );
    }
    let request = Request::post("/?delete").header("host", "localhost");
    let large = Body::from("x".repeat(100 << 10));
    assert_eq!(ask(&panel, request.body(large).unwrap()).await.status, 400);
}
