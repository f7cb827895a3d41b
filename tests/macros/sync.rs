//! What the words of the scenarios mean for a `fn`.

macro_rules! cached {
    ($($function:tt)*) => { $($function)* };
}

macro_rules! done {
    ($call:expr) => {
        $call
    };
}

/// A call inside a body that may come back to it.
macro_rules! nested {
    ($call:expr) => {
        $call
    };
}

/// A call from a thread that runs nothing else.
macro_rules! on_thread {
    ($call:expr) => {
        std::thread::scope(|scope| scope.spawn(|| $call).join().unwrap())
    };
}

/// A call from a test that is no scenario.
macro_rules! on_this_thread {
    ($call:expr) => {
        $call
    };
}

/// A `warm` to its end.
macro_rules! warmed {
    ($warm:expr) => {
        $warm.run()
    };
}

/// A `warm` from a test that is no scenario.
macro_rules! warmed_on_this_thread {
    ($warm:expr) => {
        $warm.run()
    };
}

/// A `warm` with caching off.
macro_rules! warmed_bypass {
    ($warm:expr) => {
        cache_runtime::bypass_blocking(|| $warm.run())
    };
}

/// Lets others have a turn.
macro_rules! turn {
    () => {
        std::thread::sleep(std::time::Duration::from_millis(1))
    };
}

macro_rules! scenario {
    (fn $name:ident($place:ident) $body:block) => {
        mod $name {
            use super::*;

            fn scenario($place: &Place) $body

            #[test]
            fn in_process() {
                scenario(&Place::in_process());
            }

            #[test]
            fn on_redis() {
                if let Some(place) = Place::on_redis() {
                    scenario(&place);
                }
            }
        }
    };
}

/// A call where every alias is this cache's.
macro_rules! within {
    ($cache:expr, $call:expr) => {
        cache_runtime::testing::in_cache_blocking($cache, || $call)
    };
}

/// A call with caching off.
macro_rules! bypass {
    ($call:expr) => {
        cache_runtime::bypass_blocking(|| $call)
    };
}

/// A call with every call refreshed.
macro_rules! refreshing {
    ($call:expr) => {
        cache_runtime::refreshing_blocking(|| $call)
    };
}

#[path = "associated.rs"]
mod associated;
#[path = "batch.rs"]
mod batch;
#[path = "cache.rs"]
mod cache;
#[path = "cache_evict.rs"]
mod cache_evict;
#[path = "cache_none.rs"]
mod cache_none;
#[path = "cache_put.rs"]
mod cache_put;
#[path = "calls.rs"]
mod calls;
#[path = "collisions.rs"]
mod collisions;
#[path = "early.rs"]
mod early;
#[path = "entry.rs"]
mod entry;
#[path = "generics.rs"]
mod generics;
#[path = "hard_timeout.rs"]
mod hard_timeout;
#[path = "jitter.rs"]
mod jitter;
#[path = "kept.rs"]
mod kept;
#[path = "key.rs"]
mod key;
#[path = "key_prefix.rs"]
mod key_prefix;
#[path = "kwargs.rs"]
mod kwargs;
#[path = "local.rs"]
mod local;
#[path = "lock.rs"]
mod lock;
#[path = "many.rs"]
mod many;
#[path = "name.rs"]
mod name;
#[path = "refresh.rs"]
mod refresh;
#[path = "refresh_ahead.rs"]
mod refresh_ahead;
#[path = "scopes.rs"]
mod scopes;
#[path = "skip.rs"]
mod skip;
#[path = "soft_timeout.rs"]
mod soft_timeout;
#[path = "stale.rs"]
mod stale;
#[path = "strict.rs"]
mod strict;
#[path = "tags.rs"]
mod tags;
#[path = "timeout.rs"]
mod timeout;
#[path = "version.rs"]
mod version;
#[path = "wait.rs"]
mod wait;
#[path = "warm.rs"]
mod warm;
#[path = "when.rs"]
mod when;
