//! `http_cache`: what RFC 9111 says, by the headers alone.

use std::time::Duration;

use cache_web::http_cache;

use crate::site::{Site, page, response};

const SECOND: Duration = Duration::from_secs(1);
const LONG_AGO: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

/// For how long a response with these fields is served again.
async fn life(status: u16, fields: &'static [(&'static str, &'static str)]) -> u64 {
    let site = Site::new(http_cache(), move |seen| {
        response(status, fields, format!("page {}", seen.number))
    });
    site.get("/").await;
    let mut seconds = 0;
    while site.get("/").await.body == "page 1" && seconds < 1000 {
        site.clock.advance(SECOND);
        seconds += 1;
    }
    seconds
}

#[tokio::test]
async fn freshness_is_what_the_headers_say() {
    assert_eq!(life(200, &[]).await, 0);
    assert_eq!(life(200, &[("cache-control", "max-age=5")]).await, 5);
    assert_eq!(
        life(200, &[("cache-control", "max-age=5, s-maxage=7")]).await,
        7
    );
    assert_eq!(
        life(200, &[("cache-control", "max-age=5"), ("age", "2")]).await,
        3
    );
    assert_eq!(
        life(200, &[("cache-control", "max-age=5"), ("age", "x")]).await,
        0
    );
    assert_eq!(life(500, &[("cache-control", "max-age=5")]).await, 5);
    assert_eq!(
        life(200, &[("expires", "Tue, 14 Nov 2023 22:13:30 GMT")]).await,
        10
    );
    assert_eq!(life(200, &[("expires", LONG_AGO)]).await, 0);
    assert_eq!(
        life(200, &[("last-modified", "Tue, 14 Nov 2023 22:12:30 GMT")]).await,
        5
    );
    assert_eq!(life(302, &[("last-modified", LONG_AGO)]).await, 0);
}

#[tokio::test]
async fn a_field_of_its_own_comes_before_those_for_all() {
    let fields = &[
        ("cdn-cache-control", "max-age=60"),
        ("cache-control", "no-store"),
    ];
    let site = Site::new(http_cache().targeted_by(["cdn-cache-control"]), |seen| {
        page(&seen, fields)
    });
    site.get("/").await;
    assert_eq!(site.get("/").await.body, "page 1");
    let site = Site::new(http_cache(), |seen| page(&seen, fields));
    site.get("/").await;
    assert_eq!(site.get("/").await.body, "page 2");
}

#[tokio::test]
async fn a_stale_page_is_asked_about_and_freshened_by_a_304() {
    for validator in [("etag", "\"7\""), ("last-modified", LONG_AGO)] {
        let site = Site::new(http_cache(), move |seen| {
            let number = seen.number.to_string();
            let fields = [("cache-control", "max-age=10"), validator, ("n", &*number)];
            let is_asked = seen.header("if-none-match") == Some("\"7\"")
                || seen.header("if-modified-since") == Some(LONG_AGO);
            if is_asked {
                response(304, &fields, "")
            } else {
                page(&seen, &fields)
            }
        });
        site.get("/").await;
        site.clock.advance(10 * SECOND);
        let again = site.get("/").await;
        assert_eq!(
            (again.status.as_u16(), again.body.as_str()),
            (200, "page 1")
        );
        assert_eq!(again.header("n"), Some("2"));
        assert_eq!(site.count(), 2);
        let hit = site.get("/").await;
        assert_eq!((hit.header("n"), hit.header("age")), (Some("2"), Some("0")));
        assert_eq!(site.count(), 2);
        // The client's own condition is answered here.
        site.clock.advance(10 * SECOND);
        let short = site.get_with("/", &[("if-none-match", "\"7\"")]).await;
        let expected = if validator.0 == "etag" { 304 } else { 200 };
        assert_eq!(short.status, expected);
    }
}

#[tokio::test]
async fn a_304_that_was_on_its_way_for_a_while_is_that_old() {
    let site = Site::new(http_cache(), |seen| {
        let fields = [("cache-control", "max-age=10"), ("etag", "\"7\"")];
        if seen.header("if-none-match").is_some() {
            response(304, &[fields[0], fields[1], ("age", "4")], "")
        } else {
            page(&seen, &fields)
        }
    });
    site.get("/").await;
    site.clock.advance(10 * SECOND);
    assert_eq!(site.get("/").await.header("age"), Some("4"));
    site.clock.advance(5 * SECOND);
    assert_eq!(site.get("/").await.header("age"), Some("9"));
    assert_eq!(site.count(), 2);
    site.clock.advance(SECOND);
    site.get("/").await;
    assert_eq!(site.count(), 3);
}

#[tokio::test]
async fn a_304_that_says_nothing_of_vary_leaves_what_was_said() {
    let site = Site::new(http_cache().vary_on_headers(["X"]), |seen| {
        let control = ("cache-control", "max-age=10");
        let etag = ("etag", "\"7\"");
        if seen.header("if-none-match").is_some() {
            response(304, &[control, etag], "")
        } else {
            page(&seen, &[control, etag, ("vary", "Y")])
        }
    });
    site.get_with("/", &[("y", "1")]).await;
    site.clock.advance(10 * SECOND);
    let again = site.get_with("/", &[("y", "1")]).await;
    assert_eq!(
        (&*again.body, again.header("vary")),
        ("page 1", Some("Y, x"))
    );
    assert_eq!(site.get_with("/", &[("y", "2")]).await.body, "page 3");
}

