//! One run of the inner service, and what it returns: a page to keep, or a response that is passed on
//! as it is.

use std::sync::Arc;

use bytes::Bytes;
use cache_runtime::Clock;
use http::header::{
    CONTENT_LENGTH, ETAG, HeaderMap, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH,
    LAST_MODIFIED,
};
use http::{Request, Response, StatusCode, Uri, request, response};
use http_body::Body;
use tower_service::Service;

use super::asked::Asked;
use super::body::PageBody;
use super::collect::{Collected, collect};
use super::options::Options;
use super::storable::{Plan, Times, is_of_page, plan};
use super::stored::Stored;
use super::vary::{self, Names};
use super::{conditional, headers, session};

/// A page that is to be kept.
#[derive(Debug)]
pub(crate) struct Made {
    pub(crate) page: Arc<Stored>,
    pub(crate) names: Names,
    /// How many seconds it stays in the cache.
    pub(crate) stays: u32,
    pub(crate) tags: Vec<String>,
    /// Whether the handler does not want it to be kept.
    pub(crate) is_skipped: bool,
    /// Its key, once it was kept.
    pub(crate) key: Option<String>,
    /// What only the first client gets: the fields of `no-cache="a, b"`.
    pub(crate) extra: Vec<(HeaderName, HeaderValue)>,
    pub(crate) is_validated: bool,
}

