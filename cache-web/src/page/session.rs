//! A session kept by a layer further out, which sets its cookie once the page has been made.

#[cfg(feature = "sessions")]
pub(super) use known::Outside;
#[cfg(not(feature = "sessions"))]
pub(super) use unknown::Outside;

#[cfg(feature = "sessions")]
mod known {
    use http::Request;
    use tower_sessions_core::Session;

    /// The session that a request came with, if there is one.
    pub(in super::super) struct Outside(Option<Session>);

    impl Outside {
        pub(in super::super) fn of<A>(request: &Request<A>) -> Self {
            Self(request.extensions().get().cloned())
        }

        /// Returns whether a cookie is going to be set for it.
        pub(in super::super) fn is_changed(&self) -> bool {
            self.0.as_ref().is_some_and(Session::is_modified)
        }
    }
}

#[cfg(not(feature = "sessions"))]
mod unknown {
    use http::Request;

    pub(in super::super) struct Outside;

    impl Outside {
        pub(in super::super) fn of<A>(_: &Request<A>) -> Self {
            Self
        }

        pub(in super::super) fn is_changed(&self) -> bool {
            false
        }
    }
}
