//! `Cache-Status`: what this cache did with a request (RFC 9211).

use http::HeaderMap;
use http::header::{HeaderName, HeaderValue};

const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Told {
    Hit,
    /// It waited for another request's run.
    Collapsed,
    /// It was sent on to the service, for this reason; and whether the response was kept.
    Sent {
        why: &'static str,
        is_stored: bool,
        /// Why it was not, or more about it.
        detail: &'static str,
    },
}

impl Told {
    pub(crate) fn write(self, headers: &mut HeaderMap, name: &str, left: i64) {
        let text = match self {
            Self::Hit => format!("{name}; hit; ttl={left}"),
            Self::Collapsed => format!("{name}; hit; ttl={left}; detail=collapsed"),
            Self::Sent {
                why,
                is_stored,
                detail,
            } => {
                let stored = if is_stored { "; stored" } else { "" };
                let detail = if detail.is_empty() {
                    String::new()
                } else {
                    format!("; detail={detail}")
                };
                format!("{name}; fwd={why}{stored}{detail}")
            }
        };
        if let Ok(value) = HeaderValue::try_from(text) {
            headers.append(CACHE_STATUS, value);
        }
    }
}
