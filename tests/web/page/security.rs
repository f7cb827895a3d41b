//! Nobody gets what was made for another. The first seven are Django's security fixes of 2026 in this
//! layer; the rest is what goes wrong in others.

use cache_web::{cache_page, http_cache, vary_on_cookie};
use tower::{Layer, ServiceExt, service_fn};

use crate::site::{Site, page, read, response};

/// Whether these two requests, to a page with these fields, are told apart or not kept.
async fn is_apart(
    fields: &'static [(&'static str, &'static str)],
    one: &[(&str, &str)],
    other: &[(&str, &str)],
) -> bool {
    let site = Site::new(cache_page(600), move |seen| page(&seen, fields));
    site.get_with("/", one).await;
    site.get_with("/", other).await.body == "page 2"
}

#[tokio::test]
async fn fix_1_vary_star_is_never_kept() {
    for fields in [
        &[("vary", "*")][..],
        &[("vary", "Cookie, *")],
        &[("vary", "*"), ("vary", "Cookie")],
        &[("vary", "Cookie"), ("vary", "*")],
    ] {
        assert!(is_apart(fields, &[], &[]).await, "{fields:?}");
    }
}

#[tokio::test]
async fn fix_2_spaces_around_a_star_do_not_hide_it() {
    for fields in [
        &[("vary", " * ")],
        &[("vary", "Cookie,*")],
        &[("vary", "Cookie ,\t*\t")],
        &[("vary", ",*,")],
    ] {
        assert!(is_apart(fields, &[], &[]).await, "{fields:?}");
    }
}

#[tokio::test]
async fn fix_3_cache_control_has_no_case() {
    for fields in [
        &[("cache-control", "Private")],
        &[("cache-control", "NO-STORE")],
        &[("cache-control", "public, No-Cache")],
        &[("Cache-Control", "PRIVATE=\"x\"")],
    ] {
        assert!(is_apart(fields, &[], &[]).await, "{fields:?}");
    }
}

#[tokio::test]
async fn fix_4_authorization_is_kept_for_its_own_or_if_it_is_public() {
    let (alice, bob) = (
        [("authorization", "Basic QQ==")],
        [("authorization", "Basic Qg==")],
    );
    assert!(is_apart(&[], &alice, &alice).await);
    assert!(is_apart(&[], &alice, &[]).await);
    assert!(is_apart(&[], &[], &alice).await);
    assert!(is_apart(&[("vary", "Accept")], &alice, &bob).await);
    assert!(is_apart(&[("vary", "Authorization")], &alice, &bob).await);
    assert!(!is_apart(&[("vary", "Authorization")], &alice, &alice).await);
    assert!(!is_apart(&[("cache-control", "public")], &alice, &bob).await);
}

#[tokio::test]
async fn fix_5_set_cookie_is_not_kept_for_those_who_have_cookies_already() {
    for fields in [
        &[("vary", "Cookie"), ("set-cookie", "a=1")][..],
        &[("cache-control", "public"), ("set-cookie", "a=1")],
        &[
            ("cache-control", "public, s-maxage=60"),
            ("set-cookie", "a=1"),
        ],
    ] {
        assert!(
            is_apart(fields, &[("cookie", "b=2")], &[("cookie", "b=2")]).await,
            "{fields:?}"
        );
        assert!(is_apart(fields, &[], &[]).await, "{fields:?}");
    }
}

#[tokio::test]
async fn fix_6_an_empty_field_is_not_a_missing_one() {
    let fields = &[("vary", "X-Role, X-Tenant")];
    let all: [&[(&str, &str)]; 6] = [
        &[],
        &[("x-role", "")],
        &[("x-tenant", "")],
        &[("x-role", ""), ("x-tenant", "")],
        &[("x-role", "ab"), ("x-tenant", "c")],
        &[("x-role", "a"), ("x-tenant", "bc")],
    ];
    for (n, one) in all.iter().enumerate() {
        for other in &all[..n] {
            assert!(is_apart(fields, one, other).await, "{one:?} {other:?}");
        }
        assert!(!is_apart(fields, one, one).await, "{one:?}");
    }
    // And a `Vary` that is empty says nothing.
    assert!(!is_apart(&[("vary", "")], &[], &[("x-role", "a")]).await);
}

