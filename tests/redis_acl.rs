//! Users who may do little (ACL), RESP3, and both over a Unix socket.

#![expect(
    clippy::unwrap_used,
    reason = "a test that fails here should say where"
)]

mod redis_callers;

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread;

use cache_runtime::{Cache, ErrorKind, Timeout, Ttl};
use cache_tests::PATIENT;
use cache_tests::redis_server::RedisServer;
use redis_callers::{current_thread, eventually};

/// A server with a user `me` (password `pw`) who has these rights.
fn server(rights: &[&str]) -> RedisServer {
    let server = RedisServer::start();
    let user = ["ACL", "SETUSER", "me", "on", ">pw"];
    assert_eq!(server.command(&[&user, rights].concat()), "OK");
    server
}

/// Every way to reach it, and to speak to it.
fn urls(server: &RedisServer, options: &str) -> Vec<String> {
    let path = server.socket_path();
    let path = path.display();
    let port = server.port();
    ["resp2", "resp3"]
        .into_iter()
        .flat_map(|protocol| {
            [
                format!("redis://me:pw@127.0.0.1:{port}?protocol={protocol}&{PATIENT}{options}"),
                format!("redis+unix://me:pw@{path}?protocol={protocol}&{PATIENT}{options}"),
            ]
        })
        .collect()
}

#[test]
fn a_user_does_what_he_may_and_is_told_what_not() {
    // His own keys; no scripts, and nothing that could list or delete.
    let server = server(&[
        "~app:*", "+get", "+set", "+mget", "+ping", "+select", "+client",
    ]);
    for url in urls(&server, "&key_prefix=app&db=2") {
        let cache = Cache::from_url(&url).unwrap();
        let blocking = cache.blocking();
        let runtime = current_thread();
        runtime.block_on(cache.set("key", &7, 60)).unwrap();
        assert_eq!(blocking.get::<i32>("key").unwrap(), Some(7));
        for (operation, error) in [
            ("incr", runtime.block_on(cache.incr("key", 1)).unwrap_err()),
            ("incr", blocking.incr("key", 1).unwrap_err()),
            ("delete", runtime.block_on(cache.delete("key")).unwrap_err()),
            ("delete", blocking.delete("key").unwrap_err()),
            ("keys", runtime.block_on(cache.keys("*")).unwrap_err()),
            ("clear", blocking.clear().unwrap_err()),
            ("ttl", blocking.ttl("key").unwrap_err()),
        ] {
            assert_eq!(error.kind(), ErrorKind::Store, "{error}");
            assert_eq!(error.operation(), operation, "{error}");
            assert!(
                error.to_string().contains("the server answered NOPERM"),
                "{error}"
            );
            assert!(!error.is_retryable());
        }
        // Refused, he is still there, and welcome.
        assert_eq!(runtime.block_on(cache.get::<i32>("key")).unwrap(), Some(7));
    }
    // Not his key.
    for url in urls(&server, "&key_prefix=other") {
        let cache = Cache::from_url(&url).unwrap();
        let error = cache.blocking().get::<i32>("key").unwrap_err();
        assert_eq!((error.kind(), error.operation()), (ErrorKind::Store, "get"));
        let error = current_thread()
            .block_on(cache.set("key", &1, 60))
            .unwrap_err();
        assert_eq!((error.kind(), error.operation()), (ErrorKind::Store, "set"));
        assert!(error.to_string().contains("NOPERM"), "{error}");
    }
}

#[test]
fn who_may_not_introduce_himself_is_served_too() {
    // Neither CLIENT SETINFO nor HELLO nor SELECT.
    let server = server(&["~*", "+get", "+set"]);
    for url in urls(&server, "") {
        let cache = Cache::from_url(&url).unwrap();
        current_thread().block_on(cache.set("key", &1, 60)).unwrap();
        assert_eq!(cache.blocking().get::<i32>("key").unwrap(), Some(1));
    }
    for url in urls(&server, "&db=1") {
        let cache = Cache::from_url(&url).unwrap();
        for error in [
            current_thread()
                .block_on(cache.set("key", &1, 60))
                .unwrap_err(),
            cache.blocking().set("key", &1, 60).unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::Store);
            assert!(error.to_string().contains("NOPERM"), "{error}");
        }
    }
}

