//! One execution for each key: many callers, leaders that go away, circles, invalidations.
//!
//! Every test runs in process and on Redis, most of them for sync and for async callers.

#![allow(clippy::unwrap_used, reason = "a test's panic is its report")]

mod world;

/// The named functions as tests, each in a world in process and in one on Redis.
macro_rules! in_both_places {
    ($($name:ident)*) => {
        mod in_process {
            $(#[test]
            fn $name() {
                super::$name(crate::world::World::in_process());
            })*
        }
        mod on_redis {
            $(#[test]
            fn $name() {
                super::$name(crate::world::World::on_redis());
            })*
        }
    };
}

mod circles;
mod crowd;
mod failing;
mod fresh;
mod gone;
mod great_crowd;
mod overtaken;
mod storm;
