//! Asking nodes for the map of their cluster, until one has it.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::super::commands;
use super::super::config::{RedisAddress, RedisConfig};
use super::super::failure;
use super::super::line::Line;
use super::map::Layout;
use super::topology::Topology;
use crate::clock::end_of;
use crate::error::CacheError;

/// How long a node may stay silent before the next one is asked.
const STAGGER: Duration = Duration::from_millis(50);

/// Returns the first map that a node gives; an error when all have failed. Runs on the I/O thread.
pub(super) async fn ask(
    topology: &Topology,
    first: Option<RedisAddress>,
) -> Result<Layout, CacheError> {
    let mut failure = failure::lost("no node of the redis cluster is known");
    let mut candidates = topology.candidates(first).into_iter();
    let mut asked = JoinSet::new();
    loop {
        let is_last = match candidates.next() {
            Some(address) => {
                asked.spawn(ask_one(topology.config_of(address)));
                false
            }
            None => true,
        };
        let answer = if is_last {
            asked.join_next().await
        } else {
            match timeout(STAGGER, asked.join_next()).await {
                Ok(answer) => answer,
                Err(_) => continue,
            }
        };
        match answer {
            Some(Ok(Ok(layout))) => return Ok(layout),
            Some(Ok(Err(error))) => failure = error,
            Some(Err(_)) => {}
            None => return Err(failure),
        }
    }
}

/// Returns the map, over a connection made for it: the one that callers use may be dead without anyone having
/// noticed.
async fn ask_one(config: RedisConfig) -> Result<Layout, CacheError> {
    let address = config.address.clone();
    let deadline = end_of(config.op_timeout);
    let line = Arc::new(Line::new(config));
    let request = commands::cluster_slots();
    let reply = line
        .exchange(&Handle::current(), &request, deadline)
        .await?;
    Layout::read(&reply, &address)
}