/// Which protocol the connections of `me` speak.
fn protocols(server: &RedisServer) -> Vec<String> {
    let list = server.command(&["CLIENT", "LIST"]);
    let of_me = list.lines().filter(|line| line.contains("user=me"));
    of_me
        .map(|line| {
            let at = line.split(' ').find(|field| field.starts_with("resp="));
            at.unwrap_or("resp=?").to_owned()
        })
        .collect()
}

/// By the two kinds of callers, and by who tells the news if he was there already.
fn all_say(said: &[String], expected: &str) {
    let all = said.iter().all(|said| said == expected);
    assert!(all && said.len() >= 2, "{said:?} must be {expected}");
}

#[test]
fn every_operation_means_the_same_in_resp3() {
    let server = server(&["~*", "+@all"]);
    for url in urls(&server, "&key_prefix=app") {
        assert_eq!(server.command(&["FLUSHALL"]), "OK");
        let cache = Cache::from_url(&url).unwrap();
        let runtime = current_thread();
        let blocking = cache.blocking();
        runtime.block_on(async {
            assert_eq!(cache.get::<i32>("none").await.unwrap(), None);
            cache.set("text", "a\r\nb\0", 60).await.unwrap();
            assert_eq!(
                cache.get::<String>("text").await.unwrap().unwrap(),
                "a\r\nb\0"
            );
            assert!(cache.add("n", &1, 60).await.unwrap());
            assert!(!cache.add("n", &2, 60).await.unwrap());
            assert_eq!(cache.incr("n", 41).await.unwrap(), 42);
            assert_eq!(
                cache.incr("none", 1).await.unwrap_err().kind(),
                ErrorKind::NotFound
            );
            cache.set_many([("a", 1), ("b", 2)], 60).await.unwrap();
            let many = cache.get_many::<i32>(["a", "none", "b"]).await.unwrap();
            assert_eq!(many.len(), 2);
            assert!(cache.touch("a", Timeout::Never).await.unwrap());
            assert_eq!(cache.ttl("a").await.unwrap(), Ttl::Never);
            assert_eq!(cache.ttl("none").await.unwrap(), Ttl::Missing);
            let mut keys = cache.keys("*").await.unwrap();
            keys.sort();
            assert_eq!(keys, ["a", "b", "n", "text"]);
            cache.ping().await.unwrap();
        });
        assert_eq!(blocking.get::<i32>("n").unwrap(), Some(42));
        assert_eq!(blocking.incr("n", -2).unwrap(), 40);
        assert_eq!(
            blocking.get_many::<i32>(["a", "none", "b"]).unwrap().len(),
            2
        );
        assert_eq!(blocking.keys("*").unwrap().len(), 4);
        let expected = if url.contains("resp3") {
            "resp=3"
        } else {
            "resp=2"
        };
        all_say(&protocols(&server), expected);
        assert!(blocking.delete("a").unwrap());
        assert_eq!(
            runtime
                .block_on(cache.delete_many(["b", "n", "none"]))
                .unwrap(),
            2
        );
        runtime.block_on(cache.clear()).unwrap();
        assert!(blocking.keys("*").unwrap().is_empty());
        runtime.block_on(cache.close()).unwrap();
        drop(runtime);
        eventually("its connections are closed", || {
            protocols(&server).is_empty()
        });
    }
}

#[test]
fn news_in_between_is_never_taken_for_an_answer() {
    let server = server(&["~*", "+@all"]);
    let url = format!(
        "redis://me:pw@127.0.0.1:{}?protocol=resp3&{PATIENT}",
        server.port()
    );
    let cache = Cache::from_url(&url).unwrap();
    let runtime = redis_callers::multi_thread();
    runtime.block_on(cache.ping()).unwrap();
    cache.blocking().ping().unwrap();
    // Somebody else has the server tell all our connections of each key that changes.
    let list = server.command(&["CLIENT", "LIST"]);
    let ours = list.lines().filter(|line| line.contains("user=me"));
    let ids: Vec<_> = ours
        .map(|line| {
            line.split(' ')
                .next()
                .unwrap()
                .trim_start_matches("id=")
                .to_owned()
        })
        .collect();
    assert_eq!(ids.len(), 2);
    let watchers: Vec<_> = ids
        .iter()
        .map(|id| {
            let mut stream = std::net::TcpStream::connect(("127.0.0.1", server.port())).unwrap();
            let command = format!("CLIENT TRACKING ON BCAST REDIRECT {id}\r\n");
            stream.write_all(command.as_bytes()).unwrap();
            let mut answer = String::new();
            BufReader::new(stream.try_clone().unwrap())
                .read_line(&mut answer)
                .unwrap();
            assert_eq!(answer, "+OK\r\n");
            stream
        })
        .collect();
    runtime.block_on(async {
        let callers = (0..16).map(|caller| {
            let cache = cache.clone();
            tokio::spawn(async move {
                for n in 0..200 {
                    let key = format!("key {caller}");
                    cache.set(&key, &n, 60).await.unwrap();
                    assert_eq!(cache.get::<i32>(&key).await.unwrap(), Some(n));
                }
            })
        });
        for caller in callers.collect::<Vec<_>>() {
            caller.await.unwrap();
        }
    });
    for n in 0..200 {
        cache.blocking().set("key", &n, 60).unwrap();
        assert_eq!(cache.blocking().get::<i32>("key").unwrap(), Some(n));
    }
    let list = server.command(&["CLIENT", "LIST"]);
    for id in ids {
        let is_there = list
            .lines()
            .any(|line| line.starts_with(&format!("id={id} ")));
        assert!(is_there, "a connection did not outlive the news: {list}");
    }
    drop(watchers);
}

