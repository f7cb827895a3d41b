//! A panel, and what a client of it says.

use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use cache_runtime::{Cache, caches};
use cache_web::panel::Panel;
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    pub(crate) fn has(&self, text: &str) -> bool {
        self.text.contains(text)
    }
}

pub(crate) async fn ask(panel: &Panel, request: Request<Body>) -> Answer {
    let response = panel.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    Answer {
        status: parts.status,
        headers: parts.headers,
        text: String::from_utf8(bytes.to_vec()).unwrap(),
    }
}

pub(crate) async fn get(panel: &Panel, address: &str) -> Answer {
    let request = Request::get(address).header("host", "localhost:3000");
    ask(panel, request.body(Body::empty()).unwrap()).await
}

/// A cache of a test's own, under an alias of its own.
pub(crate) fn cache(alias: &str) -> Cache {
    let url = format!("memory://?key_prefix={alias}");
    caches().set(alias, Cache::from_url(&url).unwrap()).unwrap();
    caches().get(alias).unwrap()
}

/// The token that a page's form has.
pub(crate) async fn token(panel: &Panel, alias: &str, key: &str) -> String {
    let page = get(panel, &format!("/?cache={alias}&key={key}")).await;
    let (_, rest) = page.text.split_once("name=\"token\" value=\"").unwrap();
    rest.split_once('"').unwrap().0.to_owned()
}