/// A run that returned nothing to keep.
pub(crate) enum Unkept<B: Body, E> {
    /// Boxed: it is handed through several results.
    Response(Box<Response<PageBody<B>>>, &'static str),
    /// The same, and the page that was asked about is not to be kept any longer either.
    Ended(Box<Response<PageBody<B>>>, &'static str),
    Failed(E),
}

/// What a run is for.
#[derive(Debug, Clone)]
pub(crate) struct Job {
    pub(crate) options: Arc<Options>,
    /// The URI by which the page is keyed.
    pub(crate) uri: Uri,
    pub(crate) clock: Clock,
    pub(crate) asked: Asked,
    /// The page that is stale, or was not enough.
    pub(crate) old: Option<Arc<Stored>>,
}

impl Job {
    pub(crate) async fn run<S, A, B>(
        self,
        mut inner: S,
        mut request: Request<A>,
    ) -> Result<Made, Unkept<B, S::Error>>
    where
        S: Service<Request<A>, Response = Response<B>>,
        B: Body<Data = Bytes>,
    {
        let old = self.ask(request.headers_mut());
        let asked = self.clock.wall();
        let session = session::Outside::of(&request);
        let response = inner.call(request).await.map_err(Unkept::Failed)?;
        let times = Times {
            asked,
            got: self.clock.wall(),
        };
        let (mut parts, body) = response.into_parts();
        if let Some(old) = old.filter(|_| parts.status == StatusCode::NOT_MODIFIED) {
            // The 304 is from now, and so is what it is about (RFC 9110, section 6.6.1).
            headers::make_date(&mut parts.headers, times.got / 1000);
            parts.status = old.status;
            parts.headers = headers::update(&old.headers, parts.headers);
            // After that: the stored `Vary` stays unless the 304 has one.
            vary::add(&mut parts.headers, self.options.vary.iter());
            let old_body = old.body.clone();
            return match plan(self.asked, &parts, &self.options, times) {
                Ok(plan) => Ok(self.make(parts, old_body, plan, times, true)),
                Err(why) => {
                    let response = Box::new(whole(parts, old_body));
                    // What it says of the page, it says of the one that is kept (RFC 9111, section 4.3.4).
                    Err(match is_of_page(why) {
                        true => Unkept::Ended(response, why),
                        false => Unkept::Response(response, why),
                    })
                }
            };
        }
        vary::add(&mut parts.headers, self.options.vary.iter());
        let plan = match plan(self.asked, &parts, &self.options, times) {
            // A cookie that is set on the way out counts too.
            Ok(_) if session.is_changed() => Err("set-cookie"),
            plan => plan,
        };
        let plan = match plan {
            Ok(plan) => plan,
            Err(why) => {
                let body = PageBody::passed(body);
                return Err(unkept(parts, body, why));
            }
        };
        match collect(body, self.options.max_body_size).await {
            Collected::Whole(body) if !is_of_length(&parts.headers, body.len()) => {
                Err(unkept(parts, PageBody::whole(body), "body"))
            }
            Collected::Whole(body) => Ok(self.make(parts, body, plan, times, false)),
            Collected::HandedOn(body) => Err(unkept(parts, body, "body")),
        }
    }

    /// Replaces the client's conditions with the stored page's validators, if the service can
    /// be asked whether the page is still current; returns the page in that case.
    fn ask(&self, request: &mut HeaderMap) -> Option<Arc<Stored>> {
        if self.options.by_headers() {
            let old = self.old.as_ref()?;
            if self.asked.is_head || self.asked.has_range {
                return None;
            }
            let validators = [(ETAG, IF_NONE_MATCH), (LAST_MODIFIED, IF_MODIFIED_SINCE)];
            if !validators
                .iter()
                .any(|(name, _)| old.headers.contains_key(name))
            {
                // It has to come whole; a 304 would be for a client that has another page.
                conditional::CONDITIONS.iter().for_each(|name| {
                    request.remove(name);
                });
                return None;
            }
            for (validator, condition) in validators {
                match old.headers.get(&validator) {
                    Some(value) => request.insert(condition, value.clone()),
                    None => request.remove(condition),
                };
            }
            return Some(old.clone());
        }
        if !self.asked.is_head {
            // What is made is also for the next clients.
            for name in conditional::CONDITIONS {
                request.remove(name);
            }
        }
        None
    }

    fn make(
        &self,
        mut parts: response::Parts,
        body: Bytes,
        plan: Plan,
        times: Times,
        is_validated: bool,
    ) -> Made {
        let options = &*self.options;
        let now = times.got / 1000;
        let tags = options
            .tags
            .as_ref()
            .map_or_else(Vec::new, |tags| tags(&self.uri, &parts));
        let extra = plan.control.no_cache_fields.iter().flat_map(|name| {
            let values = parts.headers.get_all(name).iter();
            values.map(|value| (name.clone(), value.clone()))
        });
        let extra = extra.collect();
        headers::leave_out(&mut parts.headers, &plan.control.no_cache_fields);
        headers::make_date(&mut parts.headers, now);
        if parts.status != StatusCode::NO_CONTENT {
            headers::make_length(&mut parts.headers, body.len());
        }
        headers::make_place_for_age(&mut parts.headers);
        if !options.by_headers() {
            headers::make_freshness(&mut parts.headers, &plan.control, plan.life, now);
            if parts.status == StatusCode::OK {
                headers::make_validators(&mut parts.headers, &body, now);
            }
        }
        Made {
            page: Arc::new(Stored {
                status: parts.status,
                headers: parts.headers,
                body,
                at: times.got,
                age: plan.age,
                life: plan.life,
                stale_while_revalidate: plan.stale_while_revalidate,
                stale_if_error: plan.stale_if_error,
                facts: plan.facts,
            }),
            names: plan.names,
            stays: plan.stays,
            tags,
            key: None,
            extra,
            is_skipped: false,
            is_validated,
        }
    }
}

/// Returns whether a body is as long as its `Content-Length` says: part of one is not kept (section 3.3).
fn is_of_length(headers: &HeaderMap, length: usize) -> bool {
    let named = headers.get_all(CONTENT_LENGTH).iter();
    let mut named = named.map(|value| value.to_str().ok()?.trim().parse::<usize>().ok());
    named.all(|named| named == Some(length))
}

fn unkept<B: Body, E>(
    parts: response::Parts,
    body: PageBody<B>,
    why: &'static str,
) -> Unkept<B, E> {
    Unkept::Response(Box::new(Response::from_parts(parts, body)), why)
}

fn whole<B: Body>(mut parts: response::Parts, body: Bytes) -> Response<PageBody<B>> {
    headers::leave_out(&mut parts.headers, &[]);
    Response::from_parts(parts, PageBody::whole(body))
}

/// Returns the service's own answer, with nothing looked up and nothing kept.
pub(crate) async fn pass_by<S, A, B>(
    options: &Options,
    mut inner: S,
    request: Request<A>,
) -> Result<Response<PageBody<B>>, S::Error>
where
    S: Service<Request<A>, Response = Response<B>>,
    B: Body,
{
    let response = inner.call(request).await?;
    let (mut parts, body) = response.into_parts();
    vary::add(&mut parts.headers, options.vary.iter());
    Ok(Response::from_parts(parts, PageBody::passed(body)))
}

/// Returns the client's conditions, which the run may remove.
pub(crate) fn conditions(request: &request::Parts) -> HeaderMap {
    let mut conditions = HeaderMap::new();
    for name in conditional::CONDITIONS {
        for value in request.headers.get_all(&name) {
            conditions.append(name.clone(), value.clone());
        }
    }
    for name in [http::header::RANGE, http::header::IF_RANGE] {
        for value in request.headers.get_all(&name) {
            conditions.append(name.clone(), value.clone());
        }
    }
    conditions
}
