//! A page that a developer mounts in development: it shows live what the caches do, and looks up or
//! deletes a single key.
//!
//! Nothing mounts it by itself. [`Panel`] is a tower service for a path of its own, and [`Panel::layer`] traces
//! the requests that it shows; [`server_timing`] tells the browser the same about each response.
//!
//! ```
//! # use axum::{Router, body::Body, http::Request, routing::get};
//! # use tower::ServiceExt;
//! use cache_web::panel::{Panel, server_timing};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! let mut app: Router = Router::new().route("/", get(async || "hello"));
//! if cfg!(debug_assertions) {
//!     let panel = Panel::new();
//!     app = app
//!         .layer(panel.layer())
//!         .layer(server_timing())
//!         .nest_service("/cache", panel);
//! }
//! # let request = Request::get("/cache").header("host", "localhost:3000");
//! # let response = app.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
//! # assert_eq!(response.status(), 200);
//! # }
//! ```
//!
//! It is for development only: whoever can see it sees keys, may see values, and can delete any entry whose key is
//! known. So it answers only loopback hosts ([`Panel::allow_host`] adds others), values are shown only on
//! request, and a deletion must come from a page of the panel itself. It has no login: put your own in front of
//! it, or do not mount it where others can reach it.
//!
//! | request | answer |
//! | --- | --- |
//! | `GET /` | functions, caches and the last requests; works without scripts |
//! | `GET /?cache=default&key=…` | one entry; with `&value` its value |
//! | `POST /?delete` | deletes it, from the form of that page |
//! | `GET /api/report` | `{"version": 1, "functions": […], "caches": […]}` |
//! | `GET /api/requests?after=7` | `{"version": 1, "last": 9, "requests": […]}`, those after number 7 |
//! | `GET /api/key?cache=default&key=…` | `{"version": 1, "found": true, …}`; with `&value` its value |
//!
//! `docs/panel.md` lists the fields.

mod api;
mod form;
mod guard;
mod key_page;
mod layer;
mod lookup;
mod overview;
mod page;
mod recent;
mod service;
mod text;
mod timing;

pub use layer::{TraceLayer, TraceService};
pub use service::Panel;
pub use timing::server_timing;
