//! What a batch passes to the call of one of its items: the flight it has joined for it, and the store's
//! answer.

use std::sync::{Arc, Mutex};

use crate::context;
use crate::error::CacheError;
use crate::flight::{Flight, Join, Table};
use crate::local::FullKey;
use crate::mode::Mode;
use crate::near::Ticket;
use crate::sync::lock;
use crate::target::{Found, Target};
use crate::value::How;

/// For the one call of this key; what the call does not take is dropped with this.
pub(crate) struct Given {
    key: FullKey,
    flights: Arc<Table>,
    part: Mutex<Option<Part>>,
}

type Part = (Join, Option<Box<Looked>>);

/// What the store had for one key when it was asked for many.
pub(crate) struct Looked {
    pub(super) value: Result<Option<Vec<u8>>, CacheError>,
    /// For a copy of it in process.
    pub(super) ticket: Option<Ticket>,
}

/// Returns what is passed to a call of `key` in this scope, to be taken once.
pub(crate) fn given(key: &FullKey) -> Option<Part> {
    let given = context::given()?;
    if given.key != *key {
        return None;
    }
    lock(&given.part).take()
}

impl Given {
    /// Joins the flight of this entry, or leads it.
    pub(super) fn join(target: &Target) -> Self {
        let flights = target.cache.core().flights.clone();
        Self {
            part: Mutex::new(Some((flights.join(&target.key), None))),
            key: target.key.clone(),
            flights,
        }
    }

    /// Returns the flight that it leads, if it does.
    pub(super) fn led(&self) -> Option<Arc<Flight>> {
        match &*lock(&self.part) {
            Some((Join::Lead(lead), _)) => Some(lead.flight().clone()),
            _ => None,
        }
    }

    pub(super) fn look(&self, looked: Looked) {
        if let Some((_, before)) = &mut *lock(&self.part) {
            *before = Some(Box::new(looked));
        }
    }

    /// Returns whether the store has something for it.
    pub(super) fn is_found(&self) -> bool {
        let part = lock(&self.part);
        let looked = part.as_ref().and_then(|(_, looked)| looked.as_ref());
        looked.is_some_and(|looked| matches!(looked.value, Ok(Some(_))))
    }
}

impl Drop for Given {
    fn drop(&mut self) {
        if let Some((Join::Wait(flight), _)) = lock(&self.part).take() {
            self.flights.leave(&flight);
        }
    }
}

impl Looked {
    /// Returns the value in it, fresh or stale; or the one in process, if it has arrived meanwhile. Like
    /// [`Target::look`].
    pub(crate) async fn found<V>(
        self,
        mode: Mode,
        target: &Target,
        how: &How<V>,
    ) -> Result<Option<Found<V>>, CacheError> {
        if let Some(found) = target.look_level(how).filter(Found::is_calm) {
            return Ok(Some(found));
        }
        let bytes = match self.value {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return Ok(None),
            Err(error) => return target.look_copy(how).map(Some).ok_or(error),
        };
        match target.decode(how, &bytes) {
            Some(found) => target.accept(mode, how, found, self.ticket).await,
            None => Ok(None),
        }
    }
}
