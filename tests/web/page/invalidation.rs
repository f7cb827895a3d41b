//! Pages are forgotten by path, by all below it, by tag, and by what changes them; and stay so though
//! they are being made meanwhile.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use cache_runtime::testing::Clock;
use cache_runtime::{Cache, ErrorKind, Timeout, cache_result, current};
use cache_tests::PATIENT;
use cache_tests::redis_server::RedisServer;
use cache_web::cache_page;
use cache_web::page::{DjangoKeys, DjangoVersion};
use tokio::sync::{Notify, Semaphore};
use tokio::task::yield_now;
use tokio::time::sleep;

use crate::site::{Site, page, request, response};

/// A site and the handle to its pages.
macro_rules! site_with_pages {
    ($layer:expr, $answer:expr) => {{
        let (cache, clock) = cache_runtime::testing::isolated();
        let layer = $layer.cache(&cache);
        let pages = layer.pages();
        (Site::within(cache, clock, layer, $answer), pages)
    }};
}

#[tokio::test]
async fn by_path_with_every_query_host_and_variant() {
    let (site, pages) = site_with_pages!(cache_page(600), |seen| async move {
        page(&seen, &[("vary", "X")])
    });
    let all = [
        ("/a", "h", "1"),
        ("/a", "h", "2"),
        ("/a?q", "h", "1"),
        ("/a", "i", "1"),
        ("/a/", "h", "1"),
        ("/ab", "h", "1"),
    ];
    let ask_all = async || {
        for (path, host, x) in all {
            site.get_with(path, &[("host", host), ("x", x)]).await;
        }
        site.count()
    };
    ask_all().await;
    assert_eq!(ask_all().await, 6);
    pages.forget("/a").await.unwrap();
    assert_eq!(ask_all().await, 10);
    assert_eq!(ask_all().await, 10);
}

#[tokio::test]
async fn not_under_the_names_of_django_whatever_the_format() {
    let keys = DjangoKeys::new(DjangoVersion::V6_1);
    let (site, pages) = site_with_pages!(cache_page(600).django_keys(keys), |seen| async move {
        page(&seen, &[])
    });
    site.get("/a").await;
    for forgotten in [
        pages.forget("/a").await,
        pages.forget_prefix("/").await,
        pages.forget_tag("t").await,
    ] {
        assert_eq!(forgotten.unwrap_err().kind(), ErrorKind::Unsupported);
    }
    site.get("/a").await;
    assert_eq!(site.count(), 1);
}

#[tokio::test]
async fn by_prefix_of_whole_segments() {
    let (site, pages) = site_with_pages!(cache_page(600), |seen| async move { page(&seen, &[]) });
    let ask_all = async || {
        for path in ["/", "/a", "/a/", "/a/b", "/a/b/c?d", "/ab", "/b"] {
            site.get(path).await;
        }
        site.count()
    };
    ask_all().await;
    for (prefix, ended) in [
        ("/a", 4),
        ("/a/", 4),
        ("/a/b", 2),
        ("/ab", 1),
        ("/c", 0),
        ("/", 7),
    ] {
        let before = ask_all().await;
        pages.forget_prefix(prefix).await.unwrap();
        assert_eq!(ask_all().await, before + ended, "{prefix}");
    }
}

#[tokio::test]
async fn by_tag_of_the_layer_and_of_the_handler() {
    let layer = cache_page(600).tags(|uri, response| {
        vec![
            format!("query:{}", uri.query().unwrap_or_default()),
            format!("kind:{}", response.headers["kind"].to_str().unwrap()),
        ]
    });
    let (site, pages) = site_with_pages!(layer, |seen| async move {
        current().tag("by-hand");
        page(&seen, &[("kind", "k"), ("vary", "X")])
    });
    for (n, tag) in ["query:q", "kind:k", "by-hand"].into_iter().enumerate() {
        for x in ["1", "2"] {
            site.get_with("/?q", &[("x", x)]).await;
            site.get_with("/?q", &[("x", x)]).await;
        }
        assert_eq!(site.count(), 2 * n + 2, "before {tag}");
        pages.forget_tag(tag).await.unwrap();
    }
    site.get_with("/?q", &[("x", "1")]).await;
    assert_eq!(site.count(), 7);
}

