//! One run of the service for each page: whoever comes meanwhile waits, and looks again.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::Extensions;
use tokio::sync::watch;

/// How long somebody waits for another's run before running for himself.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// How long nobody waits for a page that was not kept, in milliseconds.
const UNKEPT_FOR: u64 = 10_000;

/// The most pages that are known as not kept.
const MOST_UNKEPT: usize = 10_000;

#[derive(Debug, Default)]
pub(crate) struct Flights {
    under_way: Mutex<HashMap<Arc<str>, watch::Receiver<()>>>,
    /// Pages whose response was not kept, and until when nobody waits for another one.
    unkept: Mutex<HashMap<Arc<str>, u64>>,
    landed: AtomicU64,
}

/// The tables that a request has been in, from the outermost layer on.
#[derive(Debug, Clone)]
struct Inside(Vec<usize>);

pub(crate) enum Joined {
    Lead(Lead),
    Wait(Wait),
    /// What comes is not kept, as far as is known: waiting for it would make a queue.
    Alone,
}

impl Flights {
    /// How many runs have ended; a number that has changed means that a page may be there now.
    pub(crate) fn landed(&self) -> u64 {
        self.landed.load(Ordering::Acquire)
    }

    /// Whether a request comes from a run of this table's own.
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
        let (open, over) = watch::channel(());
        let key: Arc<str> = key.into();
        under_way.insert(key.clone(), over);
        Joined::Lead(Lead {
            flights: self.clone(),
            key,
            _open: open,
        })
    }
}

/// Somebody else's run.
pub(crate) struct Wait(watch::Receiver<()>);

impl Wait {
    /// Returns when it is over, because it ended or its caller went away; false if it takes too long.
    pub(crate) async fn over(mut self) -> bool {
        // Nothing is ever sent; the end of the sender is the sign.
        tokio::time::timeout(LONGEST_WAIT, self.0.changed())
            .await
            .is_ok()
    }
}

/// The run of a page. However it ends, those who wait go on, all together.
pub(crate) struct Lead {
    flights: Arc<Flights>,
    key: Arc<str>,
    _open: watch::Sender<()>,
}

impl Lead {
    /// What came was not kept.
    pub(crate) fn unkept(&self, now: u64) {
        let mut unkept = lock(&self.flights.unkept);
        if unkept.len() >= MOST_UNKEPT {
            unkept.retain(|_, until| now < *until);
            if unkept.len() >= MOST_UNKEPT {
                unkept.clear();
            }
        }
        unkept.insert(self.key.clone(), now.saturating_add(UNKEPT_FOR));
    }
}

impl Drop for Lead {
    fn drop(&mut self) {
        self.flights.landed.fetch_add(1, Ordering::Release);
        lock(&self.flights.under_way).remove(&self.key);
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
        assert!(wait.over().await);
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
