//! A store whose operations stop where a test says, before they are done or behind, until they may go on.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use std::{mem, thread};

use cache_runtime::{CacheError, Capabilities, Store, StoreFuture, Ttl, Unless};
use tokio::sync::Semaphore;

use crate::store::OwnStore;

/// Its clones are one store.
#[derive(Clone, Default)]
pub(crate) struct Stepped(Arc<Inner>);

#[derive(Default)]
struct Inner {
    store: OwnStore,
    gates: Mutex<Vec<Arc<Gate>>>,
}

/// Where an operation stops.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Place {
    Before,
    Behind,
}

/// One operation is stopped here, the first that comes.
pub(crate) struct Gate {
    operation: &'static str,
    place: Place,
    has_come: AtomicBool,
    open: Semaphore,
    /// What it was to write.
    value: Mutex<Vec<u8>>,
}

impl Gate {
    /// Waits until an operation stands here.
    pub(crate) fn reached(&self) {
        let start = Instant::now();
        while !self.has_come.load(SeqCst) {
            assert!(start.elapsed() < Duration::from_secs(20), "nobody comes");
            thread::sleep(Duration::from_millis(1));
        }
    }

    pub(crate) fn open(&self) {
        self.open.add_permits(1);
    }

    /// What it was to write.
    pub(crate) fn value(&self) -> Vec<u8> {
        self.value.lock().unwrap().clone()
    }
}

impl Stepped {
    /// The next such operation stops.
    pub(crate) fn hold(&self, operation: &'static str, place: Place) -> Arc<Gate> {
        let gate = Arc::new(Gate {
            operation,
            place,
            has_come: AtomicBool::new(false),
            open: Semaphore::new(0),
            value: Mutex::default(),
        });
        self.0.gates.lock().unwrap().push(gate.clone());
        gate
    }

    /// What nothing stops.
    pub(crate) fn inner(&self) -> &OwnStore {
        &self.0.store
    }

    async fn stop(&self, operation: &str, place: Place, value: &[u8]) {
        let gate = {
            let mut gates = self.0.gates.lock().unwrap();
            let at = gates
                .iter()
                .position(|gate| gate.operation == operation && gate.place == place);
            at.map(|at| gates.remove(at))
        };
        if let Some(gate) = gate {
            *gate.value.lock().unwrap() = value.to_owned();
            gate.has_come.store(true, SeqCst);
            mem::drop(gate.open.acquire().await.unwrap());
        }
    }

    fn step<'a, T: Send + 'a>(
        &'a self,
        operation: &'static str,
        value: &'a [u8],
        answer: StoreFuture<'a, T>,
    ) -> StoreFuture<'a, T> {
        Box::pin(async move {
            self.stop(operation, Place::Before, value).await;
            let answer = answer.await;
            self.stop(operation, Place::Behind, value).await;
            answer
        })
    }
}

impl Store for Stepped {
    fn name(&self) -> &'static str {
        "stepped"
    }

    fn capabilities(&self) -> Capabilities {
        self.0.store.capabilities()
    }

    fn get<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Vec<u8>>> {
        self.step("get", &[], self.0.store.get(key))
    }

    fn set<'a>(
        &'a self,
        key: &'a str,
        value: &'a [u8],
        ttl: Option<Duration>,
    ) -> StoreFuture<'a, ()> {
        self.step("set", value, self.0.store.set(key, value, ttl))
    }

    fn delete<'a>(&'a self, key: &'a str) -> StoreFuture<'a, bool> {
        self.step("delete", &[], self.0.store.delete(key))
    }

    fn add<'a>(
        &'a self,
        key: &'a str,
        value: &'a [u8],
        ttl: Option<Duration>,
    ) -> StoreFuture<'a, bool> {
        self.step("add", value, self.0.store.add(key, value, ttl))
    }

    fn delete_if<'a>(&'a self, key: &'a str, value: &'a [u8]) -> StoreFuture<'a, bool> {
        self.step("delete_if", &[], self.0.store.delete_if(key, value))
    }

    fn set_unless<'a>(
        &'a self,
        key: &'a str,
        value: &'a [u8],
        ttl: Option<Duration>,
        unless: Unless<'a>,
    ) -> StoreFuture<'a, bool> {
        let answer = self.0.store.set_unless(key, value, ttl, unless);
        // A tombstone is told from what it stands beside.
        let operation = if key == unless.key {
            "bury"
        } else {
            "set_unless"
        };
        self.step(operation, value, answer)
    }

    fn ttl<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Ttl> {
        self.step("ttl", &[], self.0.store.ttl(key))
    }

    fn keys<'a>(&'a self, prefix: &'a str, pattern: &'a str) -> StoreFuture<'a, Vec<String>> {
        self.step("keys", &[], self.0.store.keys(prefix, pattern))
    }

    fn clear<'a>(&'a self, prefix: &'a str) -> StoreFuture<'a, ()> {
        self.step("clear", &[], self.0.store.clear(prefix))
    }
}

/// That a store's answer is there at once.
pub(crate) fn now<T>(mut answer: StoreFuture<'_, T>) -> Result<T, CacheError> {
    let mut task = std::task::Context::from_waker(std::task::Waker::noop());
    match answer.as_mut().poll(&mut task) {
        std::task::Poll::Ready(answer) => answer,
        std::task::Poll::Pending => panic!("it waits"),
    }
}
