//! Sends requests on to another server, and returns its answers.

use axum::body::Body;
use axum::http::header::{CONNECTION, HOST, HeaderMap, HeaderName, TE, TRANSFER_ENCODING, UPGRADE};
use axum::http::uri::{Authority, PathAndQuery, Scheme};
use axum::http::{HeaderValue, Request, Response, StatusCode, Uri};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;

#[derive(Clone)]
pub struct Upstream {
    client: Client<HttpConnector, Body>,
    authority: Authority,
}

impl Upstream {
    pub fn new(url: &str) -> Result<Self, Box<dyn std::error::Error>> {
        let uri: Uri = url.parse()?;
        let authority = uri
            .authority()
            .ok_or("the upstream's URL has no host")?
            .clone();
        Ok(Self {
            client: Client::builder(TokioExecutor::new()).build_http(),
            authority,
        })
    }

    /// Returns the other server's answer; 502 if there is none.
    pub async fn answer(self, mut request: Request<Body>) -> Response<Body> {
        let path = request.uri().path_and_query().cloned();
        let uri = Uri::builder()
            .scheme(Scheme::HTTP)
            .authority(self.authority.clone())
            .path_and_query(path.unwrap_or_else(|| PathAndQuery::from_static("/")))
            .build();
        let (Ok(uri), Ok(host)) = (uri, HeaderValue::from_str(self.authority.as_str())) else {
            return status(StatusCode::BAD_REQUEST);
        };
        *request.uri_mut() = uri;
        request.headers_mut().insert(HOST, host);
        leave_out(request.headers_mut());
        // So that the other server can address this cache.
        request.headers_mut().insert(
            HeaderName::from_static("surrogate-capability"),
            HeaderValue::from_static("reverse-proxy=\"Surrogate/1.0\""),
        );
        match self.client.request(request).await {
            Ok(response) => {
                let mut response = response.map(Body::new);
                leave_out(response.headers_mut());
                response
            }
            Err(error) => {
                eprintln!("no answer: {error}");
                status(StatusCode::BAD_GATEWAY)
            }
        }
    }
}

fn status(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

/// Removes the headers that are about one connection.
fn leave_out(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    let keep_alive = HeaderName::from_static("keep-alive");
    let own = [CONNECTION, keep_alive, TE, TRANSFER_ENCODING, UPGRADE];
    for name in own.iter().chain(&named) {
        headers.remove(name);
    }
}
