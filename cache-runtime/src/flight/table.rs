//! The executions of one cache by key, exact; the lead of one as a guard; and how an invalidation
//! reaches all of them.

use std::borrow::Borrow;
use std::collections::HashSet;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use super::circle::Edge;
use super::one::{Flight, Old, Waited};
use crate::clock::Clock;
use crate::local::{FullKey, Ready};
use crate::mode::Mode;
use crate::sync::{Mutex, lock};
use crate::value::Cargo;

/// The executions under way.
pub(crate) struct Table {
    lists: Mutex<Lists>,
    /// How long an invalidation waits for a write.
    write_limit: Duration,
    clock: Clock,
}

/// Every execution is in one of the first two, from its start to its end or until it is
/// overtaken.
#[derive(Default)]
struct Lists {
    /// Those that callers join: one for each key.
    open: HashSet<ByKey, Ready>,
    /// Those that nobody joins: of callers that stopped waiting, of refreshes, and those that may
    /// have seen what is invalid now.
    closed: Vec<Arc<Flight>>,
    /// Writes of results on their way to the store.
    writes: Vec<Arc<Flight>>,
    last: u64,
}

/// A flight that is found by its key.
struct ByKey(Arc<Flight>);

impl Borrow<FullKey> for ByKey {
    fn borrow(&self) -> &FullKey {
        &self.0.key
    }
}

impl Hash for ByKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.key.hash(state);
    }
}

impl PartialEq for ByKey {
    fn eq(&self, other: &Self) -> bool {
        self.0.key == other.0.key
    }
}

impl Eq for ByKey {}

/// What a caller is to do.
pub(crate) enum Join {
    /// Run the function.
    Lead(Lead),
    /// Another runs it.
    Wait(Arc<Flight>),
}

impl Table {
    pub(crate) fn new(write_limit: Duration, clock: Clock) -> Arc<Self> {
        Arc::new(Self {
            lists: Mutex::default(),
            write_limit,
            clock,
        })
    }

    /// Joins the flight of `key`, or starts one.
    pub(crate) fn join(self: &Arc<Self>, key: &FullKey) -> Join {
        let mut lists = lock(&self.lists);
        if let Some(ByKey(flight)) = lists.open.get(key) {
            let flight = flight.clone();
            if flight.take_lead() {
                return Join::Lead(self.lead(flight));
            }
            flight.board();
            return Join::Wait(flight);
        }
        let flight = lists.begin(key);
        lists.open.insert(ByKey(flight.clone()));
        drop(lists);
        Join::Lead(self.lead(flight))
    }

    /// Starts an execution that nobody joins.
    pub(crate) fn beside(self: &Arc<Self>, key: &FullKey) -> Lead {
        let mut lists = lock(&self.lists);
        let flight = lists.begin(key);
        lists.closed.push(flight.clone());
        drop(lists);
        self.lead(flight)
    }

    /// Lets a caller that has joined `flight` and was to wait leave it.
    pub(crate) fn leave(&self, flight: &Arc<Flight>) {
        drop(Boarded(self, flight));
    }

    /// Waits for `flight` for at most `limit`. `None`: waiting would be a circle.
    pub(crate) async fn wait(
        self: &Arc<Self>,
        mode: Mode,
        flight: &Arc<Flight>,
        limit: Duration,
    ) -> Option<(Waited, Option<Lead>)> {
        let _boarded = Boarded(self, flight);
        let _edge = Edge::announce(flight)?;
        let waited = mode.wait(flight.wait(limit, &self.clock)).await;
        let lead = matches!(waited, Waited::Lead).then(|| self.lead(flight.clone()));
        Some((waited, lead))
    }

