//! The levels of caching beside the cached function, for axum and anything else that uses tower: whole
//! pages, template fragments, sessions, and a panel to inspect it all; on any [`Cache`](cache_runtime::Cache).
//!
//! ```
//! use axum::{Router, routing::get};
//! use cache_web::{cache_page, vary_on_cookie};
//!
//! let app: Router = Router::new()
//!     .route("/articles/{id}", get(|| async { "an article" }))
//!     .route("/basket", get(|| async { "your basket" }).layer(vary_on_cookie()))
//!     .layer(cache_page(600));
//! # let _ = app;
//! ```
//!
//! | module | contains |
//! | --- | --- |
//! | [`page`] | whole pages: a tower layer |
//! | [`fragment`] | parts of pages: a function for minijinja, and one for any engine |
//! | `session` | stores for tower-sessions, alone or in front of a database |
//! | `panel` | a page for development that shows what all caches do; `Server-Timing` |
//!
//! # Cargo features
//!
//! | feature | adds |
//! | --- | --- |
//! | `axum` | pages inside `nest` are keyed by the client's URI; on by default |
//! | `minijinja` | the function `cache` for templates |
//! | `sessions` | `session` |
//! | `panel` | `panel` |

// docs.rs says for each item which feature it needs.
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod fragment;
mod hex;
pub mod page;
#[cfg(feature = "panel")]
pub mod panel;
#[cfg(feature = "sessions")]
pub mod session;
mod telling;

pub use page::{cache_page, http_cache, vary_on_cookie, vary_on_headers};
