//! What can befall a store: the faults by name, and those that several stores share.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use cache_tests::mariadb_server::MariadbServer;
use cache_tests::memcached_server::MemcachedServer;
use cache_tests::postgres_server::PostgresServer;
use cache_tests::proxy::{Proxy, Wire};
use cache_tests::redis_server::RedisServer;

/// All names there are, for the command line.
pub(crate) const FAULTS: &[&str] = &[
    "calm",
    "killed",
    "restarted",
    "frozen",
    "refused",
    "cut",
    "delayed",
    "stalled",
    "garbage",
    "full",
    "read-only",
    "dropped",
    "locked",
    "removed",
    "late",
];

/// How much later answers come when they are delayed.
const DELAY: Duration = Duration::from_millis(30);
/// Between two blows of a fault that strikes again and again.
const AGAIN: Duration = Duration::from_millis(50);

/// One thing that befalls a store.
pub(crate) struct Fault {
    pub(crate) name: &'static str,
    /// By what it is seen that it took place at all.
    pub(crate) bite: Bite,
    pub(crate) is_on_the_wire: bool,
    /// Begins it, lets it last, and ends it.
    pub(crate) strike: Box<dyn FnMut(Duration) + Send>,
}

/// What callers' caches must show of a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bite {
    /// Nothing has happened.
    Nothing,
    /// Errors of the store were counted.
    Errors,
    /// What was there is gone, or the store was seen without it.
    Loss,
    /// A call took at least this long.
    Slow(Duration),
}

/// A server that can be killed and frozen.
pub(crate) trait Server: Send + 'static {
    fn kill(&mut self);
    fn restart(&mut self);
    fn pause(&self);
    fn resume(&self);
}

macro_rules! servers {
    ($($server:ty),*) => {$(
        impl Server for $server {
            fn kill(&mut self) {
                self.kill();
            }
            fn restart(&mut self) {
                self.restart();
            }
            fn pause(&self) {
                self.pause();
            }
            fn resume(&self) {
                self.resume();
            }
        }
    )*};
}

servers!(RedisServer, MemcachedServer, PostgresServer, MariadbServer);

/// A fault of the thing itself.
pub(crate) fn direct<S: Send + 'static>(
    name: &'static str,
    bite: Bite,
    thing: &Arc<Mutex<S>>,
    mut strike: impl FnMut(&mut S, Duration) + Send + 'static,
) -> Fault {
    let thing = Arc::clone(thing);
    Fault {
        name,
        bite,
        is_on_the_wire: false,
        strike: Box::new(move |lasting| {
            strike(
                &mut thing.lock().unwrap_or_else(PoisonError::into_inner),
                lasting,
            );
        }),
    }
}

/// Nothing, for comparison.
pub(crate) fn calm() -> Fault {
    Fault {
        name: "calm",
        bite: Bite::Nothing,
        is_on_the_wire: false,
        strike: Box::new(thread::sleep),
    }
}

/// What happens to any server, and on the way to it.
pub(crate) fn of_servers<S: Server>(server: &Arc<Mutex<S>>, proxy: &Arc<Proxy>) -> Vec<Fault> {
    let while_it_is = |name, bite, wire| {
        on_the_wire(name, bite, proxy, move |proxy, lasting| {
            proxy.set(wire);
            thread::sleep(lasting);
            proxy.set(Wire::Sound);
        })
    };
    vec![
        calm(),
        direct("killed", Bite::Errors, server, |server, lasting| {
            server.kill();
            thread::sleep(lasting);
            server.restart();
        }),
        direct("restarted", Bite::Loss, server, |server, lasting| {
            again_and_again(lasting, || server.restart());
        }),
        direct("frozen", Bite::Errors, server, |server, lasting| {
            server.pause();
            thread::sleep(lasting);
            server.resume();
        }),
        while_it_is("refused", Bite::Errors, Wire::Refused),
        on_the_wire("cut", Bite::Nothing, proxy, |proxy, lasting| {
            again_and_again(lasting, || proxy.cut());
        }),
        while_it_is("delayed", Bite::Slow(DELAY), Wire::Delayed(DELAY)),
        while_it_is("stalled", Bite::Errors, Wire::Stalled),
        while_it_is("garbage", Bite::Errors, Wire::Garbage),
        // A write that was given up arrives when the network lets it through, and would bring back what
        // was deleted since.
        while_it_is("late", Bite::Errors, Wire::Held),
    ]
}

fn on_the_wire(
    name: &'static str,
    bite: Bite,
    proxy: &Arc<Proxy>,
    mut strike: impl FnMut(&Proxy, Duration) + Send + 'static,
) -> Fault {
    let proxy = Arc::clone(proxy);
    Fault {
        name,
        bite,
        is_on_the_wire: true,
        strike: Box::new(move |lasting| strike(&proxy, lasting)),
    }
}

/// Blow after blow until the time is over.
pub(crate) fn again_and_again(lasting: Duration, mut blow: impl FnMut()) {
    let start = Instant::now();
    while start.elapsed() < lasting {
        blow();
        thread::sleep(AGAIN);
    }
}
