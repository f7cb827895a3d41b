//! A layer around the application that traces every request, for the panel or for `Server-Timing`.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::SystemTime;

use cache_runtime::{Trace, Tracer};
use http::{Request, Response};
use tower_layer::Layer;
use tower_service::Service;

use super::recent::{Recent, Traced};
use super::timing;

/// How many events are kept for one request.
const EVENTS: usize = 200;

/// Traces the requests that pass through it; see [`Panel::layer`](super::Panel::layer) and
/// [`server_timing`](super::server_timing).
#[derive(Debug, Clone)]
pub struct TraceLayer(Goal);

/// The purpose of a trace.
#[derive(Debug, Clone)]
enum Goal {
    Panel(Arc<Recent>),
    Header,
}

impl TraceLayer {
    pub(super) fn for_panel(recent: Arc<Recent>) -> Self {
        Self(Goal::Panel(recent))
    }

    pub(super) fn for_header() -> Self {
        Self(Goal::Header)
    }
}

impl<S> Layer<S> for TraceLayer {
    type Service = TraceService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        TraceService {
            inner,
            goal: self.0.clone(),
        }
    }
}

/// A service whose requests are traced; made by [`TraceLayer`].
#[derive(Debug, Clone)]
pub struct TraceService<S> {
    inner: S,
    goal: Goal,
}

/// Marks a response of the panel itself, which is not interesting to it.
#[derive(Debug, Clone)]
pub(super) struct Own;

impl<S, B, R> Service<Request<B>> for TraceService<S>
where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    B: Send + 'static,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<R>, S::Error>> + Send>>;

    fn poll_ready(&mut self, task: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(task)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        // The one that is ready is used; its clone is polled before it is called.
        let next = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, next);
        let goal = self.goal.clone();
        Box::pin(async move {
            let at = SystemTime::now();
            let method = request.method().as_str().to_owned();
            let path = request.uri().path().to_owned();
            let tracer = match &goal {
                Goal::Panel(_) => Tracer::new().keys(),
                Goal::Header => Tracer::new(),
            };
            let tracer = tracer.limit(EVENTS);
            let (response, trace) = tracer.run(async move { inner.call(request).await }).await;
            let mut response = response?;
            match goal {
                Goal::Header => timing::put(response.headers_mut(), &trace),
                Goal::Panel(recent) => {
                    let status = response.status().as_u16();
                    if response.extensions().get::<Own>().is_none() {
                        recent.push(traced(at, method, path, status, trace));
                    }
                }
            }
            Ok(response)
        })
    }
}

fn traced(at: SystemTime, method: String, path: String, status: u16, trace: Trace) -> Traced {
    Traced {
        id: 0,
        at,
        method,
        path,
        status,
        trace,
    }
}
