//! What a page costs that comes from the in-process level, over the bare handler that returns the same
//! bytes; and requests per second over a socket, with and without the layer before a handler that takes
//! a millisecond.
//!
//! Rounds of all kinds are interleaved, and medians compared: a busy machine slows all alike.

use std::hint::black_box;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, Response, header};
use axum::routing::get;
use cache_runtime::Cache;
use cache_web::{cache_page, vary_on_headers};
use http_body_util::BodyExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tower::util::BoxCloneSyncService;
use tower::{Layer, Service, ServiceExt, service_fn};

const ROUNDS: usize = 41;
const REQUESTS: u32 = 5_000;
const PAGE: &[u8] = &[b'x'; 8192];

type App = BoxCloneSyncService<Request<Body>, Response<Body>, std::convert::Infallible>;

/// The handler: the same bytes and as many header fields as the cached page has.
async fn bare(_: Request<Body>) -> Result<Response<Body>, std::convert::Infallible> {
    let response = Response::builder()
        .header(header::CONTENT_TYPE, "text/html; charset=utf-8")
        .body(Body::from(PAGE));
    Ok(response.unwrap_or_default())
}

/// What a browser sends.
fn request() -> Request<Body> {
    let mut request = Request::new(Body::empty());
    *request.uri_mut() = axum::http::Uri::from_static("/articles/2024?page=3");
    let headers = request.headers_mut();
    for (name, value) in [
        (header::HOST, "www.example.com"),
        (
            header::USER_AGENT,
            "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/128.0",
        ),
        (
            header::ACCEPT,
            "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        ),
        (header::ACCEPT_LANGUAGE, "en-US,en;q=0.5"),
        (header::ACCEPT_ENCODING, "gzip, deflate, br"),
    ] {
        headers.insert(name, axum::http::HeaderValue::from_static(value));
    }
    request
}

async fn answer(app: &mut App) -> HeaderMap {
    let response = match app.call(request()).await {
        Ok(response) => response,
        Err(never) => match never {},
    };
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.map(|body| body.to_bytes());
    assert!(bytes.is_ok_and(|bytes| bytes.len() == PAGE.len()));
    parts.headers
}

async fn nanoseconds(app: &mut App) -> f64 {
    let started = Instant::now();
    for _ in 0..REQUESTS {
        black_box(answer(app).await);
    }
    started.elapsed().as_nanos() as f64 / f64::from(REQUESTS)
}

fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}

async fn hits() {
    let page = |varies: bool| -> App {
        let layer = cache_page(3600).cache(Cache::from_url("memory://").expect("in process"));
        let bare = service_fn(bare);
        let body = |response: Response<_>| response.map(Body::new);
        if varies {
            let inner = vary_on_headers(["accept-language"]).layer(bare);
            BoxCloneSyncService::new(layer.layer(inner).map_response(body))
        } else {
            BoxCloneSyncService::new(layer.layer(bare).map_response(body))
        }
    };
    let mut apps = [
        BoxCloneSyncService::new(service_fn(bare)),
        page(false),
        page(true),
    ];
    for (app, is_cached) in apps.iter_mut().zip([false, true, true]) {
        answer(app).await;
        let headers = answer(app).await;
        assert_eq!(headers.contains_key(header::AGE), is_cached);
    }
    let mut times = [const { Vec::new() }; 3];
    for _ in 0..ROUNDS {
        for (app, times) in apps.iter_mut().zip(&mut times) {
            times.push(nanoseconds(app).await);
        }
    }
    let [bare, hit, varied] = times.map(median);
    println!("bare handler         {bare:>8.0} ns");
    println!("page from the cache  {hit:>8.0} ns, {:.0} more", hit - bare);
    println!(
        "one that varies      {varied:>8.0} ns, {:.0} more",
        varied - bare
    );
    assert!(hit - bare <= 2000.0, "a hit costs more than 2 µs");
}

/// A handler that works for a millisecond, as one that renders does.
async fn render() -> ([(header::HeaderName, &'static str); 1], &'static [u8]) {
    let started = Instant::now();
    while started.elapsed() < Duration::from_millis(1) {
        black_box(started);
    }
    ([(header::CONTENT_TYPE, "text/html")], PAGE)
}

async fn serve(app: Router) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async { axum::serve(listener, app).await });
    address
}

/// Requests one after another over one connection, for this long; how many were answered.
async fn client(address: std::net::SocketAddr, time: Duration) -> u32 {
    let mut stream = TcpStream::connect(address)
        .await
        .expect("the server is there");
    stream.set_nodelay(true).expect("an option of TCP");
    let mut answered = 0;
    let mut bytes = Vec::with_capacity(2 * PAGE.len());
    let ends = Instant::now() + time;
    while Instant::now() < ends {
        stream
            .write_all(b"GET /page HTTP/1.1\r\nhost: h\r\n\r\n")
            .await
            .expect("it listens");
        bytes.clear();
        let head = loop {
            let head = bytes.windows(4).position(|four| four == b"\r\n\r\n");
            if let Some(end) = head {
                break end + 4;
            }
            assert!(stream.read_buf(&mut bytes).await.expect("it answers") > 0);
        };
        while bytes.len() < head + PAGE.len() {
            assert!(stream.read_buf(&mut bytes).await.expect("it goes on") > 0);
        }
        assert!(bytes.starts_with(b"HTTP/1.1 200"));
        answered += 1;
    }
    answered
}

async fn load() {
    const CLIENTS: usize = 8;
    const TIME: Duration = Duration::from_millis(500);
    let router = || Router::new().route("/page", get(render));
    let cached = cache_page(3600).cache(Cache::from_url("memory://").expect("in process"));
    let addresses = [serve(router()).await, serve(router().layer(cached)).await];
    let mut rates = [const { Vec::new() }; 2];
    for _ in 0..5 {
        for (address, rates) in addresses.into_iter().zip(&mut rates) {
            let clients: Vec<_> = (0..CLIENTS)
                .map(|_| tokio::spawn(client(address, TIME)))
                .collect();
            let mut answered = 0;
            for client in clients {
                answered += client.await.expect("a client ends");
            }
            rates.push(f64::from(answered) / TIME.as_secs_f64());
        }
    }
    let [without, with] = rates.map(median);
    println!("rendered in 1 ms     {without:>8.0} requests per second over a socket");
    println!(
        "from the cache       {with:>8.0}, {:.0} times as many",
        with / without
    );
}

fn main() {
    // `cargo test --benches` runs this too: it has nothing to test.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let one = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    one.expect("a runtime").block_on(hits());
    let many = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    many.expect("a runtime").block_on(load());
}
