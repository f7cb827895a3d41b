//! A reverse proxy that caches by the headers of what it forwards, as RFC 9111 says: axum, a client,
//! and `http_cache` between them.
//!
//! `cargo run -p cache-web-examples --example reverse_proxy -- 127.0.0.1:8080 http://127.0.0.1:8000`
//! starts the proxy; without arguments, it starts a server of its own and shows what is cached. The public test
//! suite for HTTP caches runs against this program (`tests/web/http_cache_tests`).

mod demonstration;
mod forward;

use std::error::Error;

use axum::Router;
use cache_runtime::Cache;
use cache_web::http_cache;
use tokio::net::TcpListener;

fn proxy(upstream: &str) -> Result<Router, Box<dyn Error>> {
    let cache = Cache::from_url("memory://?max_entries=100000&max_bytes=256MiB")?;
    let layer = http_cache()
        .cache(cache)
        .max_body_size(8 << 20)
        // The server behind it says in `Vary` where a cookie matters, and in `private` what is for one client only.
        .ignore_request_cookies()
        .targeted_by(["cdn-cache-control", "surrogate-control"])
        .cache_status("reverse-proxy");
    let forward = forward::Upstream::new(upstream)?;
    Ok(Router::new()
        .fallback(move |request| forward.clone().answer(request))
        .layer(layer))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(address), Some(upstream)) = (arguments.next(), arguments.next()) else {
        return demonstration::run().await;
    };
    let listener = TcpListener::bind(address).await?;
    println!("http://{} shows {upstream}", listener.local_addr()?);
    axum::serve(listener, proxy(&upstream)?).await?;
    Ok(())
}
