//! Conditional requests.

use std::time::Duration;

use cache_web::{cache_page, http_cache};

use crate::site::{Site, page};

#[tokio::test]
async fn who_has_the_page_gets_a_304_by_the_tag_or_date_that_was_made() {
    let site = Site::new(cache_page(600), |seen| page(&seen, &[("x", "y")]));
    let first = site.get("/").await;
    let (tag, date) = (
        first.header("etag").unwrap(),
        first.header("last-modified").unwrap(),
    );
    for fields in [
        &[("if-none-match", tag)][..],
        &[("if-none-match", "*")],
        &[("if-modified-since", date)],
        &[
            ("if-none-match", tag),
            ("if-modified-since", "Sun, 06 Nov 1994 08:49:37 GMT"),
        ],
    ] {
        let short = site.get_with("/", fields).await;
        assert_eq!(
            (short.status.as_u16(), short.body.as_str()),
            (304, ""),
            "{fields:?}"
        );
        assert_eq!(short.header("etag"), Some(tag));
        assert_eq!(short.header("cache-control"), Some("max-age=600"));
        assert_eq!(short.header("x"), Some("y"));
        assert_eq!(short.header("content-length"), None);
        assert_eq!(short.header("content-type"), None);
    }
    let other = [("if-none-match", "\"other\""), ("if-modified-since", date)];
    assert_eq!(site.get_with("/", &other).await.status, 200);
    assert_eq!(site.count(), 1);
}

#[tokio::test]
async fn the_same_bytes_have_the_same_tag_when_they_are_made_again() {
    let site = Site::new(cache_page(600), |_| crate::site::response(200, &[], "same"));
    let tag = site.get("/").await.header("etag").unwrap().to_owned();
    site.clock.advance(Duration::from_secs(600));
    let short = site.get_with("/", &[("if-none-match", &tag)]).await;
    assert_eq!((short.status.as_u16(), site.count()), (304, 2));
    // The service was asked for all of it: it is kept for the others.
    assert!(site.last().headers.get("if-none-match").is_none());
    assert_eq!(site.get("/").await.body, "same");
    assert_eq!(site.count(), 2);
}

#[tokio::test]
async fn what_the_service_says_of_its_version_stays() {
    let fields = &[
        ("etag", "W/\"7\""),
        ("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT"),
    ];
    let site = Site::new(cache_page(600), |seen| page(&seen, fields));
    let first = site.get("/").await;
    assert_eq!(first.header("etag"), Some("W/\"7\""));
    assert_eq!(
        first.header("last-modified"),
        Some("Sun, 06 Nov 1994 08:49:37 GMT")
    );
    assert_eq!(
        site.get_with("/", &[("if-none-match", "\"7\"")])
            .await
            .status,
        304
    );
}

#[tokio::test]
async fn a_page_with_another_status_is_no_answer_to_a_condition() {
    let fields = &[("cache-control", "max-age=60"), ("etag", "\"7\"")];
    let site = Site::new(cache_page(600), |_| {
        crate::site::response(404, fields, "no")
    });
    site.get("/").await;
    assert_eq!(
        site.get_with("/", &[("if-none-match", "\"7\"")])
            .await
            .status,
        404
    );
    assert_eq!(site.count(), 1);
}

#[tokio::test]
async fn by_headers_a_condition_goes_on_to_who_knows_and_nothing_is_made() {
    let site = Site::new(http_cache(), |seen| match seen.header("if-none-match") {
        Some("\"7\"") => crate::site::response(304, &[("etag", "\"7\"")], ""),
        _ => page(&seen, &[("cache-control", "max-age=60")]),
    });
    assert_eq!(
        site.get_with("/", &[("if-none-match", "\"7\"")])
            .await
            .status,
        304
    );
    let first = site.get("/").await;
    assert_eq!(first.header("etag"), None);
    assert_eq!(first.header("last-modified"), None);
    assert_eq!(first.header("expires"), None);
    assert_eq!(site.count(), 2);
}
