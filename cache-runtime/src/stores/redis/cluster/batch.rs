//! Many keys at once: one request for each node, to all nodes at the same time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use redis::Value;

use super::super::commands::Request;
use super::super::failure;
use super::super::packed::Packed;
use super::node::Node;
use super::redirect::{Direction, MOST_REDIRECTIONS, in_circles, moment, of_reply};
use super::slots::slot_of;
use super::topology::{Topology, no_owner};
use crate::clock::end_of;
use crate::error::CacheError;
use crate::mode::Mode;
use crate::stores::together;

/// A caller that blocks reads one reply after the other. If the first takes all the time there is,
/// the others, which have arrived by then, are still read.
const GRACE: Duration = Duration::from_millis(20);

/// One command for each of some keys, each of which may be sent twice.
pub(super) struct Commands<K, W> {
    /// How many.
    pub(super) count: usize,
    /// The key of one.
    pub(super) key: K,
    /// Writes one.
    pub(super) write: W,
}

/// Sends all commands and returns the outcome of each, in their order. An error if the cluster's map
/// is not available.
pub(super) async fn exchange<'k, K, W>(
    topology: &Arc<Topology>,
    mode: Mode,
    commands: Commands<K, W>,
) -> Result<Vec<Result<Value, CacheError>>, CacheError>
where
    K: Fn(usize) -> &'k [u8] + Send + Sync,
    W: Fn(&mut Packed, usize) + Send + Sync,
{
    let deadline = end_of(topology.config.op_timeout);
    topology.known(mode, deadline).await?;
    let mut batch = Batch {
        topology,
        outcomes: (0..commands.count).map(|_| None).collect(),
        commands,
        parts: Vec::new(),
    };
    batch.begin();
    for nth in 0..=MOST_REDIRECTIONS {
        let parts = std::mem::take(&mut batch.parts);
        if parts.is_empty() || !moment(mode, nth, deadline).await {
            break;
        }
        let replies = send(mode, &parts, deadline).await;
        for (part, reply) in parts.into_iter().zip(replies) {
            batch.settle(part, reply);
        }
    }
    let outcomes = batch.outcomes.into_iter();
    Ok(outcomes
        .map(|outcome| outcome.unwrap_or_else(|| Err(in_circles())))
        .collect())
}

struct Batch<'a, K, W> {
    topology: &'a Arc<Topology>,
    commands: Commands<K, W>,
    /// `None` as long as there is no final answer.
    outcomes: Vec<Option<Result<Value, CacheError>>>,
    /// What is to be sent next.
    parts: Vec<Part>,
}

/// The part for one node.
pub(super) struct Part {
    node: Arc<Node>,
    /// Whether the node does not have the slots yet, so that `ASKING` precedes each command.
    is_asking: bool,
    /// Which of the commands.
    which: Vec<usize>,
    request: Request,
}

impl Part {
    /// Returns a request that is not about a key.
    pub(super) fn new(node: Arc<Node>, request: Request) -> Self {
        Self {
            node,
            is_asking: false,
            which: Vec::new(),
            request,
        }
    }
}

