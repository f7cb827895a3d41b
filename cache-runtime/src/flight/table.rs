//! The flights of one cache by key, exact, and the lead of a flight as a guard.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::circle::Edge;
use super::landing::{Flight, Waited};
use crate::local::{FullKey, Lookup, Ready};
use crate::sync::lock;
use crate::value::Cargo;

type Flights = HashMap<FullKey, Arc<Flight>, Ready>;

/// The flights under way.
#[derive(Default)]
pub(crate) struct Table {
    flights: Mutex<Flights>,
}

/// What a caller is to do.
pub(crate) enum Join<'a> {
    /// Run the function.
    Lead(Lead<'a>),
    /// Another runs it.
    Wait(Arc<Flight>),
}

impl Table {
    /// Takes part in the flight of `key`, or starts one.
    pub(crate) fn join(&self, key: &Lookup<'_>) -> Join<'_> {
        let key = key.to_full();
        let mut flights = lock(&self.flights);
        if let Some(flight) = flights.get(&key) {
            let flight = flight.clone();
            if flight.take_lead() {
                return Join::Lead(self.lead(flight));
            }
            return Join::Wait(flight);
        }
        let flight = Arc::new(Flight::new(key.clone()));
        flights.insert(key, flight.clone());
        drop(flights);
        Join::Lead(self.lead(flight))
    }

    /// Waits for `flight` at most `limit`. `Err`: waiting would be a circle.
    pub(crate) async fn wait(
        &self,
        flight: &Arc<Flight>,
        limit: Duration,
        blocking: bool,
    ) -> Option<(Waited, Option<Lead<'_>>)> {
        let _edge = Edge::announce(flight)?;
        let waited = if blocking {
            flight.wait_blocking(limit)
        } else {
            let _deserted = Deserted(self, flight);
            flight.wait(limit).await
        };
        let lead = matches!(waited, Waited::Lead).then(|| self.lead(flight.clone()));
        Some((waited, lead))
    }

    /// Marks the flight of `key` as overtaken: its result reaches those who wait and is not kept,
    /// and later callers start a new one.
    pub(crate) fn overtake(&self, key: &FullKey) {
        if let Some(flight) = lock(&self.flights).remove(key) {
            flight.overtake();
        }
    }

    /// The same for every flight that `condemned` says.
    pub(crate) fn overtake_where(&self, condemned: impl Fn(&FullKey) -> bool) {
        lock(&self.flights).retain(|key, flight| {
            let go = condemned(key);
            if go {
                flight.overtake();
            }
            !go
        });
    }

    /// The key of a flight that `is_meant` says.
    pub(crate) fn find(&self, is_meant: impl Fn(&FullKey) -> bool) -> Option<FullKey> {
        lock(&self.flights)
            .keys()
            .find(|key| is_meant(key))
            .cloned()
    }

    fn lead(&self, flight: Arc<Flight>) -> Lead<'_> {
        Lead {
            table: self,
            flight,
            landed: false,
        }
    }

    fn remove(&self, flight: &Arc<Flight>, only_if: impl FnOnce(&Flight) -> bool) {
        let mut flights = lock(&self.flights);
        // It may have been overtaken, and another have taken its place.
        let is_current = flights
            .get(&flight.key)
            .is_some_and(|current| Arc::ptr_eq(current, flight));
        if is_current && only_if(flight) {
            flights.remove(&flight.key);
        }
    }

    /// How many executions are under way.
    pub(crate) fn len(&self) -> usize {
        lock(&self.flights).len()
    }
}

// One who waited and was dropped may have been the last who could take a vacant lead.
struct Deserted<'a>(&'a Table, &'a Arc<Flight>);

impl Drop for Deserted<'_> {
    fn drop(&mut self) {
        if self.1.is_deserted() {
            self.0.remove(self.1, Flight::is_deserted);
        }
    }
}

/// The lead of a flight. Dropped without a result (cancelled, panicked), it passes the lead on.
pub(crate) struct Lead<'a> {
    table: &'a Table,
    flight: Arc<Flight>,
    landed: bool,
}

impl Lead<'_> {
    pub(crate) fn flight(&self) -> &Arc<Flight> {
        &self.flight
    }

    /// Hands the result to those who wait; `None` if it cannot be shared. The flight ends when
    /// the lead is dropped.
    pub(crate) fn land(&mut self, cargo: Option<Cargo>) {
        self.landed = true;
        let shared = cargo.is_some();
        self.flight.land(cargo);
        if !shared {
            // A result that nobody can have is no reason to keep later callers here.
            self.table.remove(&self.flight, |_| true);
        }
    }
}

impl Drop for Lead<'_> {
    fn drop(&mut self) {
        if self.landed {
            self.table.remove(&self.flight, |_| true);
        } else if self.flight.vacate() {
            self.table.remove(&self.flight, Flight::is_deserted);
        }
    }
}
