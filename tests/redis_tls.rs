//! Redis over TLS: whom we trust and who trusts us, and the same promises as without it.

#![expect(
    clippy::unwrap_used,
    reason = "a test that fails here should say where"
)]

mod redis_callers;

use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use cache_runtime::stores::redis::{
    RedisAddress, RedisConfig, RedisIdentity, RedisProtocol, RedisStore, RedisTls,
};
use cache_runtime::{Cache, CacheError, ErrorKind, Store};
use cache_tests::PATIENT;
use cache_tests::certificates::{Authority, Certificate};
use cache_tests::redis_sentinel::{MASTER, SecuredSentinel};
use cache_tests::redis_server::RedisServer;
use redis_callers::{
    answers, at_once, config, current_thread, eventually, in_time, multi_thread, patient,
};

const LOCAL: &str = "DNS:localhost,IP:127.0.0.1";

fn tls(authority: &Authority) -> RedisTls {
    RedisTls::with_ca(authority.certificate())
}

fn store_at(host: &str, port: u16, tls: RedisTls) -> Arc<RedisStore> {
    let config = RedisConfig {
        address: RedisAddress::tcp(host, port),
        tls: Some(tls),
        ..patient(port)
    };
    Arc::new(RedisStore::new(config).unwrap())
}

/// One with a short limit, where the server will not answer.
fn hasty_store_at(port: u16, tls: RedisTls) -> Arc<RedisStore> {
    let config = RedisConfig {
        tls: Some(tls),
        ..config(port)
    };
    Arc::new(RedisStore::new(config).unwrap())
}

/// A server that shows this certificate, and its authority.
fn server() -> (Authority, RedisServer) {
    let authority = Authority::new();
    let shown = authority.sign("server", LOCAL);
    let server = RedisServer::start_tls(&authority, &shown, false);
    (authority, server)
}

/// The outcome of a ping by each kind of caller.
fn pings(store: &Arc<RedisStore>) -> [Result<(), CacheError>; 4] {
    [
        current_thread().block_on(store.ping()),
        multi_thread().block_on(store.ping()),
        futures_executor::block_on(store.ping()),
        at_once(store.blocking().unwrap().ping()),
    ]
}

/// Everybody is refused, for this reason.
fn all_refused(store: &Arc<RedisStore>, why: &str) {
    for outcome in pings(store) {
        let error = outcome.expect_err(why);
        assert_eq!(error.to_string(), format!("ping: {why}"));
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    }
}

#[test]
fn every_kind_of_caller_is_served() {
    let (authority, server) = server();
    for host in ["127.0.0.1", "localhost"] {
        let store = store_at(host, server.tls_port(), tls(&authority));
        let blocking = store.blocking().unwrap();
        let one = store.set("one", b"1", None);
        current_thread().block_on(one).unwrap();
        multi_thread()
            .block_on(store.set("two", b"2", None))
            .unwrap();
        futures_executor::block_on(store.set("three", b"3", None)).unwrap();
        at_once(blocking.set("four", b"4", None)).unwrap();
        for (key, value) in [("one", "1"), ("two", "2"), ("three", "3"), ("four", "4")] {
            assert_eq!(server.command(&["GET", key]), value);
            let found = at_once(blocking.get(key)).unwrap().unwrap();
            assert_eq!(found, value.as_bytes());
            let found = current_thread().block_on(store.get(key)).unwrap().unwrap();
            assert_eq!(found, value.as_bytes());
        }
        at_once(blocking.clear("")).unwrap();
    }
}

#[test]
fn a_url_says_it_all() {
    let (authority, server) = server();
    let acl = ["ACL", "SETUSER", "me", "on", ">p@ss", "~*", "+@all"];
    assert_eq!(server.command(&acl), "OK");
    let (port, ca) = (server.tls_port(), authority.certificate());
    for protocol in ["resp2", "resp3"] {
        assert_eq!(server.command(&["FLUSHALL"]), "OK");
        let ca = ca.display();
        let url =
            format!("rediss://me:p%40ss@localhost:{port}/1?ca={ca}&protocol={protocol}&{PATIENT}");
        let cache = Cache::from_url(&url).unwrap();
        cache.blocking().set("key", &1, 60).unwrap();
        let found = current_thread().block_on(cache.get::<i32>("key")).unwrap();
        assert_eq!(found, Some(1));
        let keyspace = server.command(&["INFO", "keyspace"]);
        assert!(keyspace.contains("db1:keys=1"), "{keyspace}");
    }
}

