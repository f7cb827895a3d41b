//! Variants: learned from the response, several at once, by all that was ever said of a URL.

use cache_web::cache_page;

use crate::site::{Site, page, response};

#[tokio::test]
async fn variants_are_kept_beside_each_other() {
    let site = Site::new(cache_page(600), |seen| {
        let language = seen.header("accept-language").unwrap_or("none").to_owned();
        response(200, &[("vary", "Accept-Language, Accept")], language)
    });
    let asked = async |language: &str, accept: &str| {
        let fields = [("accept-language", language), ("accept", accept)];
        site.get_with("/", &fields).await.body
    };
    for _ in 0..2 {
        assert_eq!(asked("de", "a").await, "de");
        assert_eq!(asked("en", "a").await, "en");
        assert_eq!(asked("en", "b").await, "en");
        assert_eq!(site.get("/").await.body, "none");
    }
    assert_eq!(site.count(), 4);
    // Not by what the response does not name.
    site.get_with(
        "/",
        &[("accept-language", "de"), ("accept", "a"), ("x", "y")],
    )
    .await;
    assert_eq!(site.count(), 4);
}

#[tokio::test]
async fn names_that_come_later_tell_apart_as_well() {
    // Only the page for German depends on the theme.
    let site = Site::new(cache_page(600), |seen| {
        if seen.header("accept-language") == Some("de") {
            page(&seen, &[("vary", "Accept-Language, X-Theme")])
        } else {
            page(&seen, &[("vary", "Accept-Language")])
        }
    });
    let asked = async |language: &str, theme: &str| {
        let fields = [("accept-language", language), ("x-theme", theme)];
        site.get_with("/", &fields).await.body
    };
    assert_eq!(asked("en", "dark").await, "page 1");
    assert_eq!(asked("en", "light").await, "page 1");
    assert_eq!(asked("de", "dark").await, "page 2");
    assert_eq!(asked("de", "light").await, "page 3");
    assert_eq!(asked("de", "dark").await, "page 2");
    // Now the theme counts for all: the list is one for the URL.
    assert_eq!(asked("en", "dark").await, "page 4");
    assert_eq!(asked("en", "dark").await, "page 4");
    assert_eq!(asked("de", "light").await, "page 3");
}

#[tokio::test]
async fn responses_that_name_different_fields_are_told_apart_by_all() {
    let site = Site::new(cache_page(600), |seen| {
        let by = if seen.header("a").is_some() { "A" } else { "B" };
        page(&seen, &[("vary", by)])
    });
    for fields in [("a", "1"), ("b", "1"), ("a", "1")] {
        site.get_with("/", &[fields]).await;
    }
    let known = site.count();
    for fields in [("a", "1"), ("b", "1"), ("a", "1"), ("b", "1")] {
        site.get_with("/", &[fields]).await;
    }
    assert_eq!(site.count(), known);
}

#[tokio::test]
async fn a_page_that_begins_to_vary_is_no_longer_for_all() {
    let site = Site::new(cache_page(600), |seen| {
        if seen.number == 1 {
            page(&seen, &[])
        } else {
            page(&seen, &[("vary", "X")])
        }
    });
    site.get("/").await;
    let again = [("cache-control", "no-cache"), ("x", "1")];
    assert_eq!(site.get_with("/", &again).await.body, "page 2");
    assert_eq!(site.get_with("/", &[("x", "1")]).await.body, "page 2");
    assert_eq!(site.get_with("/", &[("x", "2")]).await.body, "page 3");
    assert_eq!(site.get_with("/", &[("x", "1")]).await.body, "page 2");
}

#[tokio::test]
async fn the_layer_names_fields_itself() {
    let layer = cache_page(600)
        .vary_on_headers(["X-Theme", "Authorization"])
        .vary_on_cookie();
    let site = Site::new(layer, |seen| page(&seen, &[("vary", "Accept")]));
    let first = site
        .get_with("/", &[("authorization", "a"), ("cookie", "b")])
        .await;
    assert_eq!(
        first.header("vary"),
        Some("Accept, x-theme, authorization, cookie")
    );
    assert_eq!(
        site.get_with("/", &[("authorization", "a"), ("cookie", "b")])
            .await
            .body,
        "page 1"
    );
    assert_eq!(
        site.get_with("/", &[("authorization", "a"), ("cookie", "c")])
            .await
            .body,
        "page 2"
    );
    assert_eq!(
        site.get_with("/", &[("authorization", "b"), ("cookie", "b")])
            .await
            .body,
        "page 3"
    );
    // Also where nothing is kept: caches on the way have to know.
    let passed = site.get_with("/", &[("cache-control", "no-store")]).await;
    assert_eq!(passed.header("vary"), first.header("vary"));
}

#[test]
#[should_panic(expected = "is no name of a header field")]
fn a_name_that_is_none_is_a_mistake() {
    let _ = cache_page(600).vary_on_headers(["a b"]);
}

#[tokio::test]
async fn variants_live_as_long_as_they_say_even_if_the_list_was_made_before() {
    let site = Site::new(cache_page(600), |seen| page(&seen, &[("vary", "X")]));
    let second = std::time::Duration::from_secs(1);
    site.get_with("/", &[("x", "1")]).await;
    site.clock.advance(second * 500);
    site.get_with("/", &[("x", "2")]).await;
    site.clock.advance(second * 500);
    assert_eq!(site.get_with("/", &[("x", "2")]).await.body, "page 2");
    assert_eq!(site.get_with("/", &[("x", "1")]).await.body, "page 3");
    site.clock.advance(second * 500);
    assert_eq!(site.get_with("/", &[("x", "1")]).await.body, "page 3");
}

#[tokio::test]
async fn a_list_that_grows_is_kept_though_others_are_made_meanwhile() {
    let gate = std::sync::Arc::new(tokio::sync::Notify::new());
    let wait = gate.clone();
    let site = Site::later(cache_page(600), move |seen| {
        let wait = wait.clone();
        async move {
            if seen.header("x") != Some("slow") {
                return page(&seen, &[("vary", "X")]);
            }
            wait.notified().await;
            page(&seen, &[("vary", "X, Y")])
        }
    });
    site.get_with("/", &[("x", "0")]).await;
    let slow = site.clone();
    let slow = tokio::spawn(async move { slow.get_with("/", &[("x", "slow")]).await.body });
    while site.count() < 2 {
        tokio::task::yield_now().await;
    }
    for x in ["1", "2", "3"] {
        site.get_with("/", &[("x", x)]).await;
    }
    gate.notify_one();
    assert_eq!(slow.await.unwrap(), "page 2");
    assert_eq!(site.get_with("/", &[("x", "slow")]).await.body, "page 2");
}
