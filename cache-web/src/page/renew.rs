//! Renewing a stale page in the background of the request that got it, one run at a time.

use bytes::Bytes;
use http::header::{IF_RANGE, RANGE};
use http::{Method, Request, Response};
use http_body::Body;
use tower_service::Service;

use super::find::Found;
use super::flights::Joined;
use super::service::Visit;

/// Renews the page of a visit that has been answered.
pub(crate) fn behind<S, A, B>(mut visit: Visit<S, A>, found: Found)
where
    S: Service<Request<A>, Response = Response<B>> + Send + 'static,
    S::Future: Send,
    S::Error: Send,
    A: Send + 'static,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Send,
{
    let Ok(runtime) = tokio::runtime::Handle::try_current() else {
        return;
    };
    // Whatever part of it was asked for, the whole page is renewed.
    let sought = &mut visit.sought;
    sought.parts.method = Method::GET;
    sought.parts.headers.remove(RANGE);
    sought.parts.headers.remove(IF_RANGE);
    sought.asked.is_head = false;
    sought.asked.has_range = false;
    if let Joined::Lead(lead) = sought.join(&found) {
        runtime.spawn(async move {
            // Nobody waits for the answer; what was kept is the result.
            drop(visit.make(found, Some(lead), "stale").await);
        });
    }
}