#[tokio::test]
async fn a_tag_of_the_handler_ends_its_page_whoever_came_after() {
    let layer = cache_page(Timeout::Default);
    let (site, pages) = site_with_pages!(layer, |seen| async move {
        let who = seen.header("x").unwrap().to_owned();
        current().tag(format!("of:{who}"));
        let life = format!("max-age={who}");
        page(&seen, &[("cache-control", &life), ("vary", "X")])
    });
    // The second page lives longer, and so does the list by which both are found from then on.
    for x in ["600", "6000"] {
        site.get_with("/", &[("x", x)]).await;
    }
    pages.forget_tag("of:600").await.unwrap();
    site.get_with("/", &[("x", "600")]).await;
    assert_eq!(site.count(), 3);
}

#[tokio::test]
async fn what_ends_the_first_page_of_a_url_leaves_the_others() {
    let (site, pages) = site_with_pages!(cache_page(600), |seen| async move {
        current().tag(format!("of:{}", seen.header("x").unwrap()));
        page(&seen, &[("vary", "X")])
    });
    for x in ["1", "2"] {
        site.get_with("/", &[("x", x)]).await;
    }
    pages.forget_tag("of:1").await.unwrap();
    site.get_with("/", &[("x", "2")]).await;
    assert_eq!(site.count(), 2);
    site.get_with("/", &[("x", "1")]).await;
    assert_eq!(site.count(), 3);
}

#[tokio::test]
async fn a_tag_that_is_forgotten_while_the_first_page_is_made_ends_it() {
    let layer = cache_page(600);
    let (cache, clock) = cache_runtime::testing::isolated();
    let layer = layer.cache(&cache);
    let pages = layer.pages();
    let site = Site::within(cache, clock, layer, move |seen| {
        let pages = pages.clone();
        async move {
            current().tag("t");
            if seen.number == 1 {
                pages.forget_tag("t").await.unwrap();
            }
            page(&seen, &[("vary", "X")])
        }
    });
    for _ in 0..3 {
        site.get_with("/", &[("x", "1")]).await;
    }
    assert_eq!(site.count(), 2);
}

#[tokio::test]
async fn a_handler_may_say_that_its_page_is_not_kept() {
    let site = Site::later(cache_page(600), |seen| async move {
        current().skip();
        page(&seen, &[])
    });
    site.get("/").await;
    assert_eq!(site.get("/").await.body, "page 2");
}

#[tokio::test]
async fn what_is_forgotten_while_it_is_made_stays_forgotten() {
    for fields in [&[][..], &[("vary", "X")]] {
        for known in [false, true] {
            let gate = Arc::new(Notify::new());
            let wait = gate.clone();
            let (site, pages) = site_with_pages!(cache_page(600), move |seen| {
                let wait = wait.clone();
                async move {
                    if seen.header("slow").is_some() {
                        wait.notified().await;
                    }
                    page(&seen, fields)
                }
            });
            if known {
                site.get_with("/", &[("x", "0")]).await;
            }
            let slow = {
                let site = site.clone();
                let fields = [("x", "1"), ("slow", ""), ("cache-control", "no-cache")];
                tokio::spawn(async move { site.get_with("/", &fields).await })
            };
            while site.count() < 1 + usize::from(known) {
                yield_now().await;
            }
            pages.forget("/").await.unwrap();
            gate.notify_one();
            let old = slow.await.unwrap().body;
            // A new list must not find what was written by the old one's name.
            site.get_with("/", &[("x", "2")]).await;
            assert_ne!(
                site.get_with("/", &[("x", "1")]).await.body,
                old,
                "{fields:?} {known}"
            );
        }
    }
}

#[tokio::test]
async fn a_request_that_changes_something_ends_its_page() {
    for method in ["POST", "PUT", "DELETE", "PATCH", "WHATEVER"] {
        for (status, is_ended) in [(200, true), (303, true), (404, false), (500, false)] {
            let site = Site::new(cache_page(600), move |seen| {
                let status = if seen.parts.method == "GET" {
                    200
                } else {
                    status
                };
                response(status, &[], format!("page {}", seen.number))
            });
            site.get("/a?b").await;
            site.ask(request(method, "/a?b", &[])).await;
            let is_new = site.get("/a?b").await.body == "page 3";
            assert_eq!(is_new, is_ended, "{method} {status}");
        }
    }
}

