//! What drives a connection: it reads the replies and hands them out, writes what callers could
//! not, and looks after their time limits.

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

/// Takes what the server sends without being asked (RESP3): that a key was changed, a message.
///
/// It is called in the order in which things came: after the replies before it were handed out,
/// and before those after it. It must not wait.
pub(super) type News = Box<dyn FnMut(PushKind, Vec<Value>) + Send>;

/// Nobody wants to know.
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
    /// One for all requests: set for the first that may run out of time, it is not touched again
    /// before it rings, most often long after that request had its reply.
    alarm: Option<(Instant, Pin<Box<Sleep>>)>,
    // Empty between polls, kept for their memory.
    came: Vec<Value>,
    woken: Vec<Waker>,
}

/// The connection is at its end.
struct End(io::ErrorKind);

/// What is to be done first in a poll.
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

    /// Looks into the queue.
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

    /// Writes what there is, as far as the socket takes it.
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

    /// Fails those whose time is over.
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

    /// Hands out the replies that came.
    fn read(&mut self, task: &mut Context<'_>) -> Result<(), End> {
        let mut answered = 0;
        loop {
            match self.reader.poll_read(task, self.replies.room()) {
                Poll::Pending => break,
                Poll::Ready(Ok(0)) => return Err(End(io::ErrorKind::UnexpectedEof)),
                Poll::Ready(Ok(bytes)) => self.replies.came(bytes),
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
            // They will ask again, and run before this task does, so that their requests go out
            // in one piece.
            task.waker().wake_by_ref();
        }
        Ok(())
    }

    /// Whether somebody waited for each of the replies. Where several callers get theirs, the
    /// driver writes what they ask for next.
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

    /// Not under the lock: they are tasks, which do what they like.
    fn wake(&mut self) {
        for waker in self.woken.drain(..) {
            waker.wake();
        }
    }

    /// Nobody waits for replies that do not come.
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
        // Usually it is at its end already; otherwise the runtime is.
        self.fail(io::ErrorKind::BrokenPipe);
    }
}
