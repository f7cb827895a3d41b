//! What a request says that matters to a cache, parsed once.

use http::header::{
    AUTHORIZATION, CONNECTION, CONTENT_LENGTH, COOKIE, HeaderMap, IF_MATCH, IF_UNMODIFIED_SINCE,
    RANGE, TRANSFER_ENCODING, UPGRADE,
};
use http::{Method, request::Parts};

use super::control::RequestControl;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked {
    pub(crate) control: RequestControl,
    pub(crate) is_head: bool,
    pub(crate) has_cookie: bool,
    pub(crate) has_authorization: bool,
    pub(crate) has_range: bool,
}

impl Asked {
    /// Returns `None` if no kept page can answer it, and none is to be made from it.
    pub(crate) fn of(request: &Parts) -> Option<Self> {
        let headers = &request.headers;
        let is_head = request.method == Method::HEAD;
        if !is_head && request.method != Method::GET {
            return None;
        }
        // A body would have to be part of the key. `If-Match` is for the server that has the original.
        let has_body = headers.contains_key(TRANSFER_ENCODING)
            || headers
                .get(CONTENT_LENGTH)
                .is_some_and(|length| length != "0");
        if has_body || has_any(headers, &[IF_MATCH, IF_UNMODIFIED_SINCE, UPGRADE]) {
            return None;
        }
        if takes_fields_away(headers) {
            return None;
        }
        let control = RequestControl::of(headers);
        (!control.no_store).then(|| Self {
            control,
            is_head,
            has_cookie: headers.contains_key(COOKIE),
            has_authorization: headers.contains_key(AUTHORIZATION),
            has_range: headers.contains_key(RANGE),
        })
    }

    pub(crate) fn is_somebody(&self) -> bool {
        self.has_cookie || self.has_authorization
    }
}

/// Returns whether a proxy would leave out fields that may be part of the key, because `Connection` names them:
/// what it gets without them is not for clients that sent them.
fn takes_fields_away(headers: &HeaderMap) -> bool {
    const HARMLESS: [&str; 5] = ["close", "keep-alive", "te", "upgrade", "http2-settings"];
    headers.get_all(CONNECTION).iter().any(|line| {
        let names = line.as_bytes().split(|byte| *byte == b',');
        names.map(<[u8]>::trim_ascii).any(|name| {
            let is_harmless = |known: &&str| known.as_bytes().eq_ignore_ascii_case(name);
            !name.is_empty() && !HARMLESS.iter().any(is_harmless)
        })
    })
}

fn has_any(headers: &HeaderMap, names: &[http::HeaderName]) -> bool {
    names.iter().any(|name| headers.contains_key(name))
}
