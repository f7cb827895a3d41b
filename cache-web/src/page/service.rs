//! The path of a request: its page is found, waited for, or made.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use cache_runtime::{Cache, Kind, Outcome};
use http::{Request, Response, StatusCode, Version, request};
use http_body::Body;
use tower_service::Service;

use super::answer::{self, Question};
use super::asked::Asked;
use super::body::PageBody;
use super::find::Found;
use super::flights::{Flights, Joined, Lead, Over};
use super::invalidate::{self, Changed};
use super::judge::is_better_than_nothing;
use super::keep::Keeping;
use super::options::Options;
use super::owed::Owed;
use super::run::{Job, Unkept, conditions, pass_by};
use super::sought::{Served, Sought};
use super::status::Told;
use super::storable::is_for;
use super::stored::Stored;
use super::{key, renew};
use crate::telling::Telling;

/// What all services of one layer share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) options: Arc<Options>,
    pub(crate) flights: Arc<Flights>,
}

/// A service inside [`CachePage`](super::CachePage).
#[derive(Debug, Clone)]
pub struct PageService<S> {
    inner: S,
    shared: Arc<Shared>,
}

impl<S> PageService<S> {
    pub(crate) fn new(inner: S, shared: Arc<Shared>) -> Self {
        Self { inner, shared }
    }
}

type Answered<B, E> = Result<Response<PageBody<B>>, E>;

impl<S, A, B> Service<Request<A>> for PageService<S>
where
    S: Service<Request<A>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Send,
    A: Body + Send + 'static,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Send,
{
    type Response = Response<PageBody<B>>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Answered<B, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<A>) -> Self::Future {
        // The one that is ready is used; its clone is polled again.
        let clone = self.inner.clone();
        let inner = std::mem::replace(&mut self.inner, clone);
        Box::pin(serve(self.shared.clone(), inner, request))
    }
}

async fn serve<S, A, B>(shared: Arc<Shared>, inner: S, request: Request<A>) -> Answered<B, S::Error>
where
    S: Service<Request<A>, Response = Response<B>> + Send + 'static,
    S::Future: Send,
    S::Error: Send,
    A: Body + Send + 'static,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Send,
{
    let options = &shared.options;
    let cache = match options.cache.get() {
        Ok(cache) => cache,
        Err(error) => {
            tracing::error!(%error, "pages are not cached");
            return Box::pin(sent(options, inner, request, "bypass", "cache")).await;
        }
    };
    let (parts, body) = request.into_parts();
    if invalidate::is_unsafe(&parts.method) {
        let request = Request::from_parts(parts, body);
        return Box::pin(change(&cache, options, inner, request)).await;
    }
    let named = named(&shared, &parts).filter(|_| !has_body(&parts, &body));
    let Some((asked, primary)) = named else {
        let request = Request::from_parts(parts, body);
        return Box::pin(sent(options, inner, request, "bypass", "")).await;
    };
    let telling = Telling::begin(Kind::Page, || parts.uri.path().to_owned().into());
    let telling = telling.kept_in(|| options.cache.alias());
    let landed = shared.flights.landed();
    let sought = Sought {
        shared,
        cache,
        asked,
        primary,
        parts,
    };
    let found = sought.look().await;
    match sought.served(&found, Told::Hit) {
        Served::Answer(response) => {
            telling.end(Outcome::Hit, || told_key(sought.primary));
            Ok(response)
        }
        Served::AnswerAndRenew(response) => {
            telling.end(Outcome::Stale, || told_key(sought.primary.clone()));
            let visit = Visit {
                sought,
                body,
                inner,
            };
            renew::behind(visit, found);
            Ok(response)
        }
        // Boxed, here and above: the contents are large, and a hit would have to carry them around.
        Served::Nothing(why) => {
            let visit = Visit {
                sought,
                body,
                inner,
            };
            Box::pin(async move {
                let key = visit.sought.primary.clone();
                let (answer, outcome) = visit.miss(found, landed, why).await;
                telling.end(outcome, || told_key(key));
                answer
            })
            .await
        }
    }
}

/// Returns a key as a trace may show it: a query may be private.
fn told_key(key: String) -> Option<String> {
    Some(key).filter(|key| !key.contains('?'))
}

