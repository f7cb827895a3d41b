//! The response made from a kept page.

use http::header::{AGE, CONTENT_LENGTH, CONTENT_RANGE, HeaderValue};
use http::{HeaderMap, HeaderName, Response, StatusCode};
use http_body::Body;

use super::asked::Asked;
use super::body::PageBody;
use super::conditional;
use super::options::Options;
use super::range::{Part, part};
use super::status::Told;
use super::stored::Stored;

/// What is asked for, as far as the response depends on it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Question<'a> {
    pub(crate) asked: Asked,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) options: &'a Options,
    pub(crate) now: u64,
}

/// Returns the response from the cache.
pub(crate) fn from_cache<B: Body>(
    page: &Stored,
    question: Question<'_>,
    told: Told,
) -> Response<PageBody<B>> {
    let age = page.age_at(question.now);
    answer(page, question, Some(age), &[], told)
}

/// Returns the response that has just been kept: what came, including what a hit leaves out.
pub(crate) fn just_made<B: Body>(
    page: &Stored,
    extra: &[(HeaderName, HeaderValue)],
    question: Question<'_>,
    told: Told,
) -> Response<PageBody<B>> {
    let age = Some(page.age).filter(|&age| age > 0);
    answer(page, question, age, extra, told)
}

fn answer<B: Body>(
    page: &Stored,
    question: Question<'_>,
    age: Option<u32>,
    extra: &[(HeaderName, HeaderValue)],
    told: Told,
) -> Response<PageBody<B>> {
    let Question {
        asked,
        headers: request,
        options,
        ..
    } = question;
    let mut body = page.body.clone();
    let mut response = Response::new(());
    *response.status_mut() = page.status;
    let headers = response.headers_mut();
    headers.clone_from(&page.headers);
    for (name, value) in extra {
        headers.append(name.clone(), value.clone());
    }
    match age {
        Some(age) => headers.insert(AGE, age.into()),
        None => headers.remove(AGE),
    };
    if let Some(name) = &options.status_name {
        told.write(
            headers,
            name,
            i64::from(page.life) - i64::from(page.age_at(question.now)),
        );
    }
    if page.status == StatusCode::OK {
        if conditional::is_conditional(request) && conditional::is_known(request, headers) {
            conditional::shorten(headers);
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            return response.map(|()| PageBody::whole(bytes::Bytes::new()));
        }
        if asked.has_range && options.by_headers() && !asked.is_head {
            match part(request, headers, body.len()) {
                Part::Whole => {}
                Part::Nothing => {
                    set_range(headers, &format!("bytes */{}", body.len()), 0);
                    *response.status_mut() = StatusCode::RANGE_NOT_SATISFIABLE;
                    return response.map(|()| PageBody::whole(bytes::Bytes::new()));
                }
                Part::Bytes(range) => {
                    let text = format!("bytes {}-{}/{}", range.start, range.end - 1, body.len());
                    set_range(headers, &text, range.len());
                    *response.status_mut() = StatusCode::PARTIAL_CONTENT;
                    body = body.slice(range);
                }
            }
        }
    }
    if asked.is_head {
        body.clear();
    }
    response.map(|()| PageBody::whole(body))
}

fn set_range(headers: &mut HeaderMap, text: &str, length: usize) {
    if let Ok(value) = HeaderValue::try_from(text) {
        headers.insert(CONTENT_RANGE, value);
    }
    headers.insert(CONTENT_LENGTH, length.into());
}
