//! A cache in small: the flights, a level, a store, and the source that a function reads.
//!
//! The way of a call is that of `call.rs`, the order of a write and of an invalidation that of
//! `target.rs`.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::{Clock, FOR_EVER, NEVER};
use crate::context::Frame;
use crate::flight::{Join, Lead, Old, Table, Waited};
use crate::life::Life;
use crate::local::FullKey;
use crate::mode::Mode;
use crate::orders::below;
use crate::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use crate::sync::{Mutex, lock};
use crate::value::Cargo;

type Map = Mutex<HashMap<u64, u64>>;

pub(crate) struct House {
    pub(crate) table: Arc<Table>,
    pub(crate) level: Map,
    /// Values of which the timeout is over: for those who need not wait.
    pub(crate) stale: Map,
    /// `None`: in process alone.
    pub(crate) store: Option<Map>,
    /// What the function reads.
    pub(crate) source: AtomicUsize,
    /// How often it ran.
    pub(crate) runs: AtomicUsize,
    /// The keys whose function runs now under a flight that others join. Not a part of the model: a
    /// lock of std is no point where others have their turn.
    running: std::sync::Mutex<Vec<u64>>,
}

/// How one call goes.
#[derive(Clone, Copy)]
pub(crate) struct Call {
    pub(crate) key: u64,
    pub(crate) mode: Mode,
    /// How long it waits for another.
    pub(crate) limit: Duration,
}

/// How a body ends.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum End {
    /// With a value.
    Well,
    /// With a value that is not kept.
    Unkept,
    /// With what cannot be shared.
    Unshared,
    /// It panics, or is cancelled.
    Gone,
}

impl House {
    pub(crate) fn new() -> Arc<Self> {
        Self::with(None)
    }

    pub(crate) fn with_a_store() -> Arc<Self> {
        Self::with(Some(Mutex::default()))
    }

    fn with(store: Option<Map>) -> Arc<Self> {
        Arc::new(Self {
            table: Table::new(FOR_EVER, Clock),
            level: Mutex::default(),
            stale: Mutex::default(),
            store,
            source: AtomicUsize::new(1),
            runs: AtomicUsize::new(0),
            running: std::sync::Mutex::default(),
        })
    }

    /// The value for this call; `None` if its body went.
    pub(crate) async fn call(&self, call: Call, body: impl AsyncFnOnce() -> End) -> Option<u64> {
        if let Some(value) = read(&self.level, call.key) {
            return Some(value);
        }
        let key = FullKey(call.key);
        let (lead, is_joined) = match self.table.join(&key) {
            Join::Lead(lead) => (lead, true),
            Join::Wait(flight) => match self.table.wait(call.mode, &flight, call.limit).await {
                Some((Waited::Landed(cargo), _)) => return Some(value(&cargo)),
                Some((Waited::Old(old, _), _)) => return Some(value(&old.cargo)),
                Some((_, Some(lead))) => (lead, true),
                _ => (self.table.beside(&key), false),
            },
        };
        if let Some(value) = read(&self.level, call.key) {
            lead.finish(|| Some(cargo(value)));
            return Some(value);
        }
        if let Some(store) = &self.store {
            let stored = read(store, call.key);
            pause(call.mode).await;
            if let Some(value) = stored {
                lead.finish(|| Some(cargo(value)));
                return Some(value);
            }
        }
        if let Some(stale) = read(&self.stale, call.key) {
            lead.show(Old {
                cargo: cargo(stale),
                life: Life::plain(NEVER),
                is_local: true,
            });
        }
        self.lead(call, lead, is_joined, body).await
    }

    async fn lead(
        &self,
        call: Call,
        lead: Lead,
        is_joined: bool,
        body: impl AsyncFnOnce() -> End,
    ) -> Option<u64> {
        let one = is_joined.then(|| One::enter(self, call.key));
        self.runs.fetch_add(1, SeqCst);
        let read = self.source.load(SeqCst) as u64;
        let end = {
            let _frame = call.mode.is_blocking().then(|| Frame::enter(lead.flight()));
            body().await
        };
        drop(one);
        let result = (end != End::Gone).then_some(read);
        match end {
            End::Well => self.keep(call, lead, read).await,
            End::Unkept => lead.finish(|| Some(cargo(read))),
            End::Unshared => lead.finish(|| None),
            End::Gone => drop(lead),
        }
        result
    }

    async fn keep(&self, call: Call, mut lead: Lead, value: u64) {
        let flight = lead.flight().clone();
        let is_overtaken = || flight.is_overtaken();
        if let Some(store) = &self.store {
            // Nobody waits for a write to a server.
            lead.land(Some(cargo(value)));
            let key = FullKey(call.key);
            let _write = self.table.write(&key);
            if is_overtaken() {
                return;
            }
            a_while(call.mode).await;
            lock(store).insert(call.key, value);
            a_while(call.mode).await;
            if is_overtaken() {
                lock(store).remove(&call.key);
                return;
            }
        }
        let mut level = lock(&self.level);
        if !is_overtaken() {
            level.insert(call.key, value);
        }
        drop(level);
        lead.finish(|| Some(cargo(value)));
    }

    /// Something else is true from now on; forgets what was kept of it.
    pub(crate) async fn invalidate(&self, mode: Mode, key: u64) {
        self.source.fetch_add(1, SeqCst);
        let key = FullKey(key);
        let _overtaking = self.table.overtake(mode, &key).await;
        lock(&self.level).remove(&key.0);
        lock(&self.stale).remove(&key.0);
        if let Some(store) = &self.store {
            pause(mode).await;
            lock(store).remove(&key.0);
        }
    }

    /// The same for every key.
    pub(crate) async fn clear(&self, mode: Mode) {
        self.source.fetch_add(1, SeqCst);
        self.table.overtake_where(mode, |_| true).await;
        lock(&self.level).clear();
        lock(&self.stale).clear();
        if let Some(store) = &self.store {
            pause(mode).await;
            lock(store).clear();
        }
        self.table.end_where(|_| true);
    }

    pub(crate) fn runs(&self) -> usize {
        self.runs.load(SeqCst)
    }

    /// When nobody is there any more, no flight is.
    pub(crate) fn is_empty(&self) {
        assert_eq!(self.table.len(), 0, "a flight was left");
    }
}

/// Only one body runs for a key under a flight that others join, unless it was overtaken.
struct One<'a>(&'a House, u64);

impl<'a> One<'a> {
    fn enter(house: &'a House, key: u64) -> Self {
        let was_invalidated = house.source.load(SeqCst) > 1;
        let mut running = house.running.lock().unwrap();
        let is_one = !running.contains(&key);
        running.push(key);
        drop(running);
        assert!(is_one || was_invalidated, "two run at once");
        Self(house, key)
    }
}

impl Drop for One<'_> {
    fn drop(&mut self) {
        let mut running = self.0.running.lock().unwrap();
        let own = running.iter().position(|key| *key == self.1);
        running.swap_remove(own.unwrap());
    }
}

pub(crate) fn read(map: &Map, key: u64) -> Option<u64> {
    lock(map).get(&key).copied()
}

fn cargo(value: u64) -> Cargo {
    Arc::new(value)
}

fn value(cargo: &Cargo) -> u64 {
    *cargo.downcast_ref().unwrap()
}

/// Others have their turn.
pub(crate) async fn pause(mode: Mode) {
    if mode.is_blocking() {
        shuttle::thread::yield_now();
    } else {
        shuttle::future::yield_now().await;
    }
}

/// Others have several turns: a store far away.
async fn a_while(mode: Mode) {
    for _ in 0..below(12) {
        pause(mode).await;
    }
}
