//! One Redis server: as it is, with TLS, over a socket; users who may not, and RESP2.

use std::sync::Arc;

use cache_runtime::stores::PrefixedStore;
use cache_runtime::stores::redis::{
    RedisAddress, RedisConfig, RedisProtocol, RedisStore, RedisTls,
};
use cache_runtime::testing::{Fault, FaultyStore, When};
use cache_runtime::{Cache, ErrorKind, Store};
use cache_tests::certificates::Authority;
use cache_tests::redis_server::RedisServer;

use crate::promises;
use crate::redis_callers::{connections, eventually};
use crate::world::{Listener, OP_TIMEOUT, SOON, config, publish, say};

fn store(config: RedisConfig) -> Arc<dyn Store> {
    Arc::new(RedisStore::new(config).unwrap())
}

fn three(config: &RedisConfig) -> [Arc<dyn Store>; 3] {
    std::array::from_fn(|_| store(config.clone()))
}

#[test]
fn the_promises_are_kept() {
    let Some(server) = RedisServer::start_or_skip() else {
        return;
    };
    promises::are_kept(&three(&config(server.port())));
}

#[test]
fn over_a_unix_socket_with_a_password_and_resp3() {
    let Some(server) = RedisServer::try_start_with(&["--requirepass", "pw"]) else {
        return;
    };
    promises::are_kept(&three(&RedisConfig {
        address: RedisAddress::unix(server.socket_path()),
        password: Some("pw".into()),
        db: 3,
        protocol: RedisProtocol::Resp3,
        ..config(0)
    }));
}

#[test]
fn over_tls() {
    let authority = Authority::new();
    let shown = authority.sign("server", "DNS:localhost,IP:127.0.0.1");
    let server = RedisServer::start_tls(&authority, &shown, false);
    let stores = three(&RedisConfig {
        tls: Some(RedisTls::with_ca(authority.certificate())),
        ..config(server.tls_port())
    });
    promises::are_kept(&stores);
    promises::a_killed_connection_is_an_end(&stores, || {
        let killed = server.command(&["CLIENT", "KILL", "TYPE", "pubsub"]);
        assert_eq!(killed, "1");
    });
}

#[test]
fn a_killed_connection_is_an_end() {
    let Some(server) = RedisServer::start_or_skip() else {
        return;
    };
    promises::a_killed_connection_is_an_end(&three(&config(server.port())), || {
        let killed = server.command(&["CLIENT", "KILL", "TYPE", "pubsub"]);
        assert_eq!(killed, "1");
    });
}

#[test]
fn a_server_that_hangs_is_an_end() {
    let Some(server) = RedisServer::start_or_skip() else {
        return;
    };
    promises::a_server_that_hangs_is_an_end(
        &three(&config(server.port())),
        OP_TIMEOUT,
        || server.pause(),
        || server.resume(),
    );
}

#[test]
fn a_server_that_dies_is_an_end() {
    let Some(mut server) = RedisServer::start_or_skip() else {
        return;
    };
    let [store, one, _] = three(&config(server.port()));
    let listener = Listener::start(&one, "c");
    server.kill();
    let error = listener.end(SOON);
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
    let error = Listener::begin(&one, "c").end(SOON);
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
    assert!(say(&store, "c", "m").unwrap_err().is_retryable());
    server.restart();
    let again = Listener::start(&one, "c");
    publish(&store, "c", "again");
    again.wait_for_message("again");
}

/// A replica takes what it is told, and keeps it to those who listen there.
#[test]
fn a_replica_is_told_nothing() {
    let Some(server) = RedisServer::start_or_skip() else {
        return;
    };
    let store = store(config(server.port()));
    publish(&store, "c", "to a master");
    let replica = ["REPLICAOF", "127.0.0.1", "1"];
    assert_eq!(server.command(&replica), "OK");
    for _ in 0..2 {
        let error = say(&store, "c", "to a replica").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
        // A new one may find the new master behind the same name.
        eventually("the connection is given up", || connections(&server) == 0);
    }
    assert_eq!(server.command(&["REPLICAOF", "NO", "ONE"]), "OK");
    publish(&store, "c", "to a master");
}

