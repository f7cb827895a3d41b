//! What is known of a cluster, and when it is asked for again.
//!
//! The map is requested by a task on the I/O thread, one at a time, whoever needs it: a caller that
//! blocks, awaits or gives up makes no difference to it. Only a caller that has no map at all waits.

use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::unconstrained;

use super::super::config::{RedisAddress, RedisConfig};
use super::super::failure;
use super::map::{Layout, Map};
use super::node::Node;
use super::refresh;
use crate::clock::Clock;
use crate::error::{CacheError, ErrorKind};
use crate::mode::{self, Mode};
use crate::stores::io_thread;
use crate::sync::lock;

/// While something is wrong, the map is requested again after this, and after twice as long each
/// time that nothing had changed, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// After this long without trouble, new trouble begins with the first pause.
const CALM: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub(super) struct Topology {
    /// What all nodes have in common; its address is the first seed.
    pub(super) config: RedisConfig,
    seeds: Vec<RedisAddress>,
    map: RwLock<Option<Map>>,
    refreshes: Mutex<Refreshes>,
}

#[derive(Debug)]
struct Refreshes {
    under_way: Option<Refresh>,
    /// When the last one ended.
    ended: Option<Instant>,
    pause: Duration,
}

/// The outcome of a refresh; `None` while it runs.
pub(super) type Refresh = watch::Receiver<Option<Result<(), CacheError>>>;

impl Topology {
    pub(super) fn new(config: RedisConfig, more_seeds: Vec<RedisAddress>) -> Self {
        let mut seeds = more_seeds;
        seeds.insert(0, config.address.clone());
        Self {
            config,
            seeds,
            map: RwLock::default(),
            refreshes: Mutex::new(Refreshes {
                under_way: None,
                ended: None,
                pause: FIRST_PAUSE,
            }),
        }
    }

    /// Returns the node that has this slot, as far as is known.
    pub(super) fn owner(&self, slot: u16) -> Option<Arc<Node>> {
        self.map().as_ref()?.owner(slot)
    }

    /// Returns the same, after waiting for a map if there is none.
    pub(super) async fn find(
        self: &Arc<Self>,
        mode: Mode,
        slot: u16,
        deadline: Instant,
    ) -> Result<Arc<Node>, CacheError> {
        self.known(mode, deadline).await?;
        self.owner(slot).ok_or_else(|| {
            self.suspect(None);
            no_owner()
        })
    }

    /// Returns the nodes that have slots, as far as is known.
    pub(super) fn primaries(&self) -> Vec<Arc<Node>> {
        self.map().as_ref().map(Map::primaries).unwrap_or_default()
    }

    /// Waits for a map made now; if nobody answers, an old one will do.
    pub(super) async fn renewed(
        self: &Arc<Self>,
        mode: Mode,
        deadline: Instant,
    ) -> Result<(), CacheError> {
        let outcome = self.wait(mode, self.refresh(None)?, deadline).await;
        if self.map().is_some() {
            Ok(())
        } else {
            outcome
        }
    }

    /// Waits for a map, if there is none.
    pub(super) async fn known(
        self: &Arc<Self>,
        mode: Mode,
        deadline: Instant,
    ) -> Result<(), CacheError> {
        if self.map().is_some() {
            return Ok(());
        }
        self.wait(mode, self.refresh(None)?, deadline).await
    }

    /// Notes that this slot has moved to `address`, according to a node.
    pub(super) fn moved(
        self: &Arc<Self>,
        slot: u16,
        address: RedisAddress,
    ) -> Result<Arc<Node>, CacheError> {
        let node = self.node(&address)?;
        if let Some(map) = &mut *self.map_mut() {
            map.assign(slot, &address);
        }
        // The new owner knows best what else has moved.
        self.suspect(Some(&address));
        Ok(node)
    }

    /// Returns the node at `address`, which need not have slots yet.
    pub(super) fn node(&self, address: &RedisAddress) -> Result<Arc<Node>, CacheError> {
        let mut map = self.map_mut();
        let Some(map) = &mut *map else {
            return self.make(address.clone());
        };
        match map.at(address) {
            Some(node) => Ok(node),
            None => {
                let node = self.make(address.clone())?;
                map.add(Arc::clone(&node));
                Ok(node)
            }
        }
    }

    /// Notes that the map may be wrong: it is requested in the background, from `first` before others, unless
    /// that was done a moment ago.
    pub(super) fn suspect(self: &Arc<Self>, first: Option<&RedisAddress>) {
        {
            let refreshes = lock(&self.refreshes);
            let is_too_soon = |ended: Instant| ended.elapsed() < refreshes.pause;
            if refreshes.is_under_way() || refreshes.ended.is_some_and(is_too_soon) {
                return;
            }
        }
        // If the I/O thread cannot be started, that is reported to callers that need it.
        let _ = self.refresh(first);
    }

    pub(super) fn close(&self) {
        if let Some(map) = &*self.map() {
            map.nodes().iter().for_each(|node| node.close());
        }
    }