/// Returns what is asked for, and its key; `None` for a request that bypasses the cache.
fn named(shared: &Shared, parts: &request::Parts) -> Option<(Asked, String)> {
    // The same layer further out is making this page already: to wait for it here would be to wait for oneself.
    if shared.flights.is_inside(&parts.extensions) {
        return None;
    }
    let options = &shared.options;
    let asked = Asked::of(parts).filter(|asked| options.by_headers() || !asked.has_range)?;
    let uri = key::uri(options, parts);
    if invalidate::is_too_deep(&uri) {
        return None;
    }
    Some((asked, key::primary(options, &uri, parts)?))
}

/// Returns whether there is a body although no field says so: it would have to be part of the key.
fn has_body<A: Body>(request: &request::Parts, body: &A) -> bool {
    if body.is_end_stream() || body.size_hint().upper() == Some(0) {
        return false;
    }
    // HTTP/1 announces a body in fields; in a later version, one of unknown length may be there.
    body.size_hint().lower() > 0 || request.version > Version::HTTP_11
}

/// A request under way, and the service that can answer it.
pub(crate) struct Visit<S, A> {
    pub(crate) sought: Sought,
    pub(crate) body: A,
    pub(crate) inner: S,
}

impl<S, A, B> Visit<S, A>
where
    S: Service<Request<A>, Response = Response<B>> + Send + 'static,
    S::Future: Send,
    S::Error: Send,
    A: Send + 'static,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Send,
{
    /// Handles a request for which no page could be served at once, for this reason.
    async fn miss(
        self,
        mut found: Found,
        landed: u64,
        why: &'static str,
    ) -> (Answered<B, S::Error>, Outcome) {
        let sought = &self.sought;
        if sought.options().heeds_requests && sought.asked.control.only_if_cached {
            let mut response = Response::new(PageBody::whole(Bytes::new()));
            *response.status_mut() = StatusCode::GATEWAY_TIMEOUT;
            return (Ok(response), Outcome::Failed);
        }
        let mut lead = None;
        if sought.may_wait(&found) {
            (lead, found) = wait(sought, found, landed).await;
            if let Served::Answer(response) = sought.served(&found, Told::Collapsed) {
                return (Ok(response), Outcome::Joined);
            }
        }
        self.make(found, lead, why).await
    }

    /// Runs the service, keeps what can be kept, and answers.
    pub(crate) async fn make(
        self,
        found: Found,
        lead: Option<Lead>,
        why: &'static str,
    ) -> (Answered<B, S::Error>, Outcome) {
        let Sought {
            shared,
            cache,
            asked,
            primary,
            mut parts,
        } = self.sought;
        let clock = cache.clock().clone();
        let options = shared.options.clone();
        let uri = key::uri(&options, &parts).into_owned();
        let tags = invalidate::tags(&options, &uri);
        shared.flights.mark(&mut parts.extensions);
        let old = found
            .page
            .clone()
            .filter(|page| is_for(asked, page.facts, &options));
        let mut asked_by = conditions(&parts);
        let chosen_by = parts.headers.clone();
        let job = Job {
            options: options.clone(),
            uri,
            clock: clock.clone(),
            asked,
            old: old.clone(),
        };
        let keeping = Keeping {
            cache: &cache,
            options: &options,
            primary: &primary,
            tags: &tags,
            request: &chosen_by,
        };
        let run = job.run(self.inner, Request::from_parts(parts, self.body));
        let made = keeping.keep(found, run).await;
        let is_stored = match &made {
            // Knowing this costs a look-up that has no other use.
            Ok(made) if options.status_name.is_some() => keeping.has(made).await,
            _ => false,
        };

        let now = clock.wall();
        if made.as_ref().map_or(true, |made| made.is_skipped)
            && let Some(lead) = &lead
        {
            lead.unkept(now);
        }
        if let Some(lead) = lead {
            lead.end();
        }
        let better = old.filter(|page| is_better_than_nothing(page, now));
        match made {
            Ok(made) => {
                let detail = match (made.is_skipped, made.is_validated) {
                    (true, _) => "skipped",
                    (_, true) => "validated",
                    _ => "",
                };
                let told = Told::Sent {
                    why,
                    is_stored,
                    detail,
                };
                asked_by.remove(http::header::RANGE);
                let question = Question {
                    asked,
                    headers: &asked_by,
                    options: &options,
                    now,
                };
                let answer = answer::just_made(&made.page, &made.extra, question, told);
                (Ok(answer), Outcome::Miss)
            }
            Err(Unkept::Response(mut response, detail) | Unkept::Ended(mut response, detail)) => {
                if is_failure(response.status())
                    && let Some(page) = better
                {
                    let answer = instead(&page, asked, &asked_by, &options, now);
                    return (Ok(answer), Outcome::Stale);
                }
                let told = Told::Sent {
                    why,
                    is_stored: false,
                    detail,
                };
                if let Some(name) = &options.status_name {
                    told.write(response.headers_mut(), name, 0);
                }
                (Ok(*response), Outcome::Uncached)
            }
            Err(Unkept::Failed(error)) => match better {
                Some(page) => {
                    let answer = instead(&page, asked, &asked_by, &options, now);
                    (Ok(answer), Outcome::Stale)
                }
                None => (Err(error), Outcome::Failed),
            },
        }
    }
}

