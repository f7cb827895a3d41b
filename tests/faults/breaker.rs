//! A dead store is left alone: while the breaker is open a call costs microseconds.

use std::time::{Duration, Instant};

use cache_runtime::cache_result;
use cache_tests::pulse::Pulse;
use cache_tests::redis_server::RedisServer;

use crate::world::{OP_TIMEOUT, SLACK, World, multi_thread};

#[cache_result(timeout = 60, key(id), key_prefix = "quick", cache = world.cache.clone())]
fn quick(world: &World, id: u64) -> u64 {
    id
}

#[cache_result(timeout = 60, key(id), key_prefix = "quick_async", cache = world.cache.clone())]
async fn quick_async(world: &World, id: u64) -> u64 {
    id
}

/// 200 calls while the breaker is open: half of them take less than a millisecond, and those who
/// probe no longer than the limit.
fn costs_microseconds(what: &str, mut call: impl FnMut(u64)) {
    for id in 0..5 {
        call(id);
    }
    let pulse = Pulse::start();
    let mut took: Vec<Duration> = (5..205)
        .map(|id| {
            let start = Instant::now();
            call(id);
            start.elapsed()
        })
        .collect();
    took.sort();
    println!("{what}: median {:?}, slowest {:?}", took[100], took[199]);
    assert!(took[100] < Duration::from_millis(1), "{:?}", took[100]);
    let limit = OP_TIMEOUT + SLACK + pulse.allowance();
    assert!(took[199] < limit, "{:?}", took[199]);
}

fn both_ways(what: &str, port: u16) {
    let world = World::at_port(port);
    costs_microseconds(&format!("{what}, sync"), |id| {
        assert_eq!(quick(&world, id), id)
    });
    let world = World::at_port(port);
    let runtime = multi_thread();
    costs_microseconds(&format!("{what}, async"), |id| {
        assert_eq!(runtime.block_on(quick_async(&world, id)), id);
    });
}

#[test]
fn an_open_breaker_costs_microseconds_when_the_server_is_dead() {
    let mut server = RedisServer::start();
    server.kill();
    both_ways("dead", server.port());
}

#[test]
fn an_open_breaker_costs_microseconds_when_the_server_hangs() {
    let server = RedisServer::start();
    server.pause();
    both_ways("hanging", server.port());
    server.resume();
}

#[test]
fn a_server_that_refuses_is_alive_and_does_not_open_the_breaker() {
    let server = RedisServer::start_with(&["--requirepass", "right"]);
    let world = World::at_port(server.port());
    for id in 0..10 {
        assert_eq!(quick(&world, id), id);
    }
    let error = world.cache.blocking().ping().unwrap_err();
    assert_eq!(error.kind(), cache_runtime::ErrorKind::Store, "{error}");
}