#[test]
fn a_certificate_that_is_not_right_is_refused() {
    let authority = Authority::new();
    let serve = |shown: &Certificate| RedisServer::start_tls(&authority, shown, false);

    let good = serve(&authority.sign("server", LOCAL));
    for stranger in [Authority::named("a stranger"), Authority::new()] {
        all_refused(
            &store_at("127.0.0.1", good.tls_port(), tls(&stranger)),
            "certificate not trusted: it is of a CA that is not trusted (`ca=` names another)",
        );
    }

    let expired = serve(&authority.sign_expired("expired", LOCAL));
    let store = store_at("127.0.0.1", expired.tls_port(), tls(&authority));
    all_refused(&store, "certificate not trusted: it has expired");

    let other = serve(&authority.sign("other", "DNS:redis.example,IP:127.0.0.2"));
    for host in ["localhost", "127.0.0.1"] {
        let store = store_at(host, other.tls_port(), tls(&authority));
        let why = format!("certificate not trusted: it is not for `{host}`");
        all_refused(&store, &why);
    }

    // One that speaks no TLS at all, and waits for the end of a line; and one that is spoken to
    // without it.
    let store = hasty_store_at(good.port(), tls(&authority));
    for outcome in pings(&store) {
        assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Timeout);
    }
    let plain = Arc::new(RedisStore::new(patient(good.tls_port())).unwrap());
    for outcome in pings(&plain) {
        assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Unavailable);
    }
}

const CHILD: &str = "CACHE_TESTS_CHILD";

#[test]
fn in_a_child_the_system_trusts_one_authority() {
    let Ok(port) = std::env::var(CHILD) else {
        return;
    };
    let cache = Cache::from_url(&format!("rediss://localhost:{port}/0?{PATIENT}")).unwrap();
    match cache.blocking().ping() {
        Ok(_) => println!("trusted"),
        Err(error) => println!("refused: {error}"),
    }
}

#[test]
fn without_a_ca_the_system_is_asked_whom_to_trust() {
    let (authority, server) = server();
    let told = |trusted: &Authority| {
        // What the system trusts is the environment's to say, and is read once in a process.
        let output = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "in_a_child_the_system_trusts_one_authority",
                "--nocapture",
            ])
            .env(CHILD, server.tls_port().to_string())
            .env("SSL_CERT_FILE", trusted.certificate())
            .output()
            .unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let good = told(&authority);
    assert!(
        good.contains("trusted") && !good.contains("refused"),
        "{good}"
    );
    let bad = told(&Authority::new());
    assert!(
        bad.contains("refused: ping: certificate not trusted"),
        "{bad}"
    );
}

#[test]
fn a_server_may_want_to_know_who_we_are() {
    let authority = Authority::new();
    let stranger = Authority::new();
    let shown = authority.sign("server", LOCAL);
    let server = RedisServer::start_tls(&authority, &shown, true);
    let identity = |certificate: &Certificate| {
        Some(RedisIdentity {
            certificate: certificate.certificate(),
            key: certificate.key(),
        })
    };
    let own = authority.sign("client", "DNS:client");
    let mut known = tls(&authority);
    known.identity = identity(&own);
    for outcome in pings(&store_at("localhost", server.tls_port(), known)) {
        outcome.unwrap();
    }
    let (ca, cert, key) = (authority.certificate(), own.certificate(), own.key());
    let url = format!(
        "rediss://localhost:{}/0?ca={}&cert={}&key={}&{PATIENT}",
        server.tls_port(),
        ca.display(),
        cert.display(),
        key.display(),
    );
    Cache::from_url(&url).unwrap().blocking().ping().unwrap();

    // The server says so after the handshake, in TLS 1.3, with its first answer.
    for _ in 0..20 {
        all_refused(
            &store_at("localhost", server.tls_port(), tls(&authority)),
            "the server ended the TLS session: it wants a certificate of ours (`cert=` and `key=`)",
        );
    }
    let mut unknown = tls(&authority);
    unknown.identity = identity(&stranger.sign("client", "DNS:client"));
    all_refused(
        &store_at("localhost", server.tls_port(), unknown),
        "the server ended the TLS session: it does not trust the CA of our certificate",
    );
}