/// How often a request waits for others before it runs the service itself: the first run may only have revealed
/// by what the page varies, or its client may have gone away.
const MOST_WAITS: usize = 2;

/// Waits for a run that is making this page already; returns the lead if it is ours to make, and what is found now.
async fn wait(sought: &Sought, mut found: Found, landed: u64) -> (Option<Lead>, Found) {
    for _ in 0..MOST_WAITS {
        match sought.join(&found) {
            Joined::Alone => break,
            Joined::Lead(lead) => {
                // A run may have ended between the look and the lead.
                if sought.shared.flights.landed() != landed {
                    found = sought.look().await;
                }
                return (Some(lead), found);
            }
            Joined::Wait(wait) => {
                let key = sought.flight_key(&found);
                let over = wait.over().await;
                found = sought.look().await;
                if over == Over::TooLong || sought.is_served(&found) {
                    break;
                }
                // It was made, and is not there: the store is down, or the page is too large.
                if over == Over::Ended && sought.flight_key(&found) == key {
                    let now = sought.cache.clock().wall();
                    sought.shared.flights.unkept(&key, now);
                    break;
                }
            }
        }
    }
    (None, found)
}

/// Returns whether a stale page may replace a response of this status (RFC 5861, section 4).
fn is_failure(status: StatusCode) -> bool {
    matches!(status.as_u16(), 500 | 502 | 503 | 504)
}

fn instead<B: Body>(
    page: &Stored,
    asked: Asked,
    headers: &http::HeaderMap,
    options: &Options,
    now: u64,
) -> Response<PageBody<B>> {
    let question = Question {
        asked,
        headers,
        options,
        now,
    };
    answer::from_cache(page, question, Told::Hit)
}

/// Returns the service's own answer, marked as sent on.
async fn sent<S, A, B>(
    options: &Options,
    inner: S,
    request: Request<A>,
    why: &'static str,
    detail: &'static str,
) -> Answered<B, S::Error>
where
    S: Service<Request<A>, Response = Response<B>>,
    B: Body,
{
    let mut response = pass_by(options, inner, request).await?;
    if let Some(name) = &options.status_name {
        let told = Told::Sent {
            why,
            is_stored: false,
            detail,
        };
        told.write(response.headers_mut(), name, 0);
    }
    Ok(response)
}

/// Handles a request that may change something: the pages it changes are invalidated before it is answered.
async fn change<S, A, B>(
    cache: &Cache,
    options: &Arc<Options>,
    inner: S,
    request: Request<A>,
) -> Answered<B, S::Error>
where
    S: Service<Request<A>, Response = Response<B>>,
    B: Body,
{
    let (parts, body) = request.into_parts();
    let changed = Changed::of(options, &parts);
    let request = Request::from_parts(parts, body);
    let mut owed = Owed::new(cache, options, changed);
    let response = match sent(options, inner, request, "method", "").await {
        Ok(response) => response,
        Err(error) => {
            owed.nothing();
            return Err(error);
        }
    };
    if response.status().is_success() || response.status().is_redirection() {
        owed.pay(response.headers()).await;
    } else {
        owed.nothing();
    }
    Ok(response)
}
