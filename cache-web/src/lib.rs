//! The levels of caching beside the cached function, for axum and anything that speaks tower: whole
//! pages, template fragments, sessions, and a panel to see it all; on any [`Cache`](cache_runtime::Cache).

pub mod fragment;
pub mod page;
#[cfg(feature = "panel")]
pub mod panel;
#[cfg(feature = "sessions")]
pub mod session;
mod telling;

pub use page::{cache_page, http_cache, vary_on_cookie, vary_on_headers};
