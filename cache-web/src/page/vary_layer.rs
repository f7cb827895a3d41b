//! Layers that set what a response varies by: Django's `vary_on_headers` and `vary_on_cookie`.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::header::COOKIE;
use http::{HeaderName, Response};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use super::vary;

/// Adds names to the `Vary` of every response, so that caches further out tell requests apart by them.
///
/// # Panics
///
/// If one is not a valid name of a header field.
#[must_use]
pub fn vary_on_headers<'a>(names: impl IntoIterator<Item = &'a str>) -> VaryOn {
    VaryOn(self::names(names).collect())
}

/// Adds `Cookie` to the `Vary` of every response.
#[must_use]
pub fn vary_on_cookie() -> VaryOn {
    VaryOn([COOKIE].into())
}

pub(crate) fn names<'a>(
    names: impl IntoIterator<Item = &'a str>,
) -> impl Iterator<Item = HeaderName> {
    names.into_iter().map(|name| match name.parse() {
        Ok(name) => name,
        Err(_) => panic!("{name:?} is no name of a header field"),
    })
}

/// The layer that [`vary_on_headers`] and [`vary_on_cookie`] return.
#[derive(Debug, Clone)]
pub struct VaryOn(Arc<[HeaderName]>);

impl<S> Layer<S> for VaryOn {
    type Service = VaryService<S>;

    fn layer(&self, inner: S) -> VaryService<S> {
        VaryService {
            inner,
            names: self.0.clone(),
        }
    }
}

/// A service inside [`VaryOn`].
#[derive(Debug, Clone)]
pub struct VaryService<S> {
    inner: S,
    names: Arc<[HeaderName]>,
}

impl<S, R, B> Service<R> for VaryService<S>
where
    S: Service<R, Response = Response<B>>,
{
    type Response = Response<B>;
    type Error = S::Error;
    type Future = VaryFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> Self::Future {
        VaryFuture {
            inner: self.inner.call(request),
            names: self.names.clone(),
        }
    }
}

pin_project! {
    /// The future response of a [`VaryService`].
    #[derive(Debug)]
    pub struct VaryFuture<F> {
        #[pin]
        inner: F,
        names: Arc<[HeaderName]>,
    }
}

impl<F, B, E> Future for VaryFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let mut response = ready!(this.inner.poll(cx))?;
        vary::add(response.headers_mut(), this.names.iter());
        Poll::Ready(Ok(response))
    }
}
