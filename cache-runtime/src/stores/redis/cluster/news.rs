//! Where news is published and received: at the node that has the channel's slot.
//!
//! Every node forwards what is published at any other. But that takes a while, and may fail silently; at one
//! and the same node it works as with a single server. If that node is down, another one is used, and then the
//! forwarding has to do.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Instant;

use redis::Value;

use super::super::commands::Request;
use super::super::listening::{Ear, Hear};
use super::node::Node;
use super::slots::slot_of;
use super::topology::{Topology, no_owner};
use crate::error::CacheError;
use crate::mode::Mode;

/// How many nodes a listener tries before it fails.
const MOST_TRIED: usize = 3;

/// Sends the request to other nodes than the one that has the channel; `None` if there are none.
pub(super) async fn publish_elsewhere(
    topology: &Topology,
    mode: Mode,
    channel: &str,
    request: &Request,
    deadline: Instant,
) -> Option<Result<Value, CacheError>> {
    let mut outcome = None;
    for node in in_turn(topology, channel).skip(1) {
        if !node.is_well() {
            continue;
        }
        match node.exchange(mode, request, deadline).await {
            Err(error) if error.is_retryable() => outcome = Some(Err(error)),
            settled => return Some(settled),
        }
    }
    outcome
}

/// Listens at the first node that answers, for as long as it has slots.
pub(super) async fn listen(
    topology: &Arc<Topology>,
    channel: &str,
    hear: Hear<'_>,
) -> Result<Infallible, CacheError> {
    let mut nodes: Vec<_> = in_turn(topology, channel).collect();
    nodes.sort_by_key(|node| !node.is_well());
    nodes.truncate(MOST_TRIED);
    let mut last = no_owner();
    for node in nodes {
        let config = topology.config_of(node.address().clone());
        match Ear::open(&config).await {
            Ok(ear) => {
                let has_slots = || {
                    let mut primaries = topology.primaries().into_iter();
                    primaries.any(|primary| primary.address() == node.address())
                };
                return ear.listen(channel, hear, &has_slots).await;
            }
            Err(error) if error.is_retryable() => last = error,
            Err(error) => return Err(error),
        }
    }
    topology.suspect(None);
    Err(last)
}

/// Returns all nodes that have slots, first the one that has the channel's.
fn in_turn(topology: &Topology, channel: &str) -> impl Iterator<Item = Arc<Node>> {
    let owner = topology.owner(slot_of(channel.as_bytes()));
    let first = owner.as_ref().map(|owner| owner.address().clone());
    let is_other = move |node: &Arc<Node>| Some(node.address()) != first.as_ref();
    let others = topology.primaries().into_iter().filter(is_other);
    owner.into_iter().chain(others)
}
