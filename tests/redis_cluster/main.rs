//! The store in a Redis Cluster, against real nodes that start, die, and hand slots to each other.

#![expect(
    clippy::unwrap_used,
    reason = "a test that fails here should say where"
)]

#[path = "../redis_callers/mod.rs"]
mod redis_callers;
#[allow(dead_code, reason = "it is shared with the tests of one server")]
#[path = "../faults/world.rs"]
mod world;

mod batches;
mod faults;
mod moving;
mod operations;
mod parts;

use std::sync::Arc;

use cache_runtime::Store;
use cache_runtime::stores::redis::RedisClusterStore;
use cache_tests::redis_cluster::RedisCluster;
use redis_callers::{at_once, current_thread, multi_thread, patient};

/// A store with one seed and limits that a busy machine keeps.
fn store(cluster: &RedisCluster) -> Arc<RedisClusterStore> {
    let config = patient(cluster.node(0).port());
    Arc::new(RedisClusterStore::cluster(config, Vec::new()).unwrap())
}

/// Runs `check` on an empty cluster of three for each kind of caller, each with a store of its own.
fn for_every_caller<F>(check: F)
where
    F: AsyncFn(&dyn Store, &RedisCluster) + Copy + Send + Sync + 'static,
{
    let Some(cluster) = RedisCluster::start_or_skip(3, 0, &[]) else {
        return;
    };
    let cluster = Arc::new(cluster);
    let blocking = {
        let cluster = Arc::clone(&cluster);
        move || at_once(check(store(&cluster).blocking().unwrap(), &cluster))
    };
    let callers: [(&str, &dyn Fn()); 5] = [
        ("async, current thread", &|| {
            current_thread().block_on(check(&*store(&cluster), &cluster))
        }),
        ("async, multi thread", &|| {
            multi_thread().block_on(check(&*store(&cluster), &cluster))
        }),
        ("async, another executor", &|| {
            futures_executor::block_on(check(&*store(&cluster), &cluster))
        }),
        ("blocking, plain thread", &blocking),
        ("blocking, worker", &|| {
            let blocking = blocking.clone();
            let runtime = multi_thread();
            let task = runtime.spawn(async move { blocking() });
            runtime.block_on(task).unwrap();
        }),
    ];
    for (name, call) in callers {
        println!("{name}");
        for node in cluster.nodes() {
            assert_eq!(node.command(&["FLUSHALL"]), "OK");
            assert_eq!(node.command(&["CONFIG", "RESETSTAT"]), "OK");
        }
        call();
    }
}

/// How many connections the nodes have, without those that ask.
fn connections(cluster: &RedisCluster) -> usize {
    let nodes = cluster.nodes().iter();
    let lists = nodes.map(|node| node.command(&["CLIENT", "LIST"]).trim().lines().count() - 1);
    lists.sum()
}

/// How many redirections of the kind the nodes have sent (`MOVED`, `ASK`).
fn redirections(cluster: &RedisCluster, kind: &str) -> usize {
    let begin = format!("errorstat_{kind}:count=");
    let counts = cluster.nodes().iter().map(|node| {
        let stats = node.command(&["INFO", "errorstats"]);
        let count = stats.lines().find_map(|line| line.strip_prefix(&begin));
        count.map_or(0, |count| count.trim().parse::<usize>().unwrap())
    });
    counts.sum()
}
