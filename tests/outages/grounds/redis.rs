//! Redis: without memory left, and as a replica that takes no writes.

use std::sync::{Arc, Mutex};
use std::thread;

use cache_tests::proxy::Proxy;
use cache_tests::redis_server::RedisServer;

use super::Ground;
use crate::fault::{Bite, direct, of_servers};

pub(super) fn start() -> Option<Ground> {
    let server = RedisServer::start_or_skip()?;
    let proxy = Arc::new(Proxy::to(server.port()));
    let url = server.url(0);
    let by_proxy = Some(format!("redis://127.0.0.1:{}/0", proxy.port()));
    let server = Arc::new(Mutex::new(server));
    let mut faults = of_servers(&server, &proxy);
    faults.push(direct("full", Bite::Errors, &server, |server, lasting| {
        is_ok(server, &["CONFIG", "SET", "maxmemory-policy", "noeviction"]);
        is_ok(server, &["CONFIG", "SET", "maxmemory", "1"]);
        thread::sleep(lasting);
        is_ok(server, &["CONFIG", "SET", "maxmemory", "0"]);
    }));
    faults.push(direct(
        "read-only",
        Bite::Errors,
        &server,
        |server, lasting| {
            // Of a master that is not there.
            is_ok(server, &["REPLICAOF", "127.0.0.1", "1"]);
            thread::sleep(lasting);
            is_ok(server, &["REPLICAOF", "NO", "ONE"]);
        },
    ));
    Some(Ground {
        url,
        by_proxy,
        faults,
        _server: Box::new(server),
    })
}

fn is_ok(server: &RedisServer, command: &[&str]) {
    assert_eq!(server.command(command), "OK", "{command:?}");
}