    /// Returns the nodes to ask for the map: `first`, then nodes that answer, then all others that are known.
    pub(super) fn candidates(&self, first: Option<RedisAddress>) -> Vec<RedisAddress> {
        let mut candidates: Vec<_> = first.into_iter().collect();
        if let Some(map) = &*self.map() {
            let address = |node: &Arc<Node>| node.address().clone();
            let well = map.nodes().iter().filter(|node| node.is_well());
            candidates.extend(well.map(address));
            candidates.extend(map.replicas().iter().cloned());
            let others = map.nodes().iter().filter(|node| !node.is_well());
            candidates.extend(self.seeds.iter().cloned().chain(others.map(address)));
        } else {
            candidates.extend(self.seeds.iter().cloned());
        }
        let mut seen = Vec::with_capacity(candidates.len());
        candidates.retain(|address| {
            let is_new = !seen.contains(address);
            seen.extend(is_new.then(|| address.clone()));
            is_new
        });
        candidates
    }

    /// Returns the running refresh, or a new one.
    fn refresh(self: &Arc<Self>, first: Option<&RedisAddress>) -> Result<Refresh, CacheError> {
        let io = io_thread::runtime().map_err(|error| {
            failure::lost("the i/o thread could not be started").with_source(error)
        })?;
        let mut refreshes = lock(&self.refreshes);
        if let Some(refresh) = &refreshes.under_way
            && refreshes.is_under_way()
        {
            return Ok(refresh.clone());
        }
        let (outcome, refresh) = watch::channel(None);
        refreshes.under_way = Some(refresh.clone());
        drop(refreshes);
        let (topology, first) = (Arc::clone(self), first.cloned());
        io.spawn(async move {
            let layout = refresh::ask(&topology, first).await;
            let updated = layout.and_then(|layout| topology.update(layout));
            topology.ended(*updated.as_ref().unwrap_or(&false));
            outcome.send_replace(Some(updated.map(drop)));
        });
        Ok(refresh)
    }

    /// Puts the new map in place; returns whether it says anything new.
    fn update(&self, layout: Layout) -> Result<bool, CacheError> {
        let mut map = self.map_mut();
        let new = Map::new(layout, map.as_ref(), |address| self.make(address))?;
        let is_news = map.as_ref().is_none_or(|old| !new.is_like(old));
        let old = map.replace(new);
        drop(map);
        if is_news && old.is_some() {
            tracing::info!("slots of the redis cluster have moved");
        }
        // Outside the lock, since it may drop connections.
        drop(old);
        Ok(is_news)
    }

    fn ended(&self, is_news: bool) {
        let mut refreshes = lock(&self.refreshes);
        let was_calm = refreshes.ended.is_none_or(|ended| ended.elapsed() > CALM);
        refreshes.pause = if is_news || was_calm {
            FIRST_PAUSE
        } else {
            (refreshes.pause * 2).min(LONGEST_PAUSE)
        };
        refreshes.under_way = None;
        refreshes.ended = Some(Instant::now());
    }

    /// Waits for the outcome of the refresh, until the deadline at most.
    async fn wait(
        &self,
        mode: Mode,
        mut refresh: Refresh,
        deadline: Instant,
    ) -> Result<(), CacheError> {
        let left = deadline.saturating_duration_since(Instant::now());
        let limit = self.config.op_timeout;
        let outcome = async move {
            let ended = refresh.wait_for(Option::is_some);
            match Clock::system().within(left, ended).await {
                Some(outcome) => {
                    let outcome = outcome.ok().and_then(|outcome| outcome.clone());
                    outcome.unwrap_or_else(|| Err(Self::no_map()))
                }
                None => Err(failure::timeout(limit, "no map of the redis cluster")),
            }
        };
        match mode {
            Mode::Async => outcome.await,
            // A task that blocks does not get the turns for which tokio would have it wait.
            Mode::Blocking => mode::block_on(unconstrained(outcome)),
        }
    }

    fn make(&self, address: RedisAddress) -> Result<Arc<Node>, CacheError> {
        Node::new(self.config_of(address)).map(Arc::new)
    }

    /// Returns what all nodes have in common, with this address.
    pub(super) fn config_of(&self, address: RedisAddress) -> RedisConfig {
        RedisConfig {
            address,
            ..self.config.clone()
        }
    }

    fn no_map() -> CacheError {
        CacheError::new(
            ErrorKind::Unavailable,
            "no node of the redis cluster answered",
        )
    }

    fn map(&self) -> RwLockReadGuard<'_, Option<Map>> {
        self.map.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn map_mut(&self) -> RwLockWriteGuard<'_, Option<Map>> {
        self.map.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the error for slots that belong to no node.
pub(super) fn no_owner() -> CacheError {
    failure::lost("no node of the redis cluster has this key's slot").partial()
}

impl Refreshes {
    fn is_under_way(&self) -> bool {
        // If it panicked, it has dropped its end.
        let refresh = self.under_way.as_ref();
        refresh.is_some_and(|refresh| refresh.has_changed().is_ok())
    }
}
