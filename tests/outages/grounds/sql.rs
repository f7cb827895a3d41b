//! PostgreSQL and MariaDB: their table dropped, and taking no writes.

use std::sync::{Arc, Mutex};
use std::thread;

use cache_tests::mariadb_server::MariadbServer;
use cache_tests::postgres_server::PostgresServer;
use cache_tests::proxy::Proxy;

use super::Ground;
use crate::fault::{Bite, again_and_again, direct, of_servers};

pub(super) fn postgres() -> Option<Ground> {
    let server = PostgresServer::start_or_skip()?;
    let proxy = Arc::new(Proxy::to(server.port()));
    let url = server.url();
    let by_proxy = Some(url.replace(&port(server.port()), &port(proxy.port())));
    let server = Arc::new(Mutex::new(server));
    let mut faults = of_servers(&server, &proxy);
    faults.push(direct("dropped", Bite::Loss, &server, |server, lasting| {
        again_and_again(lasting, || {
            let _ = server.query("DROP TABLE IF EXISTS cache_entries");
        });
    }));
    faults.push(direct(
        "read-only",
        Bite::Errors,
        &server,
        |server, lasting| {
            let set_read_only = |value| {
                // As on a replica; sessions under way find it at their next statement.
                let sql = format!("ALTER SYSTEM SET default_transaction_read_only = {value}");
                let _ = server.query(&sql);
                let _ = server.query("SELECT pg_reload_conf()");
            };
            set_read_only("on");
            thread::sleep(lasting);
            set_read_only("off");
        },
    ));
    Some(Ground {
        url,
        by_proxy,
        faults,
        _server: Box::new(server),
    })
}

pub(super) fn mariadb() -> Option<Ground> {
    let server = MariadbServer::start_or_skip()?;
    let proxy = Arc::new(Proxy::to(server.port()));
    let url = server.url();
    let by_proxy = Some(url.replace(&port(server.port()), &port(proxy.port())));
    let server = Arc::new(Mutex::new(server));
    let mut faults = of_servers(&server, &proxy);
    faults.push(direct("dropped", Bite::Loss, &server, |server, lasting| {
        again_and_again(lasting, || {
            let _ = server.query("DROP TABLE IF EXISTS cache.cache_entries");
        });
    }));
    faults.push(direct(
        "read-only",
        Bite::Errors,
        &server,
        |server, lasting| {
            let _ = server.query("SET GLOBAL read_only = ON");
            thread::sleep(lasting);
            let _ = server.query("SET GLOBAL read_only = OFF");
        },
    ));
    Some(Ground {
        url,
        by_proxy,
        faults,
        _server: Box::new(server),
    })
}

fn port(port: u16) -> String {
    format!(":{port}/")
}