#[tokio::test]
async fn fix_7_a_session_that_begins_on_a_page_is_not_given_to_the_next_visitor() {
    // As session middleware inside the layer does it: a visitor without a session gets one.
    let site = Site::new(cache_page(600), |seen| {
        let fields: &[_] = if seen.header("cookie").is_some() {
            &[("vary", "Cookie")]
        } else {
            &[("vary", "Cookie"), ("set-cookie", "session=fresh")]
        };
        page(&seen, fields)
    });
    let first = site.get("/").await;
    let second = site.get("/").await;
    assert_eq!(
        (first.body.as_str(), second.body.as_str()),
        ("page 1", "page 2")
    );
    let own = [("cookie", "session=fresh")];
    assert_eq!(site.get_with("/", &own).await.body, "page 3");
    let again = site.get_with("/", &own).await;
    assert_eq!(again.body, "page 3");
    assert_eq!(again.header("set-cookie"), None);
    assert_eq!(site.get("/").await.body, "page 4");
}

#[tokio::test]
async fn a_page_of_nobody_is_not_for_somebody() {
    // The handler looks at the cookie, and does not say so.
    let forgetful = |seen: crate::site::Seen| {
        let who = seen.header("cookie").unwrap_or("nobody").to_owned();
        response(200, &[], who)
    };
    let site = Site::new(cache_page(600), forgetful);
    assert_eq!(site.get("/").await.body, "nobody");
    for _ in 0..2 {
        assert_eq!(
            site.get_with("/", &[("cookie", "alice")]).await.body,
            "alice"
        );
        assert_eq!(site.get_with("/", &[("cookie", "bob")]).await.body, "bob");
        assert_eq!(site.get("/").await.body, "nobody");
    }
    assert_eq!(site.count(), 5);
    // What says that it is for all, is.
    assert!(!is_apart(&[("cache-control", "public")], &[], &[("cookie", "a=1")]).await);
    assert!(!is_apart(&[("cache-control", "public")], &[("cookie", "a=1")], &[]).await);
}

#[tokio::test]
async fn cookies_are_ignored_only_if_it_is_asked_for() {
    let fields = &[("cache-control", "max-age=60")];
    let site = Site::new(http_cache(), |seen| page(&seen, fields));
    site.get("/").await;
    site.get_with("/", &[("cookie", "a=1")]).await;
    assert_eq!(site.count(), 2);
    let site = Site::new(http_cache().ignore_request_cookies(), |seen| {
        page(&seen, fields)
    });
    site.get("/").await;
    site.get_with("/", &[("cookie", "a=1")]).await;
    assert_eq!(site.count(), 1);
}

#[tokio::test]
async fn a_layer_inside_says_vary_for_the_one_outside() {
    let inner = service_fn(
        |request: axum::http::Request<axum::body::Body>| async move {
            let who = request
                .headers()
                .get("cookie")
                .map_or("nobody", |who| who.to_str().unwrap());
            Ok::<_, std::convert::Infallible>(response(200, &[], who.to_owned()))
        },
    );
    let cache = cache_runtime::Cache::isolated();
    let app = cache_page(600)
        .cache(&cache)
        .layer(vary_on_cookie().layer(inner));
    let app = app.map_response(|response| response.map(axum::body::Body::new));
    for who in ["alice", "bob", "alice"] {
        let request = crate::site::get("/", &[("cookie", who)]);
        let answer = read(app.clone().oneshot(request).await.unwrap()).await;
        assert_eq!(answer.body, who);
        assert_eq!(answer.header("vary"), Some("cookie"));
    }
    // Bob found the list, and Alice the list and her page.
    assert_eq!(cache.stats().hits, 3);
}
