//! Reads a body that is to be kept, up to a limit; passes it on whole if it is not to be kept.

use std::collections::VecDeque;
use std::future::poll_fn;

use bytes::{Bytes, BytesMut};
use http_body::Body;

use super::body::PageBody;

/// What became of a body.
pub(crate) enum Collected<B: Body> {
    Whole(Bytes),
    /// It is not to be kept: it is a stream, too long, has trailers, or broke off. In any case, the
    /// client gets all of it.
    HandedOn(PageBody<B>),
}

/// Reads all of `body` if its length is known in advance and at most `limit`. A body that does not know its
/// size is a stream, whose end may never come.
pub(crate) async fn collect<B: Body<Data = Bytes>>(body: B, limit: usize) -> Collected<B> {
    let Some(size) = body.size_hint().exact() else {
        return Collected::HandedOn(PageBody::passed(body));
    };
    if size > limit as u64 {
        return Collected::HandedOn(PageBody::passed(body));
    }
    let mut body = Box::pin(body);
    let mut read = VecDeque::new();
    let mut length = 0;
    while let Some(frame) = poll_fn(|cx| body.as_mut().poll_frame(cx)).await {
        match frame.map(http_body::Frame::into_data) {
            Ok(Ok(data)) => {
                length += data.len();
                read.push_back(data);
                if length > limit {
                    return Collected::HandedOn(PageBody::begun(read, None, Some(body)));
                }
            }
            Ok(Err(frame)) => {
                let trailers = frame.into_trailers().ok().map(Ok);
                return Collected::HandedOn(PageBody::begun(read, trailers, Some(body)));
            }
            Err(error) => {
                return Collected::HandedOn(PageBody::begun(read, Some(Err(error)), None));
            }
        }
    }
    if length as u64 != size {
        // It ended before its announced length.
        return Collected::HandedOn(PageBody::begun(read, None, None));
    }
    // Copied, so that a page does not hold the whole buffer that a connection was read into.
    let mut bytes = BytesMut::with_capacity(length);
    read.iter().for_each(|data| bytes.extend_from_slice(data));
    Collected::Whole(bytes.freeze())
}
