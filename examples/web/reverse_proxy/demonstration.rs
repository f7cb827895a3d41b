//! Without arguments: a server, the proxy in front of it, and how both answer a few requests.

use std::error::Error;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, header};
use axum::routing::get;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tokio::net::TcpListener;

static SERVED: AtomicU32 = AtomicU32::new(0);

async fn page() -> String {
    format!("page {}", SERVED.fetch_add(1, Ordering::Relaxed) + 1)
}

pub async fn run() -> Result<(), Box<dyn Error>> {
    let kept = [
        (header::CACHE_CONTROL, "max-age=60"),
        (header::ETAG, "\"1\""),
    ];
    let server = Router::new()
        .route("/kept", get(async move || (kept, page().await)))
        .route(
            "/private",
            get(async || ([(header::CACHE_CONTROL, "private")], page().await)),
        );
    let server = serve(server).await?;
    let proxy = serve(super::proxy(&server)?).await?;

    let client: Client<_, Body> = Client::builder(TokioExecutor::new()).build_http();
    for (path, condition) in [
        ("/kept", ""),
        ("/kept", ""),
        ("/kept", "\"1\""),
        ("/private", ""),
        ("/private", ""),
    ] {
        let mut request = Request::get(format!("{proxy}{path}"));
        if !condition.is_empty() {
            request = request.header(header::IF_NONE_MATCH, condition);
        }
        let response = client.request(request.body(Body::empty())?).await?;
        let (parts, body) = response.into_parts();
        let did = parts.headers["cache-status"].to_str()?.to_owned();
        let body = to_bytes(Body::new(body), 1000).await?;
        let body = String::from_utf8_lossy(&body);
        println!("{path:<9} {} {body:<7} {did}", parts.status.as_u16());
    }
    Ok(())
}

async fn serve(app: Router) -> Result<String, Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async { axum::serve(listener, app).await });
    Ok(url)
}
