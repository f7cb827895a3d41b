//! A service that counts what it is asked, behind the layer.

use std::convert::Infallible;
use std::future::Future;
use std::sync::{Arc, Mutex};

use axum::body::{Body, to_bytes};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Request, Response, StatusCode};
use cache_runtime::Cache;
use cache_runtime::testing::{Clock, isolated};
use cache_web::page::CachePage;
use tower::util::BoxCloneSyncService;
use tower::{Layer, Service, ServiceExt, service_fn};

type App = BoxCloneSyncService<Request<Body>, Response<Body>, Infallible>;

#[derive(Clone)]
pub(crate) struct Site {
    app: App,
    asked: Arc<Mutex<Vec<Parts>>>,
    pub(crate) cache: Cache,
    pub(crate) clock: Clock,
}

/// What a client gets.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

/// A request that the service got, and how many there were with it.
pub(crate) struct Seen {
    pub(crate) number: usize,
    pub(crate) parts: Parts,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.parts
            .headers
            .get(name)
            .map(|value| value.to_str().unwrap())
    }
}

impl Site {
    /// A service in a cache of its own.
    pub(crate) fn new<F>(layer: CachePage, answer: F) -> Self
    where
        F: Fn(Seen) -> Response<Body> + Clone + Send + Sync + 'static,
    {
        Self::later(layer, move |seen| {
            let response = answer(seen);
            async { response }
        })
    }

    pub(crate) fn later<F, R>(layer: CachePage, answer: F) -> Self
    where
        F: Fn(Seen) -> R + Clone + Send + Sync + 'static,
        R: Future<Output = Response<Body>> + Send,
    {
        let (cache, clock) = isolated();
        Self::within(cache, clock, layer, answer)
    }

    pub(crate) fn within<F, R>(cache: Cache, clock: Clock, layer: CachePage, answer: F) -> Self
    where
        F: Fn(Seen) -> R + Clone + Send + Sync + 'static,
        R: Future<Output = Response<Body>> + Send,
    {
        let asked: Arc<Mutex<Vec<Parts>>> = Arc::default();
        let log = asked.clone();
        let inner = service_fn(move |request: Request<Body>| {
            let (parts, _) = request.into_parts();
            let number = {
                let mut log = log.lock().unwrap();
                log.push(parts.clone());
                log.len()
            };
            let answer = answer(Seen { number, parts });
            async { Ok::<_, Infallible>(answer.await) }
        });
        let service = layer.cache(&cache).layer(inner);
        let app = service.map_response(|response| response.map(Body::new));
        Self {
            app: BoxCloneSyncService::new(app),
            asked,
            cache,
            clock,
        }
    }

    /// How often the service was asked.
    pub(crate) fn count(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    /// The last request that came through.
    pub(crate) fn last(&self) -> Parts {
        self.asked.lock().unwrap().last().unwrap().clone()
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Response<Body> {
        let mut app = self.app.clone();
        app.ready().await.unwrap().call(request).await.unwrap()
    }

    pub(crate) async fn ask(&self, request: Request<Body>) -> Answer {
        read(self.send(request).await).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask(get(path, &[])).await
    }

    pub(crate) async fn get_with(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.ask(get(path, fields)).await
    }
}

pub(crate) async fn read(response: Response<Body>) -> Answer {
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    Answer {
        status: parts.status,
        headers: parts.headers,
        body: String::from_utf8_lossy(&body).into_owned(),
    }
}

pub(crate) fn request(method: &str, path: &str, fields: &[(&str, &str)]) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    request.body(Body::empty()).unwrap()
}

pub(crate) fn get(path: &str, fields: &[(&str, &str)]) -> Request<Body> {
    request("GET", path, fields)
}

pub(crate) fn response(
    status: u16,
    fields: &[(&str, &str)],
    body: impl Into<Body>,
) -> Response<Body> {
    let mut response = Response::builder().status(status);
    for (name, value) in fields {
        response = response.header(*name, *value);
    }
    response.body(body.into()).unwrap()
}

/// A page that says how often it was made.
pub(crate) fn page(seen: &Seen, fields: &[(&str, &str)]) -> Response<Body> {
    response(200, fields, format!("page {}", seen.number))
}
