//! Which callers wait for what on one connection: requests not yet written, and replies not yet read.

use std::collections::VecDeque;
use std::io;
use std::task::Waker;
use std::time::Instant;

use redis::{RedisError, RedisResult, Value};

use super::commands::Request;

/// A buffer that grew beyond this is not kept.
const LARGE: usize = 256 << 10;

/// What callers and the driver of a connection share.
#[derive(Debug)]
pub(super) struct Queue {
    /// Requests that nobody is writing yet.
    out: Vec<u8>,
    /// An empty buffer to replace `out`.
    spare: Vec<u8>,
    /// Who writes them.
    pub(super) pen: Pen,
    /// What a caller could not write at once, for the driver.
    pub(super) rest: Batch,
    /// The error that a caller met when it wrote, for the driver to report to all.
    pub(super) trouble: Option<io::ErrorKind>,
    slots: Vec<ReplySlot>,
    /// Slots that nobody has.
    free: Vec<usize>,
    /// The slots of requests in the order of their replies.
    order: VecDeque<usize>,
    /// When the driver next checks time limits; never later than the first one ends.
    pub(super) alarm: Option<Instant>,
    /// Wakes the driver.
    pub(super) driver: Option<Waker>,
    /// Whether the connection is no longer in use.
    pub(super) is_left: bool,
    /// Why the connection cannot be used any more.
    broken: Option<io::ErrorKind>,
}

/// Who writes what is put into the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pen {
    /// The next caller.
    Free,
    /// A caller, right now.
    Caller,
    /// The driver, when it runs.
    Driver,
}

/// Bytes to write, and how many of them are written.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) bytes: Vec<u8>,
    pub(super) written: usize,
}

/// A request whose reply is still to come, or has not been fetched yet.
#[derive(Debug)]
struct ReplySlot {
    outcome: Option<RedisResult<Value>>,
    /// For a pipeline: the replies so far.
    several: Option<Vec<Value>>,
    /// How many replies are still to come.
    left: usize,
    deadline: Option<Instant>,
    /// `None` if the caller has left.
    caller: Option<Waker>,
}

impl Default for Queue {
    fn default() -> Self {
        Self {
            out: Vec::new(),
            spare: Vec::new(),
            pen: Pen::Free,
            rest: Batch::default(),
            trouble: None,
            slots: Vec::new(),
            free: Vec::new(),
            order: VecDeque::new(),
            alarm: None,
            driver: None,
            is_left: false,
            broken: None,
        }
    }
}

impl Batch {
    pub(super) fn is_done(&self) -> bool {
        self.written == self.bytes.len()
    }
}

impl Queue {
    /// Puts a request into the queue; returns where its outcome will be.
    pub(super) fn enter(
        &mut self,
        request: &Request,
        deadline: Option<Instant>,
        caller: &Waker,
    ) -> RedisResult<usize> {
        if let Some(kind) = self.broken {
            return Err(io::Error::from(kind).into());
        }
        self.out.extend_from_slice(&request.bytes);
        let slot = ReplySlot {
            outcome: None,
            several: request
                .is_pipeline
                .then(|| Vec::with_capacity(request.replies)),
            left: request.replies,
            deadline,
            caller: Some(caller.clone()),
        };
        let at = match self.free.pop() {
            Some(at) => {
                self.slots[at] = slot;
                at
            }
            None => {
                self.slots.push(slot);
                self.slots.len() - 1
            }
        };
        self.order.push_back(at);
        Ok(at)
    }

    /// Returns the outcome, if it is there; otherwise `caller` is woken when it is, and the previous waker is
    /// returned.
    pub(super) fn fetch(
        &mut self,
        at: usize,
        caller: &Waker,
    ) -> Result<RedisResult<Value>, Option<Waker>> {
        let slot = &mut self.slots[at];
        if let Some(outcome) = slot.outcome.take() {
            self.leave(at);
            return Ok(outcome);
        }
        match &slot.caller {
            Some(known) if known.will_wake(caller) => Err(None),
            _ => Err(slot.caller.replace(caller.clone())),
        }
    }

