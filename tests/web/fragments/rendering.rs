//! A fragment is rendered when it is not there, and only then.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use cache_runtime::{Cache, Kind, Outcome, Timeout, TraceEvent, caches, testing, trace_blocking};
use cache_tests::redis_server::RedisServer;
use cache_web::fragment::{Fragment, Fragments, fragment};

/// Renders, and says whether it was rendered just now.
fn is_rendered(fragment: &Fragment) -> bool {
    let mut runs = 0;
    let text = fragment.render_blocking(|| {
        runs += 1;
        Ok::<_, ()>("text")
    });
    assert_eq!(text.as_deref(), Ok("text"));
    runs == 1
}

#[test]
fn the_second_time_it_is_there_until_its_timeout() {
    let (cache, clock) = testing::isolated();
    let sidebar = Fragments::new()
        .cache(cache)
        .fragment("sidebar")
        .timeout(600);
    assert!(is_rendered(&sidebar));
    clock.advance(Duration::from_secs(599));
    assert!(!is_rendered(&sidebar));
    clock.advance(Duration::from_secs(2));
    assert!(is_rendered(&sidebar));
}

#[test]
fn timeouts_are_djangos() {
    let (cache, clock) = testing::isolated();
    let fragments = Fragments::new().cache(cache);
    let never = fragments.fragment("never").timeout(Timeout::Never);
    let zero = fragments.fragment("zero").timeout(0);
    let usual = fragments.fragment("usual");
    assert!(is_rendered(&never) && is_rendered(&zero) && is_rendered(&usual));
    clock.advance(Duration::from_secs(299));
    assert!(!is_rendered(&never) && is_rendered(&zero) && !is_rendered(&usual));
    clock.advance(Duration::from_secs(1_000_000));
    assert!(!is_rendered(&never) && is_rendered(&usual));
}

#[test]
fn what_it_varies_on_is_kept_apart() {
    let fragments = Fragments::new().cache(Cache::isolated());
    let of = |id: u64| fragments.fragment("of").vary_on(id);
    assert!(is_rendered(&of(1)) && is_rendered(&of(2)) && is_rendered(&fragments.fragment("of")));
    assert!(!is_rendered(&of(1)) && !is_rendered(&of(2)));
}

#[tokio::test]
async fn it_is_forgotten_by_hand_and_by_its_tag() {
    let cache = Cache::isolated();
    let fragments = Fragments::new().cache(cache.clone());
    let tasks = fragments.fragment("tasks").vary_on(7).tag("user:7");
    let render = async || {
        let mut runs = 0;
        let text = tasks.render(async || {
            runs += 1;
            tokio::task::yield_now().await;
            Ok::<_, ()>(String::from("text"))
        });
        assert_eq!(text.await.as_deref(), Ok("text"));
        runs
    };
    assert_eq!((render().await, render().await), (1, 0));
    assert!(tasks.delete().await.unwrap());
    assert!(!tasks.delete().await.unwrap());
    assert_eq!((render().await, render().await), (1, 0));
    cache.delete_tag("user:7").await.unwrap();
    assert_eq!((render().await, render().await), (1, 0));
    let fragment = tasks.clone();
    let delete = tokio::task::spawn_blocking(move || fragment.delete_blocking());
    assert!(delete.await.unwrap().unwrap());
    assert_eq!(render().await, 1);
}

#[test]
fn many_at_once_render_once() {
    let fragments = Fragments::new().cache(Cache::isolated());
    let (runs, start) = (AtomicU32::new(0), Barrier::new(16));
    thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                start.wait();
                let text = fragments.fragment("dear").render_blocking(|| {
                    runs.fetch_add(1, Ordering::Relaxed);
                    // Long enough that the others come meanwhile; if not, they find it kept.
                    thread::sleep(Duration::from_millis(20));
                    Ok::<_, ()>("text")
                });
                assert_eq!(text.as_deref(), Ok("text"));
            });
        }
    });
    assert_eq!(runs.into_inner(), 1);
}

#[test]
fn an_alias_of_its_own_comes_before_the_default() {
    // The only test here that sets aliases.
    let (default, own, other) = (Cache::isolated(), Cache::isolated(), Cache::isolated());
    caches().set("default", default.clone()).unwrap();
    caches().set("other", other.clone()).unwrap();
    let is_in = |cache: &Cache, fragment: &Fragment| {
        cache
            .blocking()
            .get::<String>(&fragment.key())
            .unwrap()
            .is_some()
    };
    let first = fragment("first");
    assert!(is_rendered(&first));
    assert!(is_in(&default, &first));

    caches().set("template_fragments", own.clone()).unwrap();
    let second = fragment("second");
    assert!(is_rendered(&second));
    assert!(is_in(&own, &second) && !is_in(&default, &second));

    let third = Fragments::new().using("other").fragment("third");
    assert!(is_rendered(&third));
    assert!(is_in(&other, &third) && !is_in(&own, &third));
}

#[tokio::test(flavor = "multi_thread")]
async fn on_redis_an_async_handler_keeps_text_that_others_can_read() {
    let server = RedisServer::start();
    let url = server.url(0);
    // As Django's JSON serializer would read it.
    let plain = format!("{url}?format=json&op_timeout=10&connect_timeout=10");
    let fragments = Fragments::new().cache(Cache::from_url(&plain).unwrap());
    let hello = fragments.fragment("hello").vary_on("Zoë").timeout(60);
    // The future is `Send`, as axum asks of its handlers.
    let render = tokio::spawn({
        let hello = hello.clone();
        async move { hello.render(async || Ok::<_, ()>("<b>Zoë</b>")).await }
    });
    assert_eq!(render.await.unwrap().as_deref(), Ok("<b>Zoë</b>"));
    let kept = server.command(&["GET", &format!(":1:{}", hello.key())]);
    assert_eq!(serde_json::from_str::<String>(&kept).unwrap(), "<b>Zoë</b>");

    // A renderer that does not await, in another process's place, with a cache of its own.
    let again = Fragments::new().cache(Cache::from_url(&plain).unwrap());
    let hello = again.fragment("hello").vary_on("Zoë");
    let text = tokio::task::spawn_blocking(move || {
        hello.render_blocking(|| -> Result<Arc<str>, ()> { panic!("it is there") })
    });
    assert_eq!(text.await.unwrap().as_deref(), Ok("<b>Zoë</b>"));
}

#[test]
fn a_trace_is_told_of_it() {
    let fragments = Fragments::new().cache(Cache::isolated());
    let trace = |fragment: &Fragment, text: Result<&str, ()>| {
        let (_, trace) = trace_blocking(|| fragment.render_blocking(|| text));
        let events = trace.events.into_iter();
        let event = |event: TraceEvent| (event.kind, event.name.into_owned(), event.outcome);
        events.map(event).collect::<Vec<_>>()
    };
    let told = |name: &str, outcome| [(Kind::Fragment, name.to_owned(), outcome)];
    let sidebar = fragments.fragment("sidebar");
    assert_eq!(trace(&sidebar, Err(())), told("sidebar", Outcome::Failed));
    assert_eq!(trace(&sidebar, Ok("a")), told("sidebar", Outcome::Miss));
    assert_eq!(trace(&sidebar, Ok("b")), told("sidebar", Outcome::Hit));
    let lost = Fragments::new().using("nowhere").fragment("lost");
    assert_eq!(trace(&lost, Ok("a")), told("lost", Outcome::Uncached));
}