#[tokio::test]
async fn and_those_that_its_response_names_on_the_same_host() {
    let site = Site::new(cache_page(600), |seen| match seen.parts.method.as_str() {
        "GET" => page(&seen, &[]),
        _ => response(
            201,
            &[("location", "/b?c"), ("content-location", "http://h/d/e")],
            "",
        ),
    });
    let ask_all = async || {
        for path in ["/a", "/b", "/b?c", "/d/e", "/d"] {
            site.get_with(path, &[("host", "h")]).await;
        }
        site.count()
    };
    ask_all().await;
    site.ask(request("POST", "/a", &[("host", "h")])).await;
    // Nobody has named `/b`.
    assert_eq!(ask_all().await, 5 + 1 + 3);
    // From another host, the absolute one is not its own, and the relative one is another page.
    site.ask(request("POST", "/x", &[("host", "i")])).await;
    assert_eq!(ask_all().await, 9 + 1);
}

#[tokio::test]
async fn a_change_on_one_host_leaves_the_pages_of_others() {
    let site = Site::new(cache_page(600), |seen| match seen.parts.method.as_str() {
        "GET" => page(&seen, &[]),
        _ => response(201, &[("location", "/b")], ""),
    });
    let ask_all = async || {
        for (path, host) in [("/x", "h"), ("/b", "h"), ("/b?c", "h"), ("/b", "i")] {
            site.get_with(path, &[("host", host)]).await;
        }
        site.count()
    };
    ask_all().await;
    site.ask(request("POST", "/x", &[("host", "i")])).await;
    assert_eq!(ask_all().await, 4 + 1 + 1);
}

#[tokio::test]
async fn a_function_with_tags_is_joined_though_there_are_changes() {
    #[cache_result(cache = cache.clone(), key(id), tags("t"))]
    async fn slow(cache: &Cache, id: u32, runs: &AtomicUsize, gate: &Semaphore) -> u32 {
        runs.fetch_add(1, Relaxed);
        gate.acquire().await.unwrap().forget();
        id
    }
    let site = Site::new(cache_page(600), |seen| page(&seen, &[]));
    let (runs, gate) = (Arc::new(AtomicUsize::new(0)), Arc::new(Semaphore::new(0)));
    let call = || {
        let (cache, runs, gate) = (site.cache.clone(), runs.clone(), gate.clone());
        tokio::spawn(async move { slow(&cache, 7, &runs, &gate).await })
    };
    let first = call();
    while runs.load(Relaxed) < 1 {
        yield_now().await;
    }
    site.ask(request("POST", "/a", &[])).await;
    let second = call();
    for _ in 0..100 {
        yield_now().await;
    }
    gate.add_permits(2);
    assert_eq!((first.await.unwrap(), second.await.unwrap()), (7, 7));
    assert_eq!(runs.load(Relaxed), 1);
}

#[tokio::test]
async fn what_changes_leave_in_the_store_is_soon_gone() {
    let server = RedisServer::start();
    let cache = Cache::from_url(&server.url(0)).unwrap();
    let site = Site::within(cache, Clock::manual(), cache_page(600), |seen| async move {
        page(&seen, &[])
    });
    for number in 0..1000 {
        site.ask(request("POST", &format!("/{number}"), &[])).await;
    }
    let longer = "local n = 0 \
        for _, key in ipairs(redis.call('keys', '*')) do \
            local left = redis.call('ttl', key) \
            if left < 0 or left > 120 then n = n + 1 end \
        end \
        return n";
    assert_eq!(server.command(&["EVAL", longer, "0"]), "0");
}

