//! One run of the service for each page: requests that come meanwhile wait, and look again.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::Extensions;
use tokio::sync::watch;

/// How long a request waits for another's run before it runs the service itself.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// How long nobody waits for a page that was not kept, in milliseconds.
const UNKEPT_FOR: u64 = 10_000;

/// The most pages that are remembered as not kept.
const MOST_UNKEPT: usize = 10_000;

#[derive(Debug, Default)]
pub(crate) struct Flights {
    under_way: Mutex<HashMap<Arc<str>, watch::Receiver<bool>>>,
    /// Pages whose response was not kept, and until when no request waits for another one.
    unkept: Mutex<HashMap<Arc<str>, u64>>,
    landed: AtomicU64,
}

/// The tables that a request has passed through, from the outermost layer on.
#[derive(Debug, Clone)]
struct Inside(Vec<usize>);

pub(crate) enum Joined {
    Lead(Lead),
    Wait(Wait),
    /// The response will probably not be kept: waiting for it would make a queue.
    Alone,
}

impl Flights {
    /// Returns how many runs have ended; if the number has changed, a page may be there now.
    pub(crate) fn landed(&self) -> u64 {
        self.landed.load(Ordering::Acquire)
    }

    /// Returns whether a request comes from a run of this table.
    pub(crate) fn is_inside(&self, request: &Extensions) -> bool {
        let inside = request.get::<Inside>();
        inside.is_some_and(|Inside(tables)| tables.contains(&self.address()))
    }

    /// Marks a request that a run sends inwards.
    pub(crate) fn mark(&self, request: &mut Extensions) {
        let Inside(tables) = request.get_or_insert_with(|| Inside(Vec::new()));
        tables.push(self.address());
    }

    fn address(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    pub(crate) fn join(self: &Arc<Self>, key: &str, now: u64) -> Joined {
        {
            let mut unkept = lock(&self.unkept);
            match unkept.get(key) {
                Some(&until) if now < until => return Joined::Alone,
                Some(_) => drop(unkept.remove(key)),
                None => {}
            }
        }
        let mut under_way = lock(&self.under_way);
        if let Some(over) = under_way.get(key) {
            return Joined::Wait(Wait(over.clone()));
        }
        let (open, over) = watch::channel(false);
        let key: Arc<str> = key.into();
        under_way.insert(key.clone(), over);
        Joined::Lead(Lead {
            flights: self.clone(),
            key,
            began: now,
            has_ended: false,
            open,
        })
    }

    /// Notes that the response for `key` was not kept: for a while nobody waits for it.
    pub(crate) fn unkept(&self, key: &str, now: u64) {
        let mut unkept = lock(&self.unkept);
        if unkept.len() >= MOST_UNKEPT {
            unkept.retain(|_, until| now < *until);
            if unkept.len() >= MOST_UNKEPT {
                unkept.clear();
            }
        }
        unkept.insert(key.into(), now.saturating_add(UNKEPT_FOR));
    }
}

/// Waiting for another request's run.
pub(crate) struct Wait(watch::Receiver<bool>);

/// How waiting ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Over {
    /// The run has ended: what it kept is there.
    Ended,
    /// Its caller went away.
    Gone,
    /// It takes too long.
    TooLong,
}

impl Wait {
    /// Waits until it is over.
    pub(crate) async fn over(mut self) -> Over {
        let ended = self.0.wait_for(|has_ended| *has_ended);
        match tokio::time::timeout(LONGEST_WAIT, ended).await {
            Ok(Ok(_)) => Over::Ended,
            Ok(Err(_)) => Over::Gone,
            Err(_) => Over::TooLong,
        }
    }
}

/// The run of a page. However it ends, all that wait for it continue together.
pub(crate) struct Lead {
    flights: Arc<Flights>,
    key: Arc<str>,
    began: u64,
    has_ended: bool,
    open: watch::Sender<bool>,
}

impl Lead {
    /// Notes that the response was not kept.
    pub(crate) fn unkept(&self, now: u64) {
        self.flights.unkept(&self.key, now);
    }

    /// Notes that the run has ended.
    pub(crate) fn end(mut self) {
        self.has_ended = true;
    }
}

impl Drop for Lead {
    fn drop(&mut self) {
        self.flights.landed.fetch_add(1, Ordering::Release);
        if std::thread::panicking() {
            // Every request that comes would run it again.
            self.unkept(self.began);
        }
        lock(&self.flights.under_way).remove(&self.key);
        if self.has_ended {
            self.open.send_replace(true);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_lead(joined: &Joined) -> bool {
        matches!(joined, Joined::Lead(_))
    }

    #[tokio::test]
    async fn one_leads_others_wait_until_the_lead_is_gone() {
        let flights = Arc::new(Flights::default());
        let lead = flights.join("a", 0);
        assert!(is_lead(&lead));
        let Joined::Wait(wait) = flights.join("a", 0) else {
            panic!("somebody leads already");
        };
        assert!(is_lead(&flights.join("b", 0)));
        let before = flights.landed();
        drop(lead);
        assert_eq!(wait.over().await, Over::Gone);
        assert_eq!(flights.landed(), before + 1);
        assert!(is_lead(&flights.join("a", 0)));
    }

    #[tokio::test]
    async fn nobody_waits_for_what_is_not_kept() {
        let flights = Arc::new(Flights::default());
        let Joined::Lead(lead) = flights.join("a", 0) else {
            panic!("nobody leads yet");
        };
        lead.unkept(0);
        drop(lead);
        assert!(matches!(flights.join("a", UNKEPT_FOR - 1), Joined::Alone));
        assert!(is_lead(&flights.join("a", UNKEPT_FOR)));
    }
}
