//! A server that answers errors: full, read-only, without its master, with another password.

use std::sync::Arc;

use cache_runtime::ErrorKind;
use cache_tests::redis_server::RedisServer;

use crate::world::{Caller, World, look, look_async};

/// Every call has the function's own result; `errors` for each of them.
fn calls_run_uncached(world: &Arc<World>, errors: u64) {
    for caller in Caller::both() {
        let (before, runs) = (world.stats(), world.runs());
        for _ in 0..2 {
            for id in 0..10 {
                caller.call(world, id);
            }
        }
        let after = world.stats();
        assert_eq!(world.runs(), runs + 20);
        assert_eq!(after.hits, before.hits);
        assert_eq!(after.misses, before.misses + 20);
        assert_eq!(after.errors, before.errors + 20 * errors);
    }
    world.all_in_time();
}

#[test]
fn a_server_without_memory_left() {
    let full = ["--maxmemory", "1kb", "--maxmemory-policy", "noeviction"];
    let server = RedisServer::start_with(&full);
    let world = World::at_port(server.port());
    calls_run_uncached(&world, 1);
    let error = world.cache.blocking().set("key", &1, 60).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Store);
    assert!(error.to_string().contains("OOM"), "{error}");
    assert!(!error.is_retryable());
    // It is filled no more, and used at once.
    assert_eq!(server.command(&["CONFIG", "SET", "maxmemory", "0"]), "OK");
    world.call(1);
    world.call(1);
    assert_eq!(world.stats().hits, 1);
}

#[test]
fn a_replica_that_takes_no_writes() {
    let replica = ["--replicaof", "127.0.0.1 1", "--replica-read-only", "yes"];
    let server = RedisServer::start_with(&replica);
    let world = World::at_port(server.port());
    calls_run_uncached(&world, 1);
    let error = world.cache.blocking().set("key", &1, 60).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Store);
    assert!(error.to_string().contains("READONLY"), "{error}");
    assert_eq!(server.command(&["REPLICAOF", "NO", "ONE"]), "OK");
    world.call(1);
    world.call(1);
    assert_eq!(world.stats().hits, 1);
}

#[test]
fn a_replica_that_lost_its_master_answers_nothing() {
    let server = RedisServer::start();
    for (setting, value) in [
        ("replica-serve-stale-data", "no"),
        ("replicaof", "127.0.0.1 1"),
    ] {
        if setting == "replicaof" {
            assert_eq!(server.command(&["REPLICAOF", "127.0.0.1", "1"]), "OK");
        } else {
            assert_eq!(server.command(&["CONFIG", "SET", setting, value]), "OK");
        }
    }
    let world = World::at_port(server.port());
    calls_run_uncached(&world, 1);
    let error = world.cache.blocking().get::<i32>("key").unwrap_err();
    assert!(error.is_retryable(), "{error}");
}

#[test]
fn a_wrong_password_and_none_at_all() {
    let server = RedisServer::start_with(&["--requirepass", "right"]);
    for login in ["", ":wrong@", "nobody:wrong@"] {
        let world = World::at(&format!("redis://{login}127.0.0.1:{}/0", server.port()));
        calls_run_uncached(&world, 1);
        let error = world.cache.blocking().ping().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Store, "{error}");
    }
}

#[test]
fn a_database_that_is_not_there() {
    let server = RedisServer::start();
    let world = World::at(&format!("redis://127.0.0.1:{}/9999", server.port()));
    calls_run_uncached(&world, 1);
    let error = world.cache.blocking().ping().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Store, "{error}");
}

#[test]
fn a_key_that_holds_something_else_than_a_value() {
    let server = RedisServer::start();
    let world = World::at_port(server.port());
    for id in 0..10 {
        let sync = look::entry(&world, id).key();
        let awaited = look_async::entry(world.clone(), id).key();
        for key in [sync, awaited] {
            assert_eq!(server.command(&["LPUSH", &key, "an item of a list"]), "1");
        }
    }
    calls_run_uncached(&world, 1);
    assert_eq!(server.command(&["LPUSH", "app:1:list", "item"]), "1");
    let cache = world.cache.blocking();
    for error in [
        cache.get::<i32>("list").unwrap_err(),
        cache.incr("list", 1).unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Decode, "{error}");
    }
    // `MGET` passes over it, and what can be asked about it is answered.
    assert!(cache.get_many::<i32>(["list"]).unwrap().is_empty());
    assert!(cache.has_key("list").unwrap());
    cache.set("list", &1, 60).unwrap();
    assert_eq!(cache.get::<i32>("list").unwrap(), Some(1));
}

#[test]
fn bytes_of_somebody_else_are_counted_misses_and_are_replaced() {
    let server = RedisServer::start();
    for caller in Caller::both() {
        let world = World::at_port(server.port());
        let keys = [
            look::entry(&world, 1).key(),
            look_async::entry(world.clone(), 1).key(),
        ];
        for text in ["", "nonsense", "\u{1}", "{\"a\": ", "\"text\""] {
            for key in &keys {
                assert_eq!(server.command(&["SET", key, text]), "OK");
            }
            let before = world.stats();
            caller.call(&world, 1);
            caller.call(&world, 1);
            let after = world.stats();
            assert_eq!(after.undecodable, before.undecodable + 1, "{text:?}");
            assert_eq!(after.misses, before.misses + 1, "{text:?}");
            assert_eq!(after.hits, before.hits + 1, "{text:?}");
            assert_eq!(after.errors, 0);
        }
    }
}