    /// Notes that the caller of this request does not come back; what it leaves behind must be dropped outside
    /// the lock, since a waker is foreign code.
    pub(super) fn leave(&mut self, at: usize) -> (Option<Waker>, Option<RedisResult<Value>>) {
        let slot = &mut self.slots[at];
        let left = (slot.caller.take(), slot.outcome.take());
        // Otherwise the slot is kept for the replies that are still to come.
        if slot.left == 0 {
            self.free.push(at);
        }
        left
    }

    /// Handles the next reply. `false`: nobody asked for it.
    pub(super) fn reply(&mut self, value: Value, woken: &mut Vec<Waker>) -> bool {
        let Some(at) = self.order.front().copied() else {
            return false;
        };
        let slot = &mut self.slots[at];
        slot.left -= 1;
        let value = match &mut slot.several {
            None => value,
            Some(several) => {
                several.push(value);
                if slot.left > 0 {
                    return true;
                }
                Value::Array(std::mem::take(several))
            }
        };
        self.order.pop_front();
        self.settle(at, Ok(value), woken);
        true
    }

    /// Fails the requests whose time is over; returns when the next one's is.
    pub(super) fn expire(&mut self, now: Instant, woken: &mut Vec<Waker>) {
        let mut next: Option<Instant> = None;
        for at in &self.order {
            let slot = &mut self.slots[*at];
            let Some(deadline) = slot.deadline else {
                continue;
            };
            if deadline > now {
                next = Some(next.map_or(deadline, |next| next.min(deadline)));
            } else {
                slot.deadline = None;
                if let Some(caller) = slot.caller.take() {
                    // The slot stays in the order: its replies may still come.
                    slot.outcome = Some(Err(timed_out()));
                    woken.push(caller);
                }
            }
        }
        self.alarm = next;
    }

    /// Fails all requests, including later ones.
    pub(super) fn fail(&mut self, kind: io::ErrorKind, woken: &mut Vec<Waker>) {
        let kind = *self.broken.get_or_insert(kind);
        self.out = Vec::new();
        while let Some(at) = self.order.pop_front() {
            self.slots[at].left = 0;
            self.settle(at, Err(io::Error::from(kind).into()), woken);
        }
    }

    pub(super) fn is_broken(&self) -> bool {
        self.broken.is_some()
    }

    /// Returns everything to write; an empty batch if there is nothing.
    pub(super) fn batch(&mut self) -> Batch {
        let spare = std::mem::take(&mut self.spare);
        Batch {
            bytes: std::mem::replace(&mut self.out, spare),
            written: 0,
        }
    }

    /// Returns the same, after what a caller left.
    pub(super) fn next_batch(&mut self) -> Batch {
        let rest = std::mem::take(&mut self.rest);
        if rest.is_done() { self.batch() } else { rest }
    }

    pub(super) fn has_requests(&self) -> bool {
        !self.out.is_empty()
    }

    /// Gives a written batch's buffer back.
    pub(super) fn reuse(&mut self, mut batch: Batch) {
        if (self.spare.capacity()..LARGE).contains(&batch.bytes.capacity()) {
            batch.bytes.clear();
            self.spare = batch.bytes;
        }
    }

    /// All replies of the request at this slot came, or none will.
    fn settle(&mut self, at: usize, outcome: RedisResult<Value>, woken: &mut Vec<Waker>) {
        let slot = &mut self.slots[at];
        match slot.caller.take() {
            Some(caller) => {
                slot.outcome = Some(outcome);
                woken.push(caller);
            }
            // Its time was over, and it has not fetched that outcome yet.
            None if slot.outcome.is_some() => {}
            None => self.free.push(at),
        }
    }
}

fn timed_out() -> RedisError {
    io::Error::from(io::ErrorKind::TimedOut).into()
}
