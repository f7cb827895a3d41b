//! Redis Cluster: which node has a key, and what to do when that changes.
//!
//! ```text
//! slots.rs      which slot a key belongs to
//! map.rs        which node has a slot: as a node says it, and as it is known here
//! node.rs       one node: its connections, and a breaker of its own
//! topology.rs   what is known of the cluster, and when it is asked for anew
//! refresh.rs    asking for it
//! redirect.rs   what an answer says about where a key is
//! asking.rs     a request to a node that a slot is on its way to
//! link.rs       requests about one key, about all there are
//! batch.rs      requests about many keys
//! news.rs       where news is said and heard
//! open.rs       a store by URL
//! fuzz.rs       what a node may answer, for the target of `redis/`
//! ```

mod asking;
mod batch;
#[cfg(any(test, cache_fuzz))]
pub(super) mod fuzz;
mod link;
mod map;
mod news;
mod node;
mod open;
mod redirect;
mod refresh;
mod slots;
mod topology;

pub(super) use link::Cluster;
pub(crate) use open::open_cluster;
