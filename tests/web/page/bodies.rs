//! Bodies: streams go on untouched, long ones too, broken ones as they broke.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Response};
use cache_web::cache_page;
use http_body_util::BodyExt;
use tokio::sync::mpsc;

use crate::site::{Site, get, response};

/// A body of frames that are sent by hand.
struct Sent {
    frames: mpsc::UnboundedReceiver<Result<Frame, std::io::Error>>,
    /// What it says of its size.
    size: Option<u64>,
}

type Frame = http_body::Frame<Bytes>;

impl http_body::Body for Sent {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame, std::io::Error>>> {
        self.frames.poll_recv(cx)
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.size.map_or_else(
            http_body::SizeHint::default,
            http_body::SizeHint::with_exact,
        )
    }
}

type Sender = mpsc::UnboundedSender<Result<Frame, std::io::Error>>;

fn body(size: Option<u64>) -> (Sender, Body) {
    let (sender, frames) = mpsc::unbounded_channel();
    (sender, Body::new(Sent { frames, size }))
}

fn data(text: &'static str) -> Result<Frame, std::io::Error> {
    Ok(Frame::data(Bytes::from_static(text.as_bytes())))
}

/// A body that has all its frames already.
fn ready(size: Option<u64>, frames: Vec<Result<Frame, std::io::Error>>) -> Response<Body> {
    let (sender, body) = body(size);
    for frame in frames {
        sender.send(frame).unwrap();
    }
    response(200, &[], body)
}

#[tokio::test]
async fn a_stream_goes_on_as_it_comes_and_is_not_kept() {
    let (sender, stream) = body(None);
    let once = std::sync::Arc::new(std::sync::Mutex::new(Some(stream)));
    let site = Site::new(cache_page(600), move |_| {
        let stream = once.lock().unwrap().take();
        response(200, &[], stream.unwrap_or_else(Body::empty))
    });
    // The head is here although the body has no end.
    let mut response = site.send(get("/", &[])).await;
    for text in ["a", "b"] {
        sender.send(data(text)).unwrap();
        let frame = response.body_mut().frame().await.unwrap().unwrap();
        assert_eq!(frame.into_data().unwrap(), text);
    }
    drop(sender);
    assert!(response.body_mut().frame().await.is_none());
    site.get("/").await;
    assert_eq!(site.count(), 2);
}

#[tokio::test]
async fn a_body_of_several_frames_and_a_known_size_is_kept() {
    let site = Site::new(cache_page(600), |_| {
        ready(Some(3), vec![data("a"), data("bc")])
    });
    assert_eq!(site.get("/").await.body, "abc");
    assert_eq!(site.get("/").await.body, "abc");
    assert_eq!(site.count(), 1);
}

#[tokio::test]
async fn a_body_over_the_limit_goes_on_whole() {
    let layer = || cache_page(600).max_body_size(5);
    let site = Site::new(layer(), |_| response(200, &[], "12345"));
    site.get("/").await;
    site.get("/").await;
    assert_eq!(site.count(), 1);
    let site = Site::new(layer(), |_| response(200, &[], "123456"));
    assert_eq!(site.get("/").await.body, "123456");
    assert_eq!(site.get("/").await.body, "123456");
    assert_eq!(site.count(), 2);
    // And one that says less than it sends.
    let site = Site::new(layer(), |_| {
        ready(Some(5), vec![data("1234"), data("567"), data("8")])
    });
    assert_eq!(site.get("/").await.body, "12345678");
    assert_eq!(site.get("/").await.body, "12345678");
    assert_eq!(site.count(), 2);
}

#[tokio::test]
async fn the_limit_of_the_cache_holds_too() {
    let cache = cache_runtime::Cache::from_url("memory://?max_value_size=1000").unwrap();
    let site = Site::within(
        cache,
        cache_runtime::testing::Clock::manual(),
        cache_page(600),
        |_| async { response(200, &[], "x".repeat(2000)) },
    );
    assert_eq!(site.get("/").await.body.len(), 2000);
    assert_eq!(site.get("/").await.body.len(), 2000);
    assert_eq!(site.count(), 2);
    assert_eq!(site.cache.stats().too_large, 2);
}

#[tokio::test]
async fn a_body_that_breaks_breaks_for_the_client_and_is_not_kept() {
    let site = Site::new(cache_page(600), |_| {
        ready(
            Some(5),
            vec![data("12"), Err(std::io::Error::other("broken"))],
        )
    });
    for _ in 0..2 {
        let mut body = site.send(get("/", &[])).await.into_body();
        let first = body.frame().await.unwrap().unwrap().into_data().unwrap();
        assert_eq!(first, "12");
        assert!(body.frame().await.unwrap().is_err());
    }
    assert_eq!(site.count(), 2);
}

#[tokio::test]
async fn a_body_that_ends_too_early_is_not_kept() {
    let site = Site::new(cache_page(600), |_| ready(Some(5), vec![data("12")]));
    assert_eq!(site.get("/").await.body, "12");
    site.get("/").await;
    assert_eq!(site.count(), 2);
}

#[tokio::test]
async fn trailers_go_on_and_their_page_is_not_kept() {
    let site = Site::new(cache_page(600), |_| {
        let mut trailers = HeaderMap::new();
        trailers.insert("x", "y".parse().unwrap());
        ready(Some(2), vec![data("12"), Ok(Frame::trailers(trailers))])
    });
    for _ in 0..2 {
        let body = site.send(get("/", &[])).await.into_body();
        let all = body.collect().await.unwrap();
        assert_eq!(all.trailers().unwrap()["x"], "y");
        assert_eq!(all.to_bytes(), "12");
    }
    assert_eq!(site.count(), 2);
}
