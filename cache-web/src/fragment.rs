//! Parts of a page, rendered once and kept: Django's `{% cache %}`, for any template engine.
//!
//! A fragment has a name, and whatever else its text depends on: the user, the language.
//!
//! ```
//! use cache_web::fragment::fragment;
//!
//! # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
//! # runtime.block_on(async {
//! # let (user_id, language) = (7, "en");
//! let mut rendered = 0;
//! for _ in 0..2 {
//!     let sidebar = fragment("sidebar").vary_on(user_id).vary_on(language).timeout(600);
//!     let html = sidebar.render(async || {
//!         rendered += 1; // any engine: askama, maud, tera, format!
//!         Ok::<_, std::fmt::Error>(format!("<ul id=tasks-of-{user_id}></ul>"))
//!     });
//!     assert_eq!(&*html.await?, "<ul id=tasks-of-7></ul>");
//! }
//! assert_eq!(rendered, 1);
//!
//! // When the user's tasks change:
//! fragment("sidebar").vary_on(user_id).vary_on(language).delete().await.unwrap();
//! # Ok::<(), std::fmt::Error>(()) }).unwrap();
//! ```
//!
//! The text is kept as it was rendered, so it must be escaped already: write `{{ html|safe }}` in askama
//! and tera, `PreEscaped(html)` in maud. An error is returned and not kept. A cache that is down changes
//! nothing but the time it takes. Fragments are kept in the cache of the alias `template_fragments`, if there is
//! one, or else in `default`; use [`Fragments`] for another place.
//!
//! The function `cache` for minijinja's templates is added by `Fragments::add_to` (feature `minijinja`).

mod key;
#[cfg(feature = "minijinja")]
mod minijinja;
mod place;
mod rendering;
mod vary;

pub use key::{DjangoKeys, make_template_fragment_key};
pub use place::Fragments;
pub use rendering::Fragment;
pub use vary::Vary;

/// Returns the fragment of this name, in the usual place; see [`Fragments`] for another.
pub fn fragment(name: impl Into<String>) -> Fragment {
    Fragments::new().fragment(name)
}