    /// Notes a write of a result to the store, for as long as the returned value lives.
    pub(crate) fn write(&self, key: &FullKey) -> Write<'_> {
        let mut lists = lock(&self.lists);
        let flight = lists.begin(key);
        lists.writes.push(flight.clone());
        Write(self, flight)
    }

    /// Begins an invalidation of `key`: the results of running executions reach the callers that wait and are not
    /// kept, and later callers start a new execution.
    ///
    /// It waits for a running write, so that the caller has the last word at the store.
    pub(crate) async fn overtake<'t>(&'t self, mode: Mode, key: &'t FullKey) -> Overtaking<'t> {
        self.overtake_before(mode, key, u64::MAX).await
    }

    /// The same for the execution `own`, which takes the place of those that began before it. `None`: it
    /// is overtaken itself, and ends nobody.
    pub(crate) async fn overtake_earlier<'t>(
        &'t self,
        mode: Mode,
        key: &'t FullKey,
        own: &Flight,
    ) -> Option<Overtaking<'t>> {
        if own.is_overtaken() {
            return None;
        }
        Some(self.overtake_before(mode, key, own.number).await)
    }

    /// The same for those that began before the one with this number.
    async fn overtake_before<'t>(
        &'t self,
        mode: Mode,
        key: &'t FullKey,
        number: u64,
    ) -> Overtaking<'t> {
        let writes = {
            let mut lists = lock(&self.lists);
            let is_earlier = |flight: &Flight| flight.key == *key && flight.number < number;
            if lists
                .open
                .get(key)
                .is_some_and(|ByKey(flight)| is_earlier(flight))
                && let Some(ByKey(flight)) = lists.open.take(key)
            {
                flight.overtake();
            }
            lists.overtake_closed(is_earlier);
            lists.writes_of(|flight| flight.key == *key)
        };
        let have_landed = self.await_writes(mode, writes).await;
        Overtaking {
            table: self,
            key,
            have_landed,
        }
    }

    /// Does the same for every key that `condemned` selects; [`end_where`](Table::end_where) ends it.
    pub(crate) async fn overtake_where(&self, mode: Mode, condemned: impl Fn(&FullKey) -> bool) {
        let writes = lock(&self.lists).overtake_all(|flight| condemned(&flight.key));
        self.await_writes(mode, writes).await;
    }

    /// Handles an invalidation by another process, which knows the entry by this hash of its whole key.
    pub(crate) fn overtake_stored(&self, stored_hash: u64) {
        // A running write sees that it is overtaken when it has ended.
        lock(&self.lists).overtake_all(|flight| flight.key.is_stored_as(stored_hash));
    }

    /// Closes `flight` to other callers; an invalidation still reaches it.
    fn close(&self, flight: &Arc<Flight>) {
        let mut lists = lock(&self.lists);
        if lists.is_open(flight) {
            lists.open.remove(&flight.key);
            lists.closed.push(flight.clone());
        }
    }

    /// Ends an invalidation of every key that `condemned` selects.
    pub(crate) fn end_where(&self, condemned: impl Fn(&FullKey) -> bool) {
        let mut lists = lock(&self.lists);
        let Lists { open, closed, .. } = &mut *lists;
        closed.extend(
            open.extract_if(|ByKey(flight)| condemned(&flight.key))
                .map(|ByKey(flight)| flight),
        );
    }

    /// Waits for these writes; false if some take longer than the limit.
    async fn await_writes(&self, mode: Mode, writes: Vec<Arc<Flight>>) -> bool {
        // A server's time is the system's, whatever clock the cache uses.
        let clock = Clock::system();
        let mut have_landed = true;
        for write in writes {
            let waited = mode.wait(write.wait(self.write_limit, &clock)).await;
            have_landed &= !matches!(waited, Waited::TimedOut);
        }
        have_landed
    }

    /// Visits the keys of executions that callers join.
    pub(crate) fn each_open(&self, mut see: impl FnMut(&FullKey)) {
        let lists = lock(&self.lists);
        lists.open.iter().for_each(|ByKey(flight)| see(&flight.key));
    }

    /// Returns the key of an execution that `is_meant` selects.
    pub(crate) fn find(&self, is_meant: impl Fn(&FullKey) -> bool) -> Option<FullKey> {
        let lists = lock(&self.lists);
        let aside = lists.closed.iter().chain(&lists.writes);
        let open = lists.open.iter().map(|ByKey(flight)| flight);
        let mut keys = open.chain(aside).map(|flight| &flight.key);
        keys.find(|key| is_meant(key)).cloned()
    }

    fn lead(self: &Arc<Self>, flight: Arc<Flight>) -> Lead {
        Lead {
            table: self.clone(),
            flight,
            landed: false,
            is_gone: false,
        }
    }

    /// Ends a flight that nobody has boarded; false if someone has.
    fn end_empty(&self, flight: &Arc<Flight>) -> bool {
        let mut lists = lock(&self.lists);
        let is_empty = !flight.is_boarded();
        if is_empty {
            lists.remove(flight);
        }
        is_empty
    }

    fn remove(&self, flight: &Arc<Flight>, only_if: impl FnOnce(&Flight) -> bool) {
        let mut lists = lock(&self.lists);
        if !only_if(flight) {
            return;
        }
        lists.remove(flight);
    }

    /// Returns how many executions and writes are under way.
    pub(crate) fn len(&self) -> usize {
        let lists = lock(&self.lists);
        lists.open.len() + lists.closed.len() + lists.writes.len()
    }
}

