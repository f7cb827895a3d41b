//! One connection that many callers use at once: requests go out in some order, and the replies
//! come back in the same order.
//!
//! A single caller writes its request itself, with no other task between it and the socket. Among
//! many, one writes for all: a caller that comes while another writes, or while the driver is about to,
//! leaves its request to that one.

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use redis::{RedisResult, Value};

use super::commands::Request;
use super::driver::{Driver, News};
use super::queue::{Batch, Pen, Queue};
use super::socket::{Reader, Writer};
use crate::error::CacheError;

/// A connection. When this is dropped, its driver closes it.
pub(super) struct Wire(Arc<Shared>);

/// What callers and the driver share.
pub(super) struct Shared {
    queue: Mutex<Queue>,
    writer: Writer,
}

impl Wire {
    /// Returns the connection over this socket, and the future that drives it to its end.
    ///
    /// What the server sends without being asked is passed to `news`.
    pub(super) fn new(reader: Reader, writer: Writer, news: News) -> (Self, Driver) {
        let shared = Arc::new(Shared {
            queue: Mutex::default(),
            writer,
        });
        let driver = Driver::new(Arc::clone(&shared), reader, news);
        (Self(shared), driver)
    }

    /// Returns why the connection is useless, if that is more than an error of its socket.
    pub(super) fn trouble(&self) -> Option<CacheError> {
        self.0.writer.trouble()
    }

    /// Sends the request and returns the reply, or an error of kind `TimedOut` after the deadline.
    ///
    /// Nothing is sent before it is polled. If it is dropped, it leaves the reply to the driver.
    pub(super) fn exchange<'a>(
        &'a self,
        request: &'a Request,
        deadline: Option<Instant>,
    ) -> Exchange<'a> {
        Exchange {
            shared: &self.0,
            request,
            deadline,
            place: None,
        }
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        let mut queue = self.0.lock();
        queue.is_left = true;
        let driver = queue.driver.take();
        drop(queue);
        wake(driver);
    }
}

/// A request on its way.
pub(super) struct Exchange<'a> {
    shared: &'a Shared,
    request: &'a Request,
    deadline: Option<Instant>,
    /// Where its outcome will be; `None` before the first poll and after the last.
    place: Option<usize>,
}

impl Future for Exchange<'_> {
    type Output = RedisResult<Value>;

    fn poll(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<RedisResult<Value>> {
        let Some(place) = self.place else {
            let (request, deadline) = (self.request, self.deadline);
            return match self.shared.submit(request, deadline, task.waker()) {
                Ok(place) => {
                    self.place = Some(place);
                    Poll::Pending
                }
                Err(error) => Poll::Ready(Err(error)),
            };
        };
        let fetched = self.shared.lock().fetch(place, task.waker());
        match fetched {
            Ok(outcome) => {
                self.place = None;
                Poll::Ready(outcome)
            }
            Err(_) => Poll::Pending,
        }
    }
}

impl Drop for Exchange<'_> {
    fn drop(&mut self) {
        if let Some(place) = self.place {
            let left = self.shared.lock().leave(place);
            drop(left);
        }
    }
}

impl Shared {
    pub(super) fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn writer(&self) -> &Writer {
        &self.writer
    }

    /// Puts the request into the queue, and writes it if nobody else does.
    fn submit(
        &self,
        request: &Request,
        deadline: Option<Instant>,
        caller: &Waker,
    ) -> RedisResult<usize> {
        let mut queue = self.lock();
        let place = queue.enter(request, deadline, caller)?;
        let is_too_late = |alarm| deadline.is_some_and(|deadline| deadline < alarm);
        // Usually the alarm of an earlier request is still set.
        let driver = if queue.alarm.is_none_or(is_too_late) {
            queue.alarm = deadline;
            queue.driver.take()
        } else {
            None
        };
        if queue.pen == Pen::Free {
            queue.pen = Pen::Caller;
            self.write(queue);
        } else {
            drop(queue);
        }
        wake(driver);
        Ok(place)
    }

    /// Writes what is in the queue, once: what comes meanwhile is left to the driver, so that no
    /// caller writes for the others for ever.
    fn write(&self, mut queue: MutexGuard<'_, Queue>) {
        let mut batch = queue.batch();
        drop(queue);
        let outcome = batch.write(&self.writer);
        let mut queue = self.lock();
        match outcome {
            Ok(true) => queue.reuse(batch),
            Ok(false) => queue.rest = batch,
            // The driver meets the same error, and reports it to all.
            Err(kind) => queue.trouble = Some(kind),
        }
        if !matches!(outcome, Ok(true)) || queue.has_requests() {
            queue.pen = Pen::Driver;
            let driver = queue.driver.take();
            drop(queue);
            wake(driver);
        } else {
            queue.pen = Pen::Free;
        }
    }
}

impl Batch {
    /// Writes as much as the socket accepts at once; returns whether that is all.
    pub(super) fn write(&mut self, writer: &Writer) -> Result<bool, io::ErrorKind> {
        while self.written < self.bytes.len() {
            match writer.try_write(&self.bytes[self.written..]) {
                Ok(0) => return Err(io::ErrorKind::WriteZero),
                Ok(written) => self.written += written,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.kind()),
            }
        }
        Ok(true)
    }
}

fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_broken = self.0.lock().is_broken();
        f.debug_struct("Wire")
            .field("is_broken", &is_broken)
            .finish_non_exhaustive()
    }
}
