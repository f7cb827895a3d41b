//! Whole pages: a tower layer that answers from a cache, as Django's `cache_page` does and as
//! RFC 9111 requires.
//!
//! ```
//! use axum::{Router, body::Body, http::Request, routing::get};
//! use cache_runtime::Cache;
//! use cache_web::page::cache_page;
//! use std::sync::atomic::{AtomicU32, Ordering};
//! use tower::ServiceExt;
//!
//! static RENDERED: AtomicU32 = AtomicU32::new(0);
//!
//! async fn articles() -> String {
//!     format!("<h1>Articles</h1><!-- {} -->", RENDERED.fetch_add(1, Ordering::Relaxed))
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let layer = cache_page(600).cache(Cache::from_url("memory://")?);
//! let pages = layer.pages();
//! let app: Router = Router::new().route("/articles", get(articles)).layer(layer);
//! let ask = || app.clone().oneshot(Request::get("/articles").body(Body::empty()).unwrap());
//!
//! ask().await?;
//! let page = ask().await?;
//! assert_eq!(RENDERED.load(Ordering::Relaxed), 1);
//! assert_eq!(page.headers()["cache-control"], "max-age=600");
//! assert!(page.headers().contains_key("age") && page.headers().contains_key("etag"));
//!
//! pages.forget("/articles").await?;
//! ask().await?;
//! assert_eq!(RENDERED.load(Ordering::Relaxed), 2);
//! # Ok(()) }
//! ```
//!
//! | file | about |
//! | --- | --- |
//! | `layer`, `options`, `vary_layer` | what users configure |
//! | `service`, `sought`, `find`, `flights`, `run`, `session`, `keep`, `renew` | the path of a request |
//! | `asked`, `control`, `date`, `freshness`, `storable`, `judge` | what may be kept, and what may be served: only rules |
//! | `vary`, `key`, `django`, `slot`, `stored`, `base64` | the key of a page, and how it is kept |
//! | `answer`, `conditional`, `range`, `headers`, `status`, `body`, `collect` | what the client gets |
//! | `invalidate` | how pages are invalidated |

mod answer;
mod asked;
mod base64;
mod body;
mod collect;
mod conditional;
mod control;
mod date;
mod django;
mod find;
mod flights;
mod freshness;
mod headers;
mod invalidate;
mod judge;
mod keep;
mod key;
mod layer;
mod options;
mod owed;
mod range;
mod renew;
mod run;
mod service;
mod session;
mod slot;
mod sought;
mod status;
mod storable;
mod stored;
mod vary;
mod vary_layer;

pub use body::PageBody;
pub use django::{DjangoKeys, DjangoVersion};
pub use invalidate::Pages;
pub use layer::{CachePage, cache_page, http_cache};
pub use options::PageCache;
pub use service::PageService;
pub use vary_layer::{VaryFuture, VaryOn, VaryService, vary_on_cookie, vary_on_headers};