#[test]
fn who_stops_leaves_no_connection() {
    let Some(server) = RedisServer::start_or_skip() else {
        return;
    };
    let [_, one, _] = three(&config(server.port()));
    let listener = Listener::start(&one, "c");
    assert_eq!(connections(&server), 1);
    drop(listener);
    eventually("the connection is closed", || connections(&server) == 0);
}

#[test]
fn resp2_alone_cannot_listen() {
    let Some(server) = RedisServer::start_or_skip() else {
        return;
    };
    let resp2 = RedisConfig {
        protocol: RedisProtocol::Resp2,
        ..config(server.port())
    };
    let resp2 = store(resp2);
    let error = Listener::begin(&resp2, "c").end(SOON);
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error:?}");
    assert!(!error.is_retryable());
    publish(&resp2, "c", "it can say things");
    let url = format!("{}?protocol=resp2", server.url(0));
    Cache::from_url(&url).unwrap();

    let old = RedisServer::start_with(&["--rename-command", "HELLO", ""]);
    let old = store(config(old.port()));
    let error = Listener::begin(&old, "c").end(SOON);
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error:?}");
}

#[test]
fn a_user_who_may_not_is_told_for_good() {
    let Some(server) = RedisServer::start_or_skip() else {
        return;
    };
    let user = ["ACL", "SETUSER", "me", "on", ">pw", "+@all", "~*"];
    let me = RedisConfig {
        username: Some("me".into()),
        password: Some("pw".into()),
        ..config(server.port())
    };
    let set = |rules: &[&str]| {
        assert_eq!(server.command(&[&user[..], rules].concat()), "OK");
    };
    set(&["resetchannels", "&news:*"]);
    let me = store(me);
    let listener = Listener::start(&me, "news:1");
    publish(&me, "news:1", "allowed");
    listener.wait_for_message("allowed");
    let error = Listener::begin(&me, "other").end(SOON);
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error:?}");
    let error = say(&me, "other", "m").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error:?}");
    for command in ["-subscribe", "-ping"] {
        set(&["allchannels", command]);
        let error = Listener::begin(&me, "news:1").end(SOON);
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{command}: {error:?}");
    }
}

#[test]
fn callers_that_block_do_not_listen() {
    let Some(server) = RedisServer::start_or_skip() else {
        return;
    };
    let store = store(config(server.port()));
    assert!(store.backplane().is_some());
    assert!(store.blocking().unwrap().backplane().is_none());
    let nobody = |_: cache_runtime::Heard<'_>| {};
    let listening = store.backplane().unwrap().listen("c", &nobody);
    let error = futures_executor::block_on(listening).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported, "without a runtime");
}

#[test]
fn a_place_in_a_store_has_channels_of_its_own() {
    let Some(server) = RedisServer::start_or_skip() else {
        return;
    };
    let whole = store(config(server.port()));
    let part: Arc<dyn Store> = Arc::new(PrefixedStore::new("a:", Arc::clone(&whole)));
    let (in_part, in_whole) = (Listener::start(&part, "c"), Listener::start(&whole, "c"));
    publish(&whole, "c", "of the whole");
    publish(&part, "c", "of the part");
    publish(&whole, "a:c", "of the part, by its long name");
    in_whole.wait_for_message("of the whole");
    in_part.wait_for_message("of the part, by its long name");
    assert_eq!(in_part.messages().len(), 2);
    assert_eq!(in_whole.messages().len(), 1);
}

#[test]
fn it_fails_on_demand() {
    let Some(server) = RedisServer::start_or_skip() else {
        return;
    };
    let faulty = FaultyStore::new(store(config(server.port())));
    let store: Arc<dyn Store> = Arc::new(faulty.clone());
    let unavailable = Fault::Error(ErrorKind::Unavailable);
    faulty.inject_on("publish", unavailable, When::Always);
    faulty.inject_on("listen", unavailable, When::Always);
    assert!(say(&store, "c", "m").is_err());
    let error = Listener::begin(&store, "c").end(SOON);
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    faulty.heal();
    let listener = Listener::start(&store, "c");
    publish(&store, "c", "m");
    listener.wait_for_message("m");
    assert_eq!((faulty.asked("publish"), faulty.asked("listen")), (2, 2));
}