#[test]
fn sentinels_and_their_master_speak_it_both() {
    let (authority, server) = server();
    let shown = authority.sign("sentinel", LOCAL);
    let sentinel = SecuredSentinel::start(&authority, &shown, server.tls_port());
    let (port, ca) = (sentinel.tls_port(), authority.certificate());
    let ca = ca.display();
    let url = format!("rediss+sentinel://127.0.0.1:{port}/{MASTER}/1?ca={ca}&{PATIENT}");
    let cache = Cache::from_url(&url).unwrap();
    current_thread().block_on(cache.set("key", &1, 60)).unwrap();
    assert_eq!(cache.blocking().get::<i32>("key").unwrap(), Some(1));
    let stranger = Authority::new();
    let other = stranger.certificate().display().to_string();
    let cache = Cache::from_url(&url.replace(&ca.to_string(), &other)).unwrap();
    for error in [
        current_thread().block_on(cache.ping()).unwrap_err(),
        cache.blocking().ping().unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        let expected = format!(
            "ping: the sentinel 127.0.0.1:{port}: certificate not trusted: \
             it is of a CA that is not trusted (`ca=` names another)"
        );
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn files_that_cannot_be_read_are_said_when_the_store_is_made() {
    let authority = Authority::new();
    let (one, two) = (authority.sign("one", LOCAL), authority.sign("two", LOCAL));
    let ca = authority.certificate().display().to_string();
    let key = two.key().display().to_string();
    let cert = one.certificate().display().to_string();
    for (options, expected) in [
        (
            "ca=/nowhere/ca.pem".to_owned(),
            "from_url: `ca=/nowhere/ca.pem` cannot be read: No such file or directory (os error 2)"
                .to_owned(),
        ),
        (
            format!("ca={key}"),
            format!("from_url: `ca={key}` holds no certificate (a PEM file is expected)"),
        ),
        (
            format!("ca={ca}&cert={cert}&key={cert}"),
            format!("from_url: `key={cert}` holds no private key (a PEM file is expected)"),
        ),
        (
            format!("ca={ca}&cert={cert}&key={key}"),
            format!("from_url: `key={key}` is not the key of the certificate `cert={cert}`"),
        ),
        (
            format!("ca={ca}&cert={cert}"),
            "from_url: `cert` and `key` go together: the certificate's file, \
             and the file of its key"
                .to_owned(),
        ),
    ] {
        let error = Cache::from_url(&format!("rediss://localhost?{options}")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert_eq!(error.to_string(), expected);
    }
}

/// What a caller's value for this key is, in this round.
fn value(caller: usize, round: usize) -> Vec<u8> {
    format!("{caller} {round} ")
        .repeat(1 + (caller * 31 + round * 7) % 40)
        .into_bytes()
}

#[test]
fn sixty_four_callers_get_their_own_values() {
    const ROUNDS: usize = 1000;
    let (authority, server) = server();
    for protocol in [RedisProtocol::Resp2, RedisProtocol::Resp3] {
        let config = RedisConfig {
            tls: Some(tls(&authority)),
            protocol,
            ..patient(server.tls_port())
        };
        let store = Arc::new(RedisStore::new(config).unwrap());
        multi_thread().block_on(async {
            let callers = (0..64).map(|caller| {
                let store = Arc::clone(&store);
                tokio::spawn(async move {
                    let key = format!("key {caller}");
                    for round in 0..ROUNDS / 2 {
                        let value = value(caller, round);
                        store.set(&key, &value, None).await.unwrap();
                        assert_eq!(store.get(&key).await.unwrap().unwrap(), value);
                    }
                })
            });
            for caller in callers.collect::<Vec<_>>() {
                caller.await.unwrap();
            }
        });
    }
    let store = store_at("localhost", server.tls_port(), tls(&authority));
    thread::scope(|scope| {
        for caller in 0..16 {
            let blocking = store.blocking().unwrap();
            scope.spawn(move || {
                let key = format!("key {caller}");
                for round in 0..100 {
                    let value = value(caller, round);
                    at_once(blocking.set(&key, &value, None)).unwrap();
                    assert_eq!(at_once(blocking.get(&key)).unwrap().unwrap(), value);
                }
            });
        }
    });
}

#[test]
fn values_of_five_mebibytes_come_back_as_they_were() {
    let (authority, server) = server();
    let config = RedisConfig {
        tls: Some(tls(&authority)),
        op_timeout: Duration::from_secs(20),
        ..patient(server.tls_port())
    };
    let store = Arc::new(RedisStore::new(config).unwrap());
    let large: Vec<u8> = (0..5 << 20)
        .map(|at: u32| (at.wrapping_mul(at) >> 7) as u8)
        .collect();
    let blocking = store.blocking().unwrap();
    at_once(blocking.set("sync", &large, None)).unwrap();
    assert!(at_once(blocking.get("sync")).unwrap().unwrap() == large);
    multi_thread().block_on(async {
        // Several at once, and small ones between them.
        let callers = (0..4).map(|caller| {
            let (store, large) = (Arc::clone(&store), large.clone());
            tokio::spawn(async move {
                let key = format!("large {caller}");
                store.set(&key, &large, None).await.unwrap();
                store.set("small", b"small", None).await.unwrap();
                assert!(store.get(&key).await.unwrap().unwrap() == large);
                assert_eq!(store.get("small").await.unwrap().unwrap(), b"small");
                let keys = [key.clone(), "sync".to_owned()];
                let found = store.get_many(&keys).await.unwrap();
                assert!(found.iter().all(|found| found.as_ref() == Some(&large)));
            })
        });
        for caller in callers.collect::<Vec<_>>() {
            caller.await.unwrap();
        }
    });
}

#[test]
fn the_end_of_a_large_value_is_not_left_behind() {
    let (authority, server) = server();
    let config = RedisConfig {
        tls: Some(tls(&authority)),
        ..patient(server.tls_port())
    };
    let store = Arc::new(RedisStore::new(config).unwrap());
    let runtime = multi_thread();
    // One caller: nobody after it, whose request would push the rest along. The socket is full
    // when the server wakes, and again and again until the end.
    for n in 0..16 {
        let large = vec![b'x'; (5 << 20) + n * 61_001];
        server.pause();
        thread::scope(|scope| {
            scope.spawn(|| {
                thread::sleep(Duration::from_millis(30));
                server.resume();
            });
            runtime.block_on(store.set("key", &large, None)).unwrap();
        });
        assert_eq!(server.command(&["STRLEN", "key"]), large.len().to_string());
    }
}

#[test]
fn a_server_that_restarted_meanwhile_is_not_noticed() {
    let (authority, mut server) = server();
    let store = store_at("localhost", server.tls_port(), tls(&authority));
    let runtime = current_thread();
    let blocking = store.blocking().unwrap();
    for _ in 0..3 {
        runtime.block_on(store.set("a", b"1", None)).unwrap();
        at_once(blocking.set("b", b"1", None)).unwrap();
        server.restart();
        runtime.block_on(store.set("a", b"1", None)).unwrap();
        at_once(blocking.set("b", b"1", None)).unwrap();
        server.kill();
        let refused = runtime.block_on(in_time(store.get("a"))).unwrap_err();
        assert_eq!(refused, ErrorKind::Unavailable);
        let refused = at_once(in_time(blocking.get("a"))).unwrap_err();
        assert_eq!(refused, ErrorKind::Unavailable);
        server.restart();
    }
}

#[test]
fn a_server_that_hangs_takes_no_longer_than_the_limit() {
    let (authority, server) = server();
    let store = hasty_store_at(server.tls_port(), tls(&authority));
    let (one, two) = (current_thread(), multi_thread());
    let blocking = store.blocking().unwrap();
    answers(|| one.block_on(store.ping()));
    answers(|| two.block_on(store.ping()));
    answers(|| at_once(blocking.ping()));
    server.pause();
    let items = [("a".to_owned(), vec![0; 8 << 20])];
    // The first round meets live connections, the second must shake hands with a server that hangs.
    for _ in 0..2 {
        let (get, many) = one.block_on(async {
            tokio::join!(
                in_time(store.get("k")),
                in_time(store.set_many(&items, None))
            )
        });
        assert_eq!(get, Err(ErrorKind::Timeout));
        assert_eq!(many, Err(ErrorKind::Timeout));
        assert_eq!(
            two.block_on(in_time(store.incr("k", 1))),
            Err(ErrorKind::Timeout)
        );
        assert_eq!(
            futures_executor::block_on(in_time(store.ping())),
            Err(ErrorKind::Timeout)
        );
        assert_eq!(at_once(in_time(blocking.get("k"))), Err(ErrorKind::Timeout));
        let set = at_once(in_time(blocking.set_many(&items, None)));
        assert_eq!(set, Err(ErrorKind::Timeout));
    }
    server.resume();
    answers(|| one.block_on(store.ping()));
    answers(|| two.block_on(store.ping()));
    answers(|| futures_executor::block_on(store.ping()));
    answers(|| at_once(blocking.ping()));
}

#[test]
fn a_handshake_that_never_ends_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        let mut streams = Vec::<TcpStream>::new();
        while let Ok((stream, _)) = listener.accept() {
            streams.push(stream);
        }
    });
    let authority = Authority::new();
    let config = RedisConfig {
        tls: Some(tls(&authority)),
        connect_timeout: Duration::from_millis(50),
        op_timeout: Duration::from_secs(20),
        ..config(port)
    };
    let store = Arc::new(RedisStore::new(config).unwrap());
    let start = Instant::now();
    for outcome in pings(&store) {
        assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Timeout);
    }
    let took = start.elapsed();
    assert!(took < Duration::from_secs(10), "{took:?}");
}

#[test]
fn a_dropped_store_closes_its_connections() {
    let (authority, server) = server();
    let store = store_at("localhost", server.tls_port(), tls(&authority));
    let runtime = multi_thread();
    runtime.block_on(store.ping()).unwrap();
    at_once(store.blocking().unwrap().ping()).unwrap();
    assert_eq!(redis_callers::connections(&server), 2);
    drop(store);
    eventually("no connection is left", || {
        redis_callers::connections(&server) == 0
    });
}