/// A server that has never heard of HELLO, in front of a real one; what is said to it first.
fn old_server(real: u16) -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let said = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&said);
    thread::spawn(move || {
        while let Ok((mut client, _)) = listener.accept() {
            let noted = Arc::clone(&noted);
            thread::spawn(move || {
                let mut first = BufReader::new(client.try_clone().unwrap());
                let mut line = String::new();
                first.read_line(&mut line).unwrap();
                let parts: usize = line.trim_start_matches('*').trim().parse().unwrap();
                let mut words = Vec::new();
                for _ in 0..parts {
                    let mut word = String::new();
                    first.read_line(&mut word).unwrap();
                    word.clear();
                    first.read_line(&mut word).unwrap();
                    words.push(word.trim().to_owned());
                }
                noted.lock().unwrap().push(words.join(" "));
                let refusal = format!(
                    "-ERR unknown command `HELLO`, with args beginning with: {words:?}\r\n"
                );
                client.write_all(refusal.as_bytes()).unwrap();
                let mut server = std::net::TcpStream::connect(("127.0.0.1", real)).unwrap();
                let (mut back, mut to) = (server.try_clone().unwrap(), client.try_clone().unwrap());
                thread::spawn(move || std::io::copy(&mut back, &mut to));
                let _ = std::io::copy(&mut first, &mut server);
            });
        }
    });
    (port, said)
}

#[test]
fn a_server_that_knows_no_hello_is_spoken_to_as_before() {
    let server = server(&["~*", "+@all"]);
    let (port, said) = old_server(server.port());
    let url = format!("redis://me:pw@127.0.0.1:{port}/1?protocol=resp3&{PATIENT}");
    let cache = Cache::from_url(&url).unwrap();
    let runtime = current_thread();
    runtime.block_on(cache.set("key", &1, 60)).unwrap();
    assert_eq!(cache.blocking().get::<i32>("key").unwrap(), Some(1));
    all_say(&said.lock().unwrap(), "HELLO 3 AUTH me pw");
    all_say(&protocols(&server), "resp=2");
    let keyspace = server.command(&["INFO", "keyspace"]);
    assert!(keyspace.contains("db1:keys=1"), "{keyspace}");
}

#[test]
fn a_wrong_login_is_refused_in_both_protocols_and_not_shown() {
    let server = server(&["~*", "+@all"]);
    for url in urls(&server, "") {
        let cache = Cache::from_url(&url.replace(":pw@", ":secret@")).unwrap();
        for error in [
            current_thread().block_on(cache.ping()).unwrap_err(),
            cache.blocking().ping().unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::Store);
            assert_eq!(
                error.to_string(),
                "ping: the server refused the login (WRONGPASS): check the user and the password in the URL"
            );
            assert!(!format!("{error:?} {cache:?}").contains("secret"));
        }
    }
    let locked = RedisServer::start_with(&["--requirepass", "right"]);
    let url = format!(
        "redis://127.0.0.1:{}?protocol=resp3&{PATIENT}",
        locked.port()
    );
    let error = Cache::from_url(&url)
        .unwrap()
        .blocking()
        .ping()
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "ping: the server refused the login (NOAUTH): check the user and the password in the URL"
    );
}
