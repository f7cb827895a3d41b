//! PostgreSQL.

use std::sync::Arc;

use cache_runtime::stores::sql::{SqlConfig, SqlDatabase, SqlServer, SqlStore};
use cache_runtime::{ErrorKind, Store};
use cache_tests::postgres_server::PostgresServer;

use crate::promises;
use crate::redis_callers::eventually;
use crate::world::{Listener, OP_TIMEOUT, SOON, publish, say};

const KILL: &str = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
                    WHERE application_name = 'cache-runtime'";
const COUNT: &str = "SELECT count(*) FROM pg_stat_activity \
                     WHERE application_name = 'cache-runtime'";

fn three(server: &PostgresServer) -> [Arc<dyn Store>; 3] {
    let database = SqlDatabase::Postgres(SqlServer {
        username: Some("postgres".into()),
        ..SqlServer::new("127.0.0.1", server.port(), "postgres")
    });
    let config = SqlConfig {
        op_timeout: OP_TIMEOUT,
        connect_timeout: OP_TIMEOUT,
        ..SqlConfig::new(database)
    };
    std::array::from_fn(|_| Arc::new(SqlStore::new(config.clone()).unwrap()) as _)
}

#[test]
fn the_promises_are_kept() {
    let Some(server) = PostgresServer::start_or_skip() else {
        return;
    };
    let stores = three(&server);
    promises::are_kept(&stores);
    assert!(stores[0].blocking().unwrap().backplane().is_none());
    let long = "m".repeat(8_000);
    let error = say(&stores[0], "c", &long).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Store, "{error:?}");
}

#[test]
fn a_killed_connection_is_an_end() {
    let Some(server) = PostgresServer::start_or_skip() else {
        return;
    };
    promises::a_killed_connection_is_an_end(&three(&server), || {
        assert_ne!(server.query(KILL), "0");
    });
}

#[test]
fn a_server_that_hangs_is_an_end() {
    let Some(server) = PostgresServer::start_or_skip() else {
        return;
    };
    promises::a_server_that_hangs_is_an_end(
        &three(&server),
        OP_TIMEOUT,
        || server.pause(),
        || server.resume(),
    );
}

#[test]
fn a_server_that_dies_is_an_end() {
    let Some(mut server) = PostgresServer::start_or_skip() else {
        return;
    };
    let [store, one, _] = three(&server);
    let listener = Listener::start(&one, "c");
    server.kill();
    assert_eq!(listener.end(SOON).kind(), ErrorKind::Unavailable);
    let error = Listener::begin(&one, "c").end(SOON);
    assert!(error.is_retryable(), "{error:?}");
    server.restart();
    let again = Listener::start(&one, "c");
    publish(&store, "c", "again");
    again.wait_for_message("again");
}

#[test]
fn who_stops_leaves_no_connection() {
    let Some(server) = PostgresServer::start_or_skip() else {
        return;
    };
    let [_, one, _] = three(&server);
    let listener = Listener::start(&one, "c");
    assert_eq!(server.query(COUNT), "1");
    drop(listener);
    eventually("the connection is closed", || server.query(COUNT) == "0");
}

#[test]
fn other_databases_carry_nothing() {
    let sqlite = SqlStore::new(SqlConfig::new(SqlDatabase::SqliteMemory)).unwrap();
    assert!(sqlite.backplane().is_none());
    let server = SqlDatabase::MySql(SqlServer::new("127.0.0.1", 1, "db"));
    assert!(
        SqlStore::new(SqlConfig::new(server))
            .unwrap()
            .backplane()
            .is_none()
    );
}
