//! The panel as a service: which request is answered by what.

use std::convert::Infallible;
use std::error::Error;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use cache_runtime::{caches, report};
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderName, LOCATION};
use http::request::Parts;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body::Body;
use http_body_util::{BodyExt, Full, Limited};
use serde_json::Value;
use tower_service::Service;

use super::api;
use super::form::{Form, encode};
use super::guard::Guard;
use super::key_page::{KeyPage, key_page};
use super::layer::{Own, TraceLayer};
use super::lookup::Wanted;
use super::overview::overview;
use super::page::{CSS, JS};
use super::recent::Recent;

/// How many requests are kept by default.
const REQUESTS: usize = 200;
/// A form contains an alias, a key and a secret.
const LARGEST_FORM: usize = 64 << 10;

const HTML: &str = "text/html; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";
const JSON: &str = "application/json";

/// Only the panel's own scripts and styles, nothing from elsewhere, and not in any frame.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The panel: a tower service that a developer mounts anywhere. See the [module](super).
///
/// Clones are the same panel.
#[derive(Clone)]
pub struct Panel {
    guard: Guard,
    recent: Arc<Recent>,
}

impl Default for Panel {
    fn default() -> Self {
        Self::new()
    }
}

impl Panel {
    /// Returns a panel for loopback hosts that keeps the last 200 requests.
    #[must_use]
    pub fn new() -> Self {
        Self {
            guard: Guard::new(),
            recent: Arc::new(Recent::new(REQUESTS)),
        }
    }

    /// Also answers under this host name, with or without its port: `"dev.example.com"`.
    ///
    /// Without it, only `localhost`, names that end in `.localhost`, `127.0.0.1` and `[::1]` are answered, so that
    /// no other site's name can be made to lead here.
    #[must_use]
    pub fn allow_host(mut self, host: &str) -> Self {
        self.guard.allow(host);
        self
    }

    /// Sets how many of the last requests are kept; 200 by default.
    #[must_use]
    pub fn requests(self, count: usize) -> Self {
        self.recent.set_room(count);
        self
    }

    /// Returns a layer for the routers whose requests the panel shows: it traces each until the head of its
    /// response is there, with at most 200 cached calls. A traced request has no fast hits: each takes about a
    /// microsecond.
    #[must_use]
    pub fn layer(&self) -> TraceLayer {
        TraceLayer::for_panel(self.recent.clone())
    }
}

impl std::fmt::Debug for Panel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Its secret must not be shown.
        f.debug_struct("Panel").finish_non_exhaustive()
    }
}

impl<B> Service<Request<B>> for Panel
where
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let panel = self.clone();
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let answer = match panel.guard.check_host(&parts) {
                Err(why) => Answer::refused(StatusCode::FORBIDDEN, why),
                Ok(()) => panel.answer(&parts, body).await,
            };
            Ok(answer.into_response())
        })
    }
}

