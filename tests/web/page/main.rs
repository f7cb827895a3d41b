//! `cache_page` and `http_cache`, over services that answer as each test says, with a clock that is moved
//! by hand.

#![allow(clippy::unwrap_used, reason = "a test's panic is its report")]

mod attacks;
mod axum_router;
mod bodies;
mod by_headers;
mod conditional;
mod flights;
mod invalidation;
mod kept;
mod security;
mod site;
mod stale;
mod stores;
mod vary;