#[tokio::test]
async fn a_change_in_one_process_ends_what_another_makes_meanwhile() {
    let server = RedisServer::start();
    for fields in [&[][..], &[("vary", "X")]] {
        let gate = Arc::new(Notify::new());
        let wait = gate.clone();
        let process = || {
            let wait = wait.clone();
            let cache = Cache::from_url(&format!("{}?{PATIENT}", server.url(0))).unwrap();
            let clock = Clock::manual();
            Site::within(cache, clock, cache_page(600), move |seen| {
                let wait = wait.clone();
                async move {
                    if seen.header("slow").is_some() {
                        wait.notified().await;
                    }
                    page(&seen, fields)
                }
            })
        };
        let (one, other) = (process(), process());
        let slow = {
            let one = one.clone();
            tokio::spawn(async move { one.get_with("/a", &[("slow", "")]).await })
        };
        while one.count() < 1 {
            yield_now().await;
        }
        other.ask(request("POST", "/a", &[])).await;
        gate.notify_one();
        slow.await.unwrap();
        one.get("/a").await;
        assert_eq!(one.count(), 2, "{fields:?}");
        assert_eq!(server.command(&["FLUSHALL"]), "OK");
    }
}

#[tokio::test]
async fn a_change_whose_client_goes_away_ends_its_page_all_the_same() {
    let site = Site::later(cache_page(600), |seen| async move {
        if seen.parts.method != "GET" {
            // It is done, and the answer is long in coming.
            pending::<()>().await;
        }
        page(&seen, &[])
    });
    site.get("/a").await;
    // Nobody knows whether it was allowed to: other pages stay.
    site.get("/a?q").await;
    site.get_with("/a", &[("host", "h")]).await;
    let change = {
        let site = site.clone();
        tokio::spawn(async move { site.ask(request("POST", "/a", &[])).await })
    };
    while site.count() < 4 {
        yield_now().await;
    }
    change.abort();
    change.await.unwrap_err();
    for _ in 0..5000 {
        if !site.cache.has_key("page::/a").await.unwrap() {
            break;
        }
        sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(site.get("/a").await.body, "page 5");
    assert_eq!(site.get("/a?q").await.body, "page 2");
    let other = site.get_with("/a", &[("host", "h")]).await;
    assert_eq!(other.body, "page 3");
}

#[tokio::test]
async fn a_page_that_lives_longer_does_not_bring_back_what_was_forgotten_with_its_list() {
    let (cache, clock) = cache_runtime::testing::isolated();
    let named = AtomicUsize::new(0);
    let layer = cache_page(Timeout::Default).uri({
        let cache = cache.clone();
        move |request| {
            // Once it is looked for under its name, and then it is made.
            let is_making = request.headers.contains_key("end") && named.fetch_add(1, Relaxed) > 0;
            if is_making {
                cache.blocking().delete("page::/").unwrap();
            }
            request.uri.clone()
        }
    });
    let site = Site::within(cache, clock, layer, |seen| async move {
        let life = format!("max-age={}", seen.header("x").unwrap());
        page(&seen, &[("cache-control", &life), ("vary", "X")])
    });
    site.get_with("/", &[("x", "600")]).await;
    site.get_with("/", &[("x", "6000"), ("end", "")]).await;
    let other = site.get_with("/", &[("x", "600")]).await;
    assert_eq!(other.body, "page 3");
}

#[tokio::test]
async fn a_long_path_is_kept_and_forgotten_as_any_other() {
    let (site, pages) = site_with_pages!(cache_page(600), |seen| async move { page(&seen, &[]) });
    let long = format!("/a/{}", "b".repeat(400));
    for (forget, path) in [("it", &*long), ("all", &*long), ("all", "/a")] {
        site.get(&long).await;
        let before = site.count();
        site.get(&long).await;
        assert_eq!(site.count(), before, "{forget}");
        if forget == "it" {
            pages.forget(path).await.unwrap();
        } else {
            pages.forget_prefix(path).await.unwrap();
        }
        site.get(&long).await;
        assert_eq!(site.count(), before + 1, "{forget}");
    }
}

#[tokio::test]
async fn a_path_that_is_too_deep_to_be_forgotten_is_not_kept() {
    let site = Site::new(cache_page(600), |seen| page(&seen, &[]));
    let deep = "/a".repeat(17);
    site.get(&deep).await;
    site.get(&deep).await;
    assert_eq!(site.count(), 2);
}
