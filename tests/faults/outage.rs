//! One caller, and a server that is absent at the start, dies, hangs, and comes back.

use cache_runtime::ErrorKind;
use cache_tests::redis_server::RedisServer;

use crate::world::{Caller, SOON, World, within};

/// Calls until there is a hit.
fn hits_come_back(caller: &Caller, world: &std::sync::Arc<World>) {
    let hits = world.stats().hits;
    let took = within(SOON, "hits", || {
        caller.call(world, 1);
        world.stats().hits > hits
    });
    println!("hits were back after {took:?}");
}

#[test]
fn a_server_that_is_absent_at_the_start_is_used_when_it_comes() {
    for caller in Caller::both() {
        let mut server = RedisServer::start();
        server.kill();
        let world = World::at_port(server.port());
        for id in 0..20 {
            caller.call(&world, id);
        }
        let stats = world.stats();
        assert_eq!((stats.hits, stats.misses, stats.errors), (0, 20, 20));
        assert_eq!(world.runs(), 20);
        let error = world.cache.blocking().ping().unwrap_err();
        assert!(error.is_retryable(), "{error}");
        server.restart();
        hits_come_back(&caller, &world);
        world.all_in_time();
    }
}

#[test]
fn a_server_that_dies_and_comes_back_is_used_again() {
    for caller in Caller::both() {
        let mut server = RedisServer::start();
        let world = World::at_port(server.port());
        hits_come_back(&caller, &world);
        for _ in 0..3 {
            server.kill();
            for id in 0..20 {
                caller.call(&world, id);
            }
            server.restart();
            hits_come_back(&caller, &world);
        }
        assert!(world.stats().errors > 0);
        world.all_in_time();
    }
}

#[test]
fn a_server_that_hangs_costs_no_more_than_the_limit() {
    for caller in Caller::both() {
        let server = RedisServer::start();
        let world = World::at_port(server.port());
        hits_come_back(&caller, &world);
        server.pause();
        for id in 100..120 {
            caller.call(&world, id);
        }
        let error = world.cache.blocking().get::<i32>("key").unwrap_err();
        let kinds = [ErrorKind::Timeout, ErrorKind::BreakerOpen];
        assert!(kinds.contains(&error.kind()), "{error}");
        server.resume();
        hits_come_back(&caller, &world);
        world.all_in_time();
    }
}

#[test]
fn a_server_that_hangs_from_the_start_costs_no_more_than_the_limit() {
    for caller in Caller::both() {
        let server = RedisServer::start();
        server.pause();
        let world = World::at_port(server.port());
        for id in 0..10 {
            caller.call(&world, id);
        }
        server.resume();
        hits_come_back(&caller, &world);
        world.all_in_time();
    }
}

#[test]
fn a_host_without_a_name_or_a_route_costs_no_more_than_the_limit() {
    // By the rules of names and addresses, neither is anywhere.
    for host in ["no-such-host.invalid:6379", "192.0.2.1:6379"] {
        for caller in Caller::both() {
            let world = World::at(&format!("redis://{host}/0"));
            for id in 0..5 {
                caller.call(&world, id);
            }
            assert_eq!(world.runs(), 5);
            assert_eq!(world.stats().errors, 5);
            world.all_in_time();
        }
    }
}

#[test]
fn what_the_program_asks_itself_is_an_error_that_may_be_tried_again() {
    let mut server = RedisServer::start();
    server.kill();
    let world = World::at_port(server.port());
    let cache = world.cache.blocking();
    for error in [
        cache.get::<i32>("key").unwrap_err(),
        cache.set("key", &1, 60).unwrap_err(),
        cache.add("key", &1, 60).unwrap_err(),
        cache.delete("key").unwrap_err(),
        cache.touch("key", 60).unwrap_err(),
        cache.has_key("key").unwrap_err(),
        cache.incr("key", 1).unwrap_err(),
        cache.get_many::<i32>(["key"]).unwrap_err(),
        cache.set_many([("key", 1)], 60).unwrap_err(),
        cache.delete_many(["key"]).unwrap_err(),
        cache.incr_version("key", 1).unwrap_err(),
        cache.keys("*").unwrap_err(),
        cache.clear().unwrap_err(),
        cache.ping().unwrap_err(),
    ] {
        let kinds = [ErrorKind::Unavailable, ErrorKind::BreakerOpen];
        assert!(kinds.contains(&error.kind()), "{error}");
        assert!(error.is_retryable());
        assert!(!error.operation().is_empty());
    }
    // What makes a value does not fail for it.
    assert_eq!(cache.get_or_set("key", 60, || 7).unwrap(), 7);
    cache.close().unwrap();
}
