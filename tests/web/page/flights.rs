//! One run for each page, and nobody in a queue.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::Body;
use cache_web::cache_page;
use tokio::sync::{Notify, Semaphore};
use tokio::task::{JoinHandle, yield_now};

use crate::site::{Answer, Site, page, response};

/// A service whose answers wait for permits.
struct Held {
    site: Site,
    permits: Arc<Semaphore>,
    started: Arc<AtomicUsize>,
}

fn held(fields: &'static [(&'static str, &'static str)]) -> Held {
    let permits = Arc::new(Semaphore::new(0));
    let started = Arc::new(AtomicUsize::new(0));
    let (wait, count) = (permits.clone(), started.clone());
    let site = Site::later(cache_page(600), move |seen| {
        let (wait, count) = (wait.clone(), count.clone());
        async move {
            count.fetch_add(1, Ordering::SeqCst);
            wait.acquire().await.unwrap().forget();
            page(&seen, fields)
        }
    });
    Held {
        site,
        permits,
        started,
    }
}

impl Held {
    fn ask(&self, fields: &'static [(&'static str, &'static str)]) -> JoinHandle<Answer> {
        let site = self.site.clone();
        tokio::spawn(async move { site.get_with("/", fields).await })
    }

    /// Everybody goes as far as they can.
    async fn settle(&self) -> usize {
        for _ in 0..200 {
            yield_now().await;
        }
        self.started.load(Ordering::SeqCst)
    }
}

#[tokio::test]
async fn one_runs_and_all_get_its_page() {
    let held = held(&[]);
    let all: Vec<_> = (0..20).map(|_| held.ask(&[])).collect();
    assert_eq!(held.settle().await, 1);
    held.permits.add_permits(1);
    for answer in all {
        assert_eq!(answer.await.unwrap().body, "page 1");
    }
    assert_eq!(held.site.count(), 1);
}

#[tokio::test]
async fn variants_wait_for_their_own_once_they_are_known() {
    let held = held(&[("vary", "X")]);
    held.permits.add_permits(1);
    held.ask(&[("x", "0")]).await.unwrap();
    let one = [held.ask(&[("x", "1")]), held.ask(&[("x", "1")])];
    let two = [held.ask(&[("x", "2")]), held.ask(&[("x", "2")])];
    assert_eq!(held.settle().await, 3);
    held.permits.add_permits(2);
    for pair in [one, two] {
        let [a, b] = pair;
        assert_eq!(a.await.unwrap().body, b.await.unwrap().body);
    }
    assert_eq!(held.site.count(), 3);
}

#[tokio::test]
async fn what_is_not_kept_is_waited_for_once_and_then_all_run_together() {
    let held = held(&[("cache-control", "private")]);
    let all: Vec<_> = (0..10).map(|_| held.ask(&[])).collect();
    assert_eq!(held.settle().await, 1);
    held.permits.add_permits(1);
    // Nine are released, and none of them waits for another.
    assert_eq!(held.settle().await, 10);
    held.permits.add_permits(9);
    for answer in all {
        answer.await.unwrap();
    }
    // It is known for a while.
    let more: Vec<_> = (0..5).map(|_| held.ask(&[])).collect();
    assert_eq!(held.settle().await, 15);
    held.permits.add_permits(5);
    for answer in more {
        answer.await.unwrap();
    }
    held.site.clock.advance(std::time::Duration::from_secs(10));
    let _later: Vec<_> = (0..5).map(|_| held.ask(&[])).collect();
    assert_eq!(held.settle().await, 16);
}

#[tokio::test]
async fn a_client_that_goes_away_releases_the_others() {
    let held = held(&[]);
    let lead = held.ask(&[]);
    assert_eq!(held.settle().await, 1);
    let others = [held.ask(&[]), held.ask(&[])];
    held.settle().await;
    lead.abort();
    // One of them leads now, and the other waits.
    assert_eq!(held.settle().await, 2);
    held.permits.add_permits(1);
    for other in others {
        assert_eq!(other.await.unwrap().body, "page 2");
    }
}

#[tokio::test]
async fn who_waits_gets_nothing_that_is_for_another() {
    // Two with cookies meet at a URL of which nothing is known.
    let gate = Arc::new(Notify::new());
    let wait = gate.clone();
    let site = Site::later(cache_page(600), move |seen| {
        let wait = wait.clone();
        async move {
            if seen.number == 1 {
                wait.notified().await;
            }
            let who = seen.header("cookie").unwrap_or("nobody").to_owned();
            response(200, &[("vary", "Cookie")], Body::from(who))
        }
    });
    let ask = |who: &'static str| {
        let site = site.clone();
        tokio::spawn(async move { site.get_with("/", &[("cookie", who)]).await.body })
    };
    let (alice, bob, again) = (ask("alice"), ask("bob"), ask("alice"));
    for _ in 0..100 {
        yield_now().await;
    }
    assert_eq!(site.count(), 1);
    gate.notify_one();
    assert_eq!(alice.await.unwrap(), "alice");
    assert_eq!(bob.await.unwrap(), "bob");
    assert_eq!(again.await.unwrap(), "alice");
    assert_eq!(site.count(), 2);
}

#[tokio::test]
async fn nobody_waits_for_somebody() {
    let held = held(&[]);
    let _somebody = held.ask(&[("cookie", "a=1")]);
    held.settle().await;
    let _nobody = held.ask(&[]);
    assert_eq!(held.settle().await, 2);
}

#[tokio::test]
async fn who_wants_a_new_one_runs_it() {
    let held = held(&[]);
    let _lead = held.ask(&[]);
    held.settle().await;
    let _new = held.ask(&[("cache-control", "no-cache")]);
    assert_eq!(held.settle().await, 2);
}

#[tokio::test]
async fn the_same_layer_twice_does_not_wait_for_itself() {
    let layer = cache_page(600).cache(cache_runtime::Cache::isolated());
    let inner = tower::service_fn(|_: axum::http::Request<Body>| async {
        Ok::<_, std::convert::Infallible>(response(200, &[], "page"))
    });
    let app = tower::Layer::layer(&layer, inner);
    let app = tower::ServiceExt::map_response(app, |response| response.map(Body::new));
    let app = tower::Layer::layer(&layer, app);
    let answer = tower::ServiceExt::oneshot(app, crate::site::get("/", &[]));
    let answer = tokio::time::timeout(std::time::Duration::from_secs(10), answer).await;
    assert_eq!(answer.unwrap().unwrap().status(), 200);
}