impl<'k, K, W> Batch<'_, K, W>
where
    K: Fn(usize) -> &'k [u8],
    W: Fn(&mut Packed, usize),
{
    /// Assigns every command to the node that has its slot.
    fn begin(&mut self) {
        for at in 0..self.commands.count {
            match self.topology.owner(self.slot(at)) {
                Some(node) => self.add(node, false, at),
                None => {
                    self.topology.suspect(None);
                    self.outcomes[at] = Some(Err(no_owner()));
                }
            }
        }
    }

    fn slot(&self, at: usize) -> u16 {
        slot_of((self.commands.key)(at))
    }

    fn add(&mut self, node: Arc<Node>, is_asking: bool, at: usize) {
        let known = self
            .parts
            .iter()
            .position(|part| Arc::ptr_eq(&part.node, &node) && part.is_asking == is_asking);
        let place = known.unwrap_or_else(|| {
            let request = Request {
                bytes: Vec::new(),
                replies: 0,
                is_pipeline: true,
                repeatable: true,
            };
            self.parts.push(Part {
                is_asking,
                ..Part::new(node, request)
            });
            self.parts.len() - 1
        });
        let Part { which, request, .. } = &mut self.parts[place];
        let mut packed = Packed {
            bytes: std::mem::take(&mut request.bytes),
            commands: request.replies,
        };
        if is_asking {
            packed.add(&[b"ASKING"]);
        }
        (self.commands.write)(&mut packed, at);
        (request.bytes, request.replies) = (packed.bytes, packed.commands);
        which.push(at);
    }

    /// Keeps the replies, and schedules what must be sent elsewhere next.
    fn settle(&mut self, part: Part, reply: Result<Value, CacheError>) {
        let replies = match reply {
            Ok(Value::Array(replies)) => replies,
            Ok(other) => return self.fail(&part, &failure::unexpected(&other)),
            Err(error) => return self.fail(&part, &error),
        };
        // The other replies are the OK to `ASKING`.
        let (skipped, step) = if part.is_asking { (1, 2) } else { (0, 1) };
        let replies = replies.into_iter().skip(skipped).step_by(step);
        for (at, reply) in part.which.into_iter().zip(replies) {
            let said_by = part.node.address();
            let sent_to = match of_reply(&reply) {
                Direction::Here => {
                    self.outcomes[at] = Some(Ok(reply));
                    continue;
                }
                Direction::Nowhere(error) => {
                    self.topology.suspect(None);
                    Err(error)
                }
                Direction::Moved(target) => self
                    .topology
                    .moved(self.slot(at), target.address(said_by))
                    .map(|node| (node, false)),
                Direction::Ask(target) => self
                    .topology
                    .node(&target.address(said_by))
                    .map(|node| (node, true)),
            };
            match sent_to {
                Ok((node, is_asking)) => self.add(node, is_asking, at),
                Err(error) => self.outcomes[at] = Some(Err(error)),
            }
        }
    }

    fn fail(&mut self, part: &Part, error: &CacheError) {
        if error.is_retryable() {
            self.topology.suspect(None);
        }
        for at in &part.which {
            self.outcomes[*at] = Some(Err(error.clone()));
        }
    }
}

/// Returns the reply to each part; the nodes work at the same time.
pub(super) async fn send(
    mode: Mode,
    parts: &[Part],
    deadline: Instant,
) -> Vec<Result<Value, CacheError>> {
    match mode {
        Mode::Async => together::all(parts.iter().map(|part| exchange_part(part, deadline))).await,
        Mode::Blocking => send_blocking(parts, deadline),
    }
}

async fn exchange_part(part: &Part, deadline: Instant) -> Result<Value, CacheError> {
    let Part { node, request, .. } = part;
    node.exchange(Mode::Async, request, deadline).await
}

/// Returns the replies, read after all requests are written.
fn send_blocking(parts: &[Part], deadline: Instant) -> Vec<Result<Value, CacheError>> {
    // All take connections of the nodes in one order: otherwise two could wait for what the other has.
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by_cached_key(|at| parts[*at].node.address().to_string());
    let mut begun: Vec<_> = parts.iter().map(|_| None).collect();
    for at in order {
        let part = &parts[at];
        let now = Instant::now();
        let left = deadline.saturating_duration_since(now);
        // A node that cannot be reached leaves time for the others.
        let share = if parts.len() > 1 { left / 2 } else { left };
        begun[at] = Some(part.node.begin(&part.request, now + share));
    }
    let answers = parts.iter().zip(begun.into_iter().flatten());
    answers
        .map(|(part, begun)| {
            part.node
                .finish(begun?, deadline.max(Instant::now() + GRACE))
        })
        .collect()
}