impl Lists {
    /// Returns whether callers join it: it may have been overtaken and replaced.
    fn is_open(&self, flight: &Arc<Flight>) -> bool {
        let current = self.open.get(&flight.key);
        current.is_some_and(|ByKey(current)| Arc::ptr_eq(current, flight))
    }

    fn remove(&mut self, flight: &Arc<Flight>) {
        if self.is_open(flight) {
            self.open.remove(&flight.key);
        } else {
            self.closed.retain(|other| !Arc::ptr_eq(other, flight));
        }
    }

    /// A new execution, or a new write.
    fn begin(&mut self, key: &FullKey) -> Arc<Flight> {
        self.last += 1;
        Arc::new(Flight::new(key.clone(), self.last))
    }

    /// Marks those that are condemned as overtaken, and finds the writes to wait for.
    fn overtake_all(&mut self, condemned: impl Fn(&Flight) -> bool) -> Vec<Arc<Flight>> {
        self.open
            .retain(|ByKey(flight)| stays(flight, condemned(flight)));
        self.overtake_closed(&condemned);
        self.writes_of(condemned)
    }

    /// The same for those that nobody joins.
    fn overtake_closed(&mut self, condemned: impl Fn(&Flight) -> bool) {
        self.closed
            .retain(|flight| stays(flight, condemned(flight)));
    }

    /// The writes to wait for: whoever begins to write from now on sees that he was overtaken.
    fn writes_of(&self, is_meant: impl Fn(&Flight) -> bool) -> Vec<Arc<Flight>> {
        let writes = self.writes.iter();
        writes.filter(|write| is_meant(write)).cloned().collect()
    }
}

/// Marks a flight that is condemned; any other stays in its list.
fn stays(flight: &Flight, is_condemned: bool) -> bool {
    if is_condemned {
        flight.overtake();
    }
    !is_condemned
}

// A caller that stopped waiting may have been the last that could take a vacant lead.
struct Boarded<'a>(&'a Table, &'a Arc<Flight>);

impl Drop for Boarded<'_> {
    fn drop(&mut self) {
        self.1.leave();
        if self.1.is_deserted() {
            self.0.remove(self.1, Flight::is_deserted);
        }
    }
}

/// A running invalidation.
///
/// An execution that started since it began may have found the old value in the store. So when it ends,
/// later callers do not join that; what it computed itself may be kept.
#[must_use]
pub(crate) struct Overtaking<'t> {
    table: &'t Table,
    key: &'t FullKey,
    /// Whether no earlier write is under way any more.
    pub(crate) have_landed: bool,
}

impl Drop for Overtaking<'_> {
    fn drop(&mut self) {
        let mut lists = lock(&self.table.lists);
        if let Some(ByKey(flight)) = lists.open.take(self.key) {
            lists.closed.push(flight);
        }
    }
}

/// A write of a result to the store.
#[must_use]
pub(crate) struct Write<'a>(&'a Table, Arc<Flight>);

impl Drop for Write<'_> {
    fn drop(&mut self) {
        lock(&self.0.lists)
            .writes
            .retain(|other| !Arc::ptr_eq(other, &self.1));
        self.1.land(None);
    }
}

/// The lead of a flight. If it is dropped without a result (cancelled, panicked), it passes the lead on.
pub(crate) struct Lead {
    // Owned, so that a body may continue after the call that began it.
    table: Arc<Table>,
    flight: Arc<Flight>,
    landed: bool,
    is_gone: bool,
}

impl Lead {
    pub(crate) fn flight(&self) -> &Arc<Flight> {
        &self.flight
    }

    /// Passes the result to the callers that wait; `None` if it cannot be shared. The flight ends when
    /// the lead is dropped.
    pub(crate) fn land(&mut self, cargo: Option<Cargo>) {
        self.landed = true;
        let shared = cargo.is_some();
        self.flight.land(cargo);
        if !shared {
            // A result that nobody can have is no reason to hold up later callers.
            self.table.close(&self.flight);
        }
    }

    /// Continues, and shows an old value to callers that need not wait.
    pub(crate) fn show(&self, old: Old) {
        self.flight.show(old);
    }

    /// Ends the flight: the callers that wait get the cargo, which is made only if there are any.
    pub(crate) fn finish(mut self, cargo: impl FnOnce() -> Option<Cargo>) {
        if self.landed {
            return;
        }
        self.is_gone = self.table.end_empty(&self.flight);
        if !self.is_gone {
            self.land(cargo());
        }
    }
}

impl Drop for Lead {
    fn drop(&mut self) {
        if self.is_gone {
            return;
        }
        if self.landed {
            self.table.remove(&self.flight, |_| true);
        } else if self.flight.vacate() {
            self.table.remove(&self.flight, Flight::is_deserted);
        }
    }
}
