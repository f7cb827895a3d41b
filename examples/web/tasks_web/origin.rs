//! Rejects forms of other sites: in addition to the cookie's `SameSite=Lax`, a browser says where a form comes
//! from.

use axum::extract::Request;
use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// Lets through what changes nothing, and what comes from our own pages.
pub async fn check(request: Request, next: Next) -> Response {
    if request.method().is_safe() || is_own(request.headers()) {
        return next.run(request).await;
    }
    (StatusCode::FORBIDDEN, "this form is of another site\n").into_response()
}

fn is_own(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    // No browser omits it with a form; a program that does has no cookies but its own.
    let Some(origin) = text(ORIGIN) else {
        return !headers.contains_key(ORIGIN);
    };
    let authority = origin.split_once("://").map(|(_, authority)| authority);
    authority.is_some() && authority == text(HOST)
}
