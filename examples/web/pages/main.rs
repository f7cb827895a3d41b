//! Whole pages: rendered once, per person where they differ, invalidated by path, 304 for clients that have them.
//!
//! `cargo run -p cache-web-examples --example pages`, with any `CACHE_URL` or none. Requests are made inside the
//! program; no port is opened.

use std::error::Error;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, header};
use axum::routing::get;
use cache_runtime::caches;
use cache_web::{cache_page, vary_on_headers};
use tower::ServiceExt;

static RENDERED: AtomicU32 = AtomicU32::new(0);

async fn article() -> String {
    format!(
        "article, rendered as number {}",
        RENDERED.fetch_add(1, Relaxed) + 1
    )
}

async fn greeting(headers: HeaderMap) -> String {
    let language = headers.get(header::ACCEPT_LANGUAGE);
    let language = language
        .and_then(|value| value.to_str().ok())
        .unwrap_or("en");
    if language == "de" {
        "Guten Tag"
    } else {
        "Good morning"
    }
    .to_owned()
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    caches().get("default")?.clear().await?;
    let layer = cache_page(600).cache_status("example");
    let pages = layer.pages();
    let app = Router::new()
        .route("/articles/{id}", get(article))
        .route(
            "/",
            get(greeting).layer(vary_on_headers(["Accept-Language"])),
        )
        .layer(layer);

    let etag = ask(&app, "/articles/7", &[]).await?;
    ask(&app, "/articles/7", &[]).await?;
    ask(&app, "/articles/8", &[]).await?;
    ask(&app, "/articles/7", &[("if-none-match", &etag)]).await?;

    for language in ["en", "de", "en", "de"] {
        ask(&app, "/", &[("accept-language", language)]).await?;
    }

    pages.forget("/articles/7").await?;
    println!("forgotten: /articles/7");
    ask(&app, "/articles/7", &[]).await?;
    ask(&app, "/articles/8", &[]).await?;
    Ok(())
}

/// Requests a page, prints the result, and returns its `ETag`.
async fn ask(app: &Router, path: &str, fields: &[(&str, &str)]) -> Result<String, Box<dyn Error>> {
    let mut request = Request::get(path).header(header::HOST, "example.com");
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    let response = app.clone().oneshot(request.body(Body::empty())?).await?;
    let (parts, body) = response.into_parts();
    let body = String::from_utf8(to_bytes(body, 1000).await?.to_vec())?;
    let field = |name: &str| {
        let value = parts
            .headers
            .get(name)
            .and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_owned()
    };
    let was_hit = field("cache-status").contains("; hit");
    println!(
        "{path:<12} {} {} {body}",
        parts.status.as_u16(),
        if was_hit { "kept " } else { "asked" }
    );
    Ok(field("etag"))
}