impl Panel {
    async fn answer<B>(&self, request: &Parts, body: B) -> Answer
    where
        B: Body,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let query = Form::parse(request.uri.query().unwrap_or_default());
        let path = request.uri.path().trim_matches('/');
        let is_delete = path.is_empty() && query.has("delete");
        if is_delete && request.method == Method::POST {
            return self.delete(request, body).await;
        }
        if is_delete || !matches!(request.method, Method::GET | Method::HEAD) {
            return Answer {
                allow: Some(if is_delete { "POST" } else { "GET, HEAD" }),
                ..Answer::refused(
                    StatusCode::METHOD_NOT_ALLOWED,
                    "a key is deleted by POST, everything else is read by GET",
                )
            };
        }
        match path {
            "" if query.has("panel.css") => Answer::ok("text/css; charset=utf-8", CSS),
            "" if query.has("panel.js") => Answer::ok("text/javascript; charset=utf-8", JS),
            "" if query.has("key") => self.key_page(&query).await,
            "" => {
                let (requests, last) = self.recent.after(0);
                let page = overview(report(), &requests, last, query.get("sort"));
                Answer::ok(HTML, page)
            }
            "api/report" => Answer::json(&api::report(&report())),
            "api/requests" => {
                let after = query.get("after").and_then(|id| id.parse().ok());
                let (requests, last) = self.recent.after(after.unwrap_or(0));
                Answer::json(&api::requests(&requests, last))
            }
            "api/key" => key_json(&query).await,
            _ => Answer::refused(StatusCode::NOT_FOUND, "the panel has no such page"),
        }
    }

    async fn key_page(&self, query: &Form) -> Answer {
        let wanted = wanted(query);
        let found = wanted.look().await;
        let page = key_page(&KeyPage {
            caches: &caches().reports(),
            wanted: &wanted,
            found,
            shows_value: query.has("value"),
            deleted: query.get("deleted").map(|deleted| deleted == "yes"),
            token: self.guard.token(),
        });
        Answer::ok(HTML, page)
    }

    async fn delete<B>(&self, request: &Parts, body: B) -> Answer
    where
        B: Body,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let Ok(body) = Limited::new(body, LARGEST_FORM).collect().await else {
            return Answer::refused(StatusCode::BAD_REQUEST, "the form could not be read");
        };
        let form = Form::parse(&String::from_utf8_lossy(&body.to_bytes()));
        if let Err(why) = self.guard.check_origin(request, form.get("token")) {
            return Answer::refused(StatusCode::FORBIDDEN, why);
        }
        let wanted = wanted(&form);
        match wanted.delete().await {
            Err(error) => Answer::refused(StatusCode::BAD_GATEWAY, error.to_string()),
            Ok(was_there) => {
                let deleted = if was_there { "yes" } else { "no" };
                let (cache, key) = (encode(&wanted.alias), encode(&wanted.key));
                Answer {
                    status: StatusCode::SEE_OTHER,
                    location: Some(format!("?cache={cache}&key={key}&deleted={deleted}")),
                    ..Answer::ok(TEXT, "")
                }
            }
        }
    }
}

async fn key_json(query: &Form) -> Answer {
    let wanted = wanted(query);
    match wanted.look().await {
        Ok(entry) => Answer::json(&api::key(&wanted, entry.as_ref(), query.has("value"))),
        Err(error) => Answer::refused(StatusCode::BAD_GATEWAY, error.to_string()),
    }
}

fn wanted(form: &Form) -> Wanted {
    Wanted {
        alias: form.get("cache").unwrap_or("default").to_owned(),
        key: form.get("key").unwrap_or_default().to_owned(),
    }
}

/// A response under construction.
struct Answer {
    status: StatusCode,
    content_type: &'static str,
    body: Bytes,
    location: Option<String>,
    allow: Option<&'static str>,
}

impl Answer {
    fn ok(content_type: &'static str, body: impl Into<Bytes>) -> Self {
        Self {
            status: StatusCode::OK,
            content_type,
            body: body.into(),
            location: None,
            allow: None,
        }
    }

    fn json(value: &Value) -> Self {
        Self::ok(JSON, value.to_string())
    }

    fn refused(status: StatusCode, why: impl Into<String>) -> Self {
        Self {
            status,
            ..Self::ok(TEXT, why.into() + "\n")
        }
    }

    fn into_response(self) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::new(self.body));
        *response.status_mut() = self.status;
        response.extensions_mut().insert(Own);
        let headers = response.headers_mut();
        for (name, value) in [
            (CONTENT_TYPE, self.content_type),
            (CACHE_CONTROL, "no-store"),
            (HeaderName::from_static("content-security-policy"), POLICY),
            (HeaderName::from_static("x-content-type-options"), "nosniff"),
            (HeaderName::from_static("x-frame-options"), "DENY"),
            // Not `no-referrer`: then a form would have no origin to check.
            (HeaderName::from_static("referrer-policy"), "same-origin"),
            (
                HeaderName::from_static("cross-origin-resource-policy"),
                "same-origin",
            ),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        if let Some(allow) = self.allow {
            headers.insert(ALLOW, HeaderValue::from_static(allow));
        }
        let location = self
            .location
            .and_then(|place| HeaderValue::try_from(place).ok());
        if let Some(location) = location {
            headers.insert(LOCATION, location);
        }
        response
    }
}
