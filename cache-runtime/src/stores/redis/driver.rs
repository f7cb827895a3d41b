//! What drives a connection: it reads the replies and distributes them, writes what callers could
//! not, and enforces their time limits.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use redis::{PushKind, Value};
use tokio::time::Sleep;

use super::queue::{Batch, Pen};
use super::replies::Replies;
use super::socket::Reader;
use super::values::Malformed;
use super::wire::Shared;

/// Receives what the server sends without being asked (RESP3): that a key was changed, a message.
///
/// It is called in the order in which things arrived: after the replies before it were distributed,
/// and before those after it. It must not wait.
pub(super) type News = Box<dyn FnMut(PushKind, Vec<Value>) + Send>;

/// Ignores such messages.
pub(super) fn no_news() -> News {
    Box::new(|_, _| {})
}

/// A task of the runtime that the connection belongs to.
pub(super) struct Driver {
    shared: Arc<Shared>,
    reader: Reader,
    replies: Replies,
    news: News,
    /// What is being written.
    batch: Batch,
    /// One for all requests: set for the first that may run out of time, it is not changed
    /// before it fires, mostly long after that request had its reply.
    alarm: Option<(Instant, Pin<Box<Sleep>>)>,
    // Empty between polls, kept for their memory.
    came: Vec<Value>,
    woken: Vec<Waker>,
}

/// The connection has ended.
struct End(io::ErrorKind);

/// What to do first in a poll.
enum Orders {
    Read,
    Write,
    Leave,
}

impl Driver {
    pub(super) fn new(shared: Arc<Shared>, reader: Reader, news: News) -> Self {
        Self {
            shared,
            reader,
            replies: Replies::default(),
            news,
            batch: Batch::default(),
            alarm: None,
            came: Vec::new(),
            woken: Vec::new(),
        }
    }

    fn drive(&mut self, task: &mut Context<'_>) -> Result<(), End> {
        match self.orders(task) {
            Orders::Leave => return Err(End(io::ErrorKind::BrokenPipe)),
            Orders::Write => self.write(task)?,
            Orders::Read => {}
        }
        self.watch(task);
        self.read(task)
    }

    /// Checks the queue.
    fn orders(&mut self, task: &Context<'_>) -> Orders {
        let mut queue = self.shared.lock();
        match &mut queue.driver {
            Some(driver) => driver.clone_from(task.waker()),
            none => *none = Some(task.waker().clone()),
        }
        if let Some(at) = queue.alarm
            && self.alarm.as_ref().is_none_or(|(set, _)| at < *set)
        {
            let left = at.saturating_duration_since(Instant::now());
            self.alarm = Some((at, Box::pin(tokio::time::sleep(left))));
        }
        if queue.is_left {
            return Orders::Leave;
        }
        match queue.pen {
            Pen::Driver => Orders::Write,
            Pen::Free | Pen::Caller => Orders::Read,
        }
    }

    /// Writes what there is, as far as the socket accepts it.
    fn write(&mut self, task: &mut Context<'_>) -> Result<(), End> {
        loop {
            if self.batch.is_done() {
                let mut queue = self.shared.lock();
                if let Some(kind) = queue.trouble {
                    return Err(End(kind));
                }
                queue.reuse(std::mem::take(&mut self.batch));
                self.batch = queue.next_batch();
                if self.batch.is_done() {
                    queue.pen = Pen::Free;
                    return Ok(());
                }
            }
            if !self.batch.write(self.shared.writer()).map_err(End)? {
                match self.shared.writer().poll_ready(task) {
                    Poll::Pending => return Ok(()),
                    Poll::Ready(Err(error)) => return Err(End(error.kind())),
                    Poll::Ready(Ok(())) => {}
                }
            }
        }
    }

    /// Fails the requests whose time is over.
    fn watch(&mut self, task: &mut Context<'_>) {
        while let Some((_, sleep)) = &mut self.alarm {
            if sleep.as_mut().poll(task).is_pending() {
                return;
            }
            let now = Instant::now();
            let next = {
                let mut queue = self.shared.lock();
                queue.expire(now, &mut self.woken);
                queue.alarm
            };
            self.alarm = next.map(|at| {
                let left = at.saturating_duration_since(now);
                (at, Box::pin(tokio::time::sleep(left)))
            });
            self.wake();
        }
    }

    /// Distributes the replies that have arrived.
    fn read(&mut self, task: &mut Context<'_>) -> Result<(), End> {
        let mut answered = 0;
        loop {
            match self.reader.poll_read(task, self.replies.inbox.room()) {
                Poll::Pending => break,
                Poll::Ready(Ok(0)) => return Err(End(io::ErrorKind::UnexpectedEof)),
                Poll::Ready(Ok(bytes)) => self.replies.inbox.came(bytes),
                Poll::Ready(Err(error)) => return Err(End(error.kind())),
            }
            let is_sound = loop {
                match self.replies.next() {
                    Ok(Some(Value::Push { kind, data })) => {
                        if !self.hand_out(&mut answered) {
                            break false;
                        }
                        (self.news)(kind, data);
                    }
                    Ok(Some(reply)) => self.came.push(reply),
                    Ok(None) => break true,
                    Err(Malformed) => break false,
                }
            };
            if !self.hand_out(&mut answered) || !is_sound {
                return Err(End(io::ErrorKind::InvalidData));
            }
        }
        if answered > 1 {
            // They will send more requests, and run before this task does, so that their requests are sent
            // together.
            task.waker().wake_by_ref();
        }
        Ok(())
    }

    /// Returns whether each of the replies was expected. If several callers get theirs, the
    /// driver writes their next requests.
    fn hand_out(&mut self, answered: &mut usize) -> bool {
        if self.came.is_empty() {
            return true;
        }
        let mut queue = self.shared.lock();
        let mut all = true;
        for reply in self.came.drain(..) {
            all &= queue.reply(reply, &mut self.woken);
        }
        *answered += self.woken.len();
        if *answered > 1 && queue.pen == Pen::Free {
            queue.pen = Pen::Driver;
        }
        drop(queue);
        self.wake();
        all
    }

    /// Wakes tasks, which may do anything; so not under the lock.
    fn wake(&mut self) {
        for waker in self.woken.drain(..) {
            waker.wake();
        }
    }

    /// Fails all callers, so that nobody waits for replies that do not come.
    fn fail(&mut self, kind: io::ErrorKind) {
        self.shared.lock().fail(kind, &mut self.woken);
        self.wake();
    }
}

impl Future for Driver {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<()> {
        match self.drive(task) {
            Ok(()) => Poll::Pending,
            Err(End(kind)) => {
                self.fail(kind);
                Poll::Ready(())
            }
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // Usually the connection has ended already; otherwise the runtime has.
        self.fail(io::ErrorKind::BrokenPipe);
    }
}
