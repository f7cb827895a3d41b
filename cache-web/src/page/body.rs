//! The body of a response: whole bytes from the cache, or what the inner service sends.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

pin_project! {
    /// The body of a response of [`CachePage`](super::CachePage): the bytes of a kept page, or the inner
    /// service's own body, untouched.
    pub struct PageBody<B: Body> {
        #[pin]
        kind: Kind<B, B::Error>,
    }
}

pin_project! {
    #[project = KindProjection]
    enum Kind<B, E> {
        Whole { bytes: Option<Bytes> },
        Passed { #[pin] body: B },
        // It was read up to some point, and then turned out not to be kept.
        Begun { read: VecDeque<Bytes>, end: Option<Result<HeaderMap, E>>, rest: Option<Pin<Box<B>>> },
    }
}

impl<B: Body> PageBody<B> {
    pub(crate) fn whole(bytes: Bytes) -> Self {
        let bytes = Some(bytes).filter(|bytes| !bytes.is_empty());
        Self {
            kind: Kind::Whole { bytes },
        }
    }

    pub(crate) fn passed(body: B) -> Self {
        Self {
            kind: Kind::Passed { body },
        }
    }

    pub(crate) fn begun(
        read: VecDeque<Bytes>,
        end: Option<Result<HeaderMap, B::Error>>,
        rest: Option<Pin<Box<B>>>,
    ) -> Self {
        Self {
            kind: Kind::Begun { read, end, rest },
        }
    }
}

impl<B: Body<Data = Bytes>> Body for PageBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        match self.project().kind.project() {
            KindProjection::Whole { bytes } => Poll::Ready(bytes.take().map(Frame::data).map(Ok)),
            KindProjection::Passed { body } => body.poll_frame(cx),
            KindProjection::Begun { read, end, rest } => {
                if let Some(bytes) = read.pop_front() {
                    return Poll::Ready(Some(Ok(Frame::data(bytes))));
                }
                if let Some(end) = end.take() {
                    return Poll::Ready(Some(end.map(Frame::trailers)));
                }
                match rest {
                    Some(rest) => rest.as_mut().poll_frame(cx),
                    None => Poll::Ready(None),
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            Kind::Whole { bytes } => bytes.is_none(),
            Kind::Passed { body } => body.is_end_stream(),
            Kind::Begun { read, end, rest } => {
                let is_over = |rest: &Pin<Box<B>>| rest.is_end_stream();
                read.is_empty() && end.is_none() && rest.as_ref().is_none_or(is_over)
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Whole { bytes } => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
            }
            Kind::Passed { body } => body.size_hint(),
            Kind::Begun { read, end, rest } => {
                let read: u64 = read.iter().map(|bytes| bytes.len() as u64).sum();
                let mut hint = rest
                    .as_ref()
                    .map_or_else(|| SizeHint::with_exact(0), |rest| rest.size_hint());
                if end.is_some() && rest.is_none() {
                    // An error may come where more was announced: nothing is announced.
                    hint = SizeHint::default();
                }
                if let Some(upper) = hint.upper() {
                    hint.set_upper(upper.saturating_add(read));
                }
                hint.set_lower(hint.lower().saturating_add(read));
                hint
            }
        }
    }
}

impl<B: Body> std::fmt::Debug for PageBody<B> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = match &self.kind {
            Kind::Whole { .. } => "whole",
            Kind::Passed { .. } => "passed",
            Kind::Begun { .. } => "begun",
        };
        f.debug_tuple("PageBody").field(&kind).finish()
    }
}
