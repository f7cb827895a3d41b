//! A copy in process, and what another process has put in its place meanwhile.

use std::sync::Arc;

use cache_runtime::testing::Clock;
use cache_runtime::{Cache, cache_result};

use crate::stepped::Stepped;
use crate::world::Node;

#[cache_result(timeout = 60, stale = 600, key_prefix = "copied", key(id), cache = node.cache)]
fn copied(node: &Node, id: u64) -> u64 {
    id * 100 + node.run()
}

#[test]
fn a_batch_takes_the_newer_one_of_the_store() {
    let (steps, clock) = (Stepped::default(), Clock::manual());
    let node = || Node {
        cache: Cache::builder()
            .store(steps.clone())
            .clock(clock.clone())
            .key_prefix("app")
            .local_max(100)
            .local_timeout(std::time::Duration::from_secs(3600))
            .build()
            .unwrap(),
        runs: Arc::default(),
    };
    let (here, there) = (node(), node());
    assert_eq!(copied(&there, 1), 101);
    assert_eq!(copied(&here, 1), 101);
    clock.advance(std::time::Duration::from_secs(61));
    assert_eq!(copied(&there, 1), 102, "it is renewed there");
    assert_eq!(copied::many([(&here, 1)]), [102]);
    assert_eq!(here.run(), 1, "nothing has run here");
}
