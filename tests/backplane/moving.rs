//! Sentinels and clusters: where news is told may be elsewhere next time.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use cache_runtime::stores::redis::{
    RedisAddress, RedisClusterStore, RedisConfig, RedisSentinels, RedisStore,
};
use cache_runtime::{SIGN_OF_LIFE, Store};
use cache_tests::redis_cluster::RedisCluster;
use cache_tests::redis_sentinel::{MASTER, Watched};

use crate::promises;
use crate::world::{Listener, OP_TIMEOUT, SOON, Told, config, publish, say};

const FAILOVER: Duration = Duration::from_secs(30);

/// Listens again and again, as one does; a listener that stands.
fn listen_again(store: &Arc<dyn Store>, channel: &str) -> Listener {
    let start = Instant::now();
    loop {
        let listener = Listener::begin(store, channel);
        let stands = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            listener.wait_for("listening", |told| *told == Told::Listening);
        }));
        if stands.is_ok() {
            return listener;
        }
        assert!(start.elapsed() < FAILOVER, "nobody listens");
        thread::sleep(Duration::from_millis(50));
    }
}

/// Says it again and again, until somebody takes it.
fn say_in_the_end(store: &Arc<dyn Store>, channel: &str, message: &str) {
    let start = Instant::now();
    while let Err(error) = say(store, channel, message) {
        assert!(start.elapsed() < FAILOVER, "{error}");
        thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn sentinels_lead_listeners_to_the_new_master() {
    let mut watched = Watched::start();
    let nodes = watched.sentinel_ports().into_iter();
    let nodes = nodes.map(|port| ("127.0.0.1".to_owned(), port)).collect();
    let config = RedisConfig {
        address: RedisAddress::Sentinels(RedisSentinels::new(nodes, MASTER)),
        ..config(0)
    };
    let stores: [Arc<dyn Store>; 3] =
        std::array::from_fn(|_| Arc::new(RedisStore::new(config.clone()).unwrap()) as _);
    promises::are_kept(&stores);
    let [store, one, two] = &stores;
    let listeners = [Listener::start(one, "c"), Listener::start(two, "c")];
    let was = watched.kill_master();
    for listener in listeners {
        assert!(listener.end(SOON).is_retryable());
    }
    let took = watched.wait_for_failover(was);
    assert!(took < FAILOVER);
    let listeners = [listen_again(one, "c"), listen_again(two, "c")];
    say_in_the_end(store, "c", "after");
    for listener in &listeners {
        listener.wait_for_message("after");
    }
    // One that is alive, and no master any more.
    watched.restart(was);
    watched.wait_for_replica(was);
    let master = watched.master();
    let demoted = watched.command(master, &["REPLICAOF", "127.0.0.1", &was.to_string()]);
    assert_eq!(demoted, "OK");
    for listener in listeners {
        let error = listener.end(SIGN_OF_LIFE + SOON);
        assert!(error.is_retryable(), "{error}");
    }
}

fn at_cluster(cluster: &RedisCluster) -> [Arc<dyn Store>; 3] {
    std::array::from_fn(|at| {
        let node = cluster.node(at % cluster.nodes().len());
        let seed = config(node.port());
        Arc::new(RedisClusterStore::cluster(seed, Vec::new()).unwrap()) as _
    })
}

#[test]
fn a_cluster_keeps_the_promises() {
    let Some(cluster) = RedisCluster::start_or_skip(3, 0, &[]) else {
        return;
    };
    let stores = at_cluster(&cluster);
    promises::are_kept(&stores);
    assert!(stores[0].blocking().unwrap().backplane().is_none());
    let owner = cluster.owner("hang");
    promises::a_server_that_hangs_is_an_end(
        &stores,
        OP_TIMEOUT,
        || cluster.nodes().iter().for_each(|node| node.pause()),
        || cluster.nodes().iter().for_each(|node| node.resume()),
    );
    assert!(cluster.calls(owner, "publish") > 0);
}

#[test]
fn all_go_to_the_node_that_has_the_channel() {
    let Some(cluster) = RedisCluster::start_or_skip(3, 0, &[]) else {
        return;
    };
    let [store, one, two] = at_cluster(&cluster);
    let listeners = [Listener::start(&one, "c"), Listener::start(&two, "c")];
    for number in 0..10 {
        publish(&store, "c", &number.to_string());
    }
    let owner = cluster.owner("c");
    for at in 0..3 {
        let wanted = if at == owner { 10 } else { 0 };
        assert_eq!(cluster.calls(at, "publish"), wanted);
        let subscribed = cluster.calls(at, "subscribe");
        assert_eq!(subscribed, if at == owner { 2 } else { 0 });
    }
    for listener in listeners {
        listener.wait_for_a_sign_of_life();
        assert_eq!(listener.messages().len(), 10);
    }
}

#[test]
fn a_cluster_without_that_node_tells_news_at_another() {
    let Some(mut cluster) = RedisCluster::start_or_skip(3, 1, &[]) else {
        return;
    };
    let [store, one, two] = at_cluster(&cluster);
    publish(&store, "c", "the map is known");
    let listeners = [Listener::start(&one, "c"), Listener::start(&two, "c")];
    let owner = cluster.owner("c");
    cluster.kill(owner);
    for listener in listeners {
        assert!(listener.end(SOON).is_retryable());
    }
    let listeners = [listen_again(&one, "c"), listen_again(&two, "c")];
    say_in_the_end(&store, "c", "meanwhile");
    for listener in &listeners {
        listener.wait_for_message("meanwhile");
    }
}
