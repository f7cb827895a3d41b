//! The tests of `cache-web` stand beside this file: a package of their own, because a web server is built for
//! them alone. The code of the pages for users runs as tests here.

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;

#[cfg(doctest)]
#[doc = include_str!("../../docs/guide/3-pages.md")]
pub struct GuidePages;

#[cfg(doctest)]
#[doc = include_str!("../../docs/guide/5-fragments.md")]
pub struct GuideFragments;

#[cfg(doctest)]
#[doc = include_str!("../../docs/pages.md")]
pub struct PagesPage;

#[cfg(doctest)]
#[doc = include_str!("../../docs/fragments.md")]
pub struct FragmentsPage;

#[cfg(doctest)]
#[doc = include_str!("../../docs/sessions.md")]
pub struct SessionsPage;

#[cfg(doctest)]
#[doc = include_str!("../../docs/panel.md")]
pub struct PanelPage;
