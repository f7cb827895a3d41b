//! What goes wrong, as users see it.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

/// A page that cannot be shown. The error is printed on the terminal, not shown in the browser.
#[derive(Debug)]
pub struct Failure(StatusCode);

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        (self.0, format!("{}\n", self.0)).into_response()
    }
}

impl From<tower_sessions::session::Error> for Failure {
    fn from(error: tower_sessions::session::Error) -> Self {
        eprintln!("session: {error}");
        Self(StatusCode::SERVICE_UNAVAILABLE)
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        eprintln!("database: {error}");
        Self(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl From<minijinja::Error> for Failure {
    fn from(error: minijinja::Error) -> Self {
        eprintln!("template: {error:#}");
        Self(StatusCode::INTERNAL_SERVER_ERROR)
    }
}
