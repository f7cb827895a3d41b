//! Support for the tests of `cache-web`.

/// The code of the pages for users runs as tests.
#[cfg(doctest)]
#[doc = include_str!("../../docs/fragments.md")]
pub struct FragmentsPage;

/// And so does that about sessions.
#[cfg(doctest)]
#[doc = include_str!("../../docs/sessions.md")]
pub struct SessionsPage;