#[tokio::test]
async fn no_cache_is_kept_to_ask_about_it() {
    let site = Site::new(http_cache(), |seen| {
        let fields = [
            ("cache-control", "no-cache, max-age=600"),
            ("etag", "\"7\""),
        ];
        if seen.header("if-none-match").is_some() {
            response(304, &fields, "")
        } else {
            page(&seen, &fields)
        }
    });
    for count in 1..4 {
        let answer = site.get("/").await;
        assert_eq!((answer.body.as_str(), site.count()), ("page 1", count));
    }
}

#[tokio::test]
async fn a_304_that_brings_a_cookie_is_for_one_alone() {
    let site = Site::new(http_cache(), |seen| {
        if seen.number == 2 {
            response(304, &[("etag", "\"7\""), ("set-cookie", "a=1")], "")
        } else {
            page(&seen, &[("cache-control", "max-age=10"), ("etag", "\"7\"")])
        }
    });
    site.get("/").await;
    site.clock.advance(10 * SECOND);
    let own = site.get("/").await;
    assert_eq!(
        (own.body.as_str(), own.header("set-cookie")),
        ("page 1", Some("a=1"))
    );
    let next = site.get("/").await;
    assert_eq!(
        (next.body.as_str(), next.header("set-cookie")),
        ("page 3", None)
    );
}

#[tokio::test]
async fn a_304_that_forbids_to_keep_the_page_ends_it() {
    let cases = ["private", "no-store", "private, max-age=60"];
    for (said, vary) in cases.into_iter().flat_map(|said| [(said, ""), (said, "X")]) {
        let site = Site::new(http_cache(), move |seen| {
            let etag = ("etag", "\"7\"");
            if seen.number == 2 {
                response(304, &[etag, ("cache-control", said)], "")
            } else {
                let fields = [etag, ("cache-control", "max-age=60"), ("vary", vary)];
                page(&seen, &fields)
            }
        });
        site.get("/").await;
        let own = site.get_with("/", &[("cache-control", "no-cache")]).await;
        assert_eq!(own.body, "page 1");
        assert_eq!(site.get("/").await.body, "page 3", "{said} {vary}");
        assert_eq!(site.get("/").await.body, "page 3", "{said} {vary}");
    }
}

#[tokio::test]
async fn fields_that_no_cache_names_are_for_the_first_alone() {
    let fields = &[
        ("cache-control", "max-age=60, no-cache=\"a\""),
        ("a", "1"),
        ("b", "2"),
    ];
    let site = Site::new(http_cache(), |seen| page(&seen, fields));
    let first = site.get("/").await;
    assert_eq!(
        (first.header("a"), first.header("b")),
        (Some("1"), Some("2"))
    );
    let hit = site.get("/").await;
    assert_eq!((hit.header("a"), hit.header("b")), (None, Some("2")));
    assert_eq!(site.count(), 1);
}

#[tokio::test]
async fn authorization_by_section_3_5() {
    let own = [("authorization", "a")];
    for (control, is_kept) in [
        ("max-age=60", false),
        ("max-age=60, public", true),
        ("max-age=60, must-revalidate", true),
        ("s-maxage=60", true),
    ] {
        let site = Site::new(http_cache(), move |seen| {
            page(&seen, &[("cache-control", control)])
        });
        site.get_with("/", &own).await;
        assert_eq!(site.get("/").await.body == "page 1", is_kept, "{control}");
    }
}

#[tokio::test]
async fn parts_are_cut_out_of_a_kept_page_and_never_kept() {
    let fields = &[("cache-control", "max-age=60"), ("etag", "\"7\"")];
    let site = Site::new(http_cache(), |seen| match seen.header("range") {
        Some(_) => response(206, &[("content-range", "bytes 0-1/10"), fields[0]], "01"),
        None => response(200, fields, "0123456789"),
    });
    for _ in 0..2 {
        assert_eq!(
            site.get_with("/", &[("range", "bytes=0-1")]).await.status,
            206
        );
    }
    assert_eq!(site.count(), 2);
    site.get("/").await;
    let part = site.get_with("/", &[("range", "bytes=-3")]).await;
    assert_eq!((part.status.as_u16(), part.body.as_str()), (206, "789"));
    assert_eq!(part.header("content-range"), Some("bytes 7-9/10"));
    assert_eq!(part.header("content-length"), Some("3"));
    let none = site.get_with("/", &[("range", "bytes=10-")]).await;
    assert_eq!((none.status.as_u16(), none.body.as_str()), (416, ""));
    assert_eq!(none.header("content-range"), Some("bytes */10"));
    let whole = site
        .get_with("/", &[("range", "bytes=0-1"), ("if-range", "\"8\"")])
        .await;
    assert_eq!(
        (whole.status.as_u16(), whole.body.as_str()),
        (200, "0123456789")
    );
    assert_eq!(site.count(), 3);
}

#[tokio::test]
async fn what_speaks_of_a_connection_is_not_kept() {
    let fields = &[
        ("cache-control", "max-age=60"),
        ("connection", "close, x"),
        ("x", "1"),
        ("keep-alive", "5"),
        ("y", "2"),
    ];
    let site = Site::new(http_cache(), |seen| page(&seen, fields));
    site.get("/").await;
    let hit = site.get("/").await;
    assert_eq!((hit.header("connection"), hit.header("x")), (None, None));
    assert_eq!(
        (hit.header("keep-alive"), hit.header("y")),
        (None, Some("2"))
    );
}
