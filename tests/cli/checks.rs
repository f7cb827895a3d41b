//! `check`: each thing that may be wrong is said in plain words, with what to do about it.

use cache_tests::certificates::Authority;
use cache_tests::mariadb_server::MariadbServer;
use cache_tests::memcached_server::MemcachedServer;
use cache_tests::postgres_server::PostgresServer;
use cache_tests::process::{Folder, is_installed, may_skip};
use cache_tests::redis_cluster::RedisCluster;
use cache_tests::redis_server::RedisServer;
use serde_json::json;

use crate::world::{LIMITS, run_all};

/// Where no answer is the subject.
const SHORT: &str = "op_timeout=0.3&connect_timeout=0.3";

/// The check of this URL fails at this step, with this code, and says these.
#[track_caller]
fn fails(url: &str, step: &str, code: i32, parts: &[&str]) {
    let sign = if url.contains('?') { '&' } else { '?' };
    let url = &match step != "url" && !url.contains("op_timeout") {
        true => format!("{url}{sign}{LIMITS}"),
        false => url.to_owned(),
    };
    let ran = run_all(&["check", url]);
    ran.expect(code);
    ran.says(parts);
    let report = run_all(&["check", "--json", url]).json(code);
    assert_eq!(report["ok"], json!(false));
    let steps = report["steps"].as_array().unwrap();
    let failed = steps
        .iter()
        .find(|step| step["ok"] == json!(false))
        .unwrap();
    assert_eq!(failed["step"], json!(step), "{report:#}");
    let has_hint = failed["message"].as_str().unwrap().contains("did you mean");
    assert!(failed["advice"].is_string() || has_hint, "{report:#}");
}

#[test]
fn a_wrong_url() {
    fails(
        "redis:/x",
        "url",
        2,
        &["no `scheme://`", "a URL begins with"],
    );
    fails(
        "reddis://host",
        "url",
        2,
        &["unknown scheme", "did you mean `redis://`?"],
    );
    fails(
        "redis://host?key_prefx=a",
        "url",
        2,
        &["unknown option", "did you mean `key_prefix`?"],
    );
    fails("redis://me:a/b@host", "url", 2, &["percent-encoded"]);
    fails(
        "rediss://127.0.0.1?ca=/nowhere/ca.pem",
        "url",
        2,
        &["ca.pem", "is the path right?"],
    );
    fails("memory://", "url", 4, &["nothing to see from outside"]);
}

#[test]
fn nobody_is_there() {
    // Nobody listens there.
    let port = 1;
    for (scheme, path) in [
        ("redis", "/1"),
        ("memcached", ""),
        ("postgres", "/app"),
        ("mysql", "/app"),
    ] {
        let url = format!("{scheme}://127.0.0.1:{port}{path}");
        fails(&url, "connect", 3, &["refused", "is the server running"]);
        let unknown = url.replace("127.0.0.1", "nobody.invalid");
        fails(
            &unknown,
            "host",
            3,
            &["nobody.invalid", "no host has this name"],
        );
    }
}

#[test]
fn redis_says_no() {
    let server = RedisServer::start_with(&["--requirepass", "secret"]);
    let port = server.port();
    fails(
        &format!("redis://127.0.0.1:{port}"),
        "connect",
        5,
        &["NOAUTH", "wants a password"],
    );
    fails(
        &format!("redis://:wrong@127.0.0.1:{port}"),
        "connect",
        5,
        &["WRONGPASS", "password is wrong"],
    );
    let server = RedisServer::start();
    let port = server.port();
    fails(
        &format!("redis://:some@127.0.0.1:{port}"),
        "connect",
        5,
        &["no password set"],
    );
    let rights = [
        "ACL", "SETUSER", "me", "on", ">pw", "~app:*", "+get", "+ping", "+client",
    ];
    assert_eq!(server.command(&rights), "OK");
    fails(
        &format!("redis://me:pw@127.0.0.1:{port}?key_prefix=app"),
        "write",
        5,
        &["NOPERM", "ACL SETUSER"],
    );
    fails(
        &format!("memcached://127.0.0.1:{port}"),
        "connect",
        3,
        &["no memcached"],
    );
    fails(
        &format!("rediss://127.0.0.1:{port}?{SHORT}"),
        "connect",
        3,
        &["is that a port with TLS?"],
    );
    // Full, and not allowed to let anything go.
    assert_eq!(server.command(&["CONFIG", "SET", "maxmemory", "1"]), "OK");
    fails(&server.url(0), "write", 5, &["maxmemory"]);
    // Alive, and silent.
    server.pause();
    fails(
        &format!("{}?{SHORT}", server.url(0)),
        "connect",
        3,
        &["does not answer", "op_timeout"],
    );
    server.resume();
}

#[test]
fn another_kind_of_redis_than_the_url_says() {
    let server = RedisServer::start();
    let address = format!("127.0.0.1:{}", server.port());
    fails(
        &format!("redis+cluster://{address}"),
        "connect",
        5,
        &["redis:// instead"],
    );
    fails(
        &format!("redis+sentinel://{address}/main/0"),
        "connect",
        3,
        &["no Sentinel"],
    );
    let port = server.port().to_string();
    let replica = RedisServer::start_with(&["--replicaof", "127.0.0.1", &port]);
    fails(&replica.url(0), "write", 5, &["READONLY", "is a replica"]);
    let Some(cluster) = RedisCluster::start_or_skip(3, 0, &[]) else {
        return;
    };
    // The probe's key belongs to another node as a rule, and not always.
    let node = cluster.nodes()[0].url(0);
    let checks = (0..20).map(|_| run_all(&["check", &node]));
    let sent_away = checks.into_iter().find(|ran| ran.code == 5);
    sent_away.unwrap().says(&["MOVED", "redis+cluster://"]);
}

#[test]
fn a_certificate_that_nobody_trusts() {
    if !is_installed("openssl") && may_skip("openssl") {
        return;
    }
    let authority = Authority::new();
    let shown = authority.sign("server", "IP:127.0.0.1");
    let server = RedisServer::start_tls(&authority, &shown, false);
    let port = server.tls_port();
    fails(
        &format!("rediss://127.0.0.1:{port}"),
        "connect",
        3,
        &["?ca="],
    );
    let ca = authority.certificate();
    let url = format!("rediss://127.0.0.1:{port}?ca={}&{LIMITS}", ca.display());
    run_all(&["check", &url]).expect(0);
    let other = authority.sign("other", "DNS:elsewhere.example");
    let server = RedisServer::start_tls(&authority, &other, false);
    let url = format!(
        "rediss://127.0.0.1:{}?ca={}",
        server.tls_port(),
        ca.display()
    );
    fails(&url, "connect", 3, &["certificate is for another name"]);
}

#[test]
fn what_answers_is_no_redis() {
    let Some(server) = MemcachedServer::start_or_skip() else {
        return;
    };
    fails(
        &format!("redis://{}", server.address()),
        "connect",
        3,
        &["does not speak Redis's protocol"],
    );
}

#[test]
fn postgres_says_no() {
    let Some(server) = PostgresServer::start_or_skip() else {
        return;
    };
    let port = server.port();
    let _ = server.query("CREATE ROLE guest LOGIN");
    let _ = server.query("REVOKE CREATE ON SCHEMA public FROM PUBLIC");
    let url = |rest: &str| {
        format!("postgres://{rest}?{LIMITS}").replace("HOST", &format!("127.0.0.1:{port}"))
    };
    fails(
        &url("nobody@HOST/postgres"),
        "connect",
        5,
        &["nobody", "no such user"],
    );
    fails(
        &url("postgres@HOST/nothing"),
        "connect",
        5,
        &["nothing", "no such database"],
    );
    fails(
        &url("guest@HOST/postgres"),
        "write",
        5,
        &["permission denied", "cachectl create-table"],
    );
    // Made by who may, it is still another's.
    run_all(&["create-table", "--url", &url("postgres@HOST/postgres")]).expect(0);
    fails(
        &url("guest@HOST/postgres"),
        "write",
        5,
        &["permission denied", "GRANT"],
    );
    let _ = server.query("GRANT SELECT, INSERT, UPDATE, DELETE ON cache_entries TO guest");
    run_all(&["check", &url("guest@HOST/postgres")]).expect(0);
}

#[test]
fn mariadb_says_no() {
    let Some(server) = MariadbServer::start_or_skip() else {
        return;
    };
    let right = server.url();
    let url = |from: &str, to: &str| format!("{}?{LIMITS}", right.replace(from, to));
    fails(
        &url("sesame", "wrong"),
        "connect",
        5,
        &["password in the URL is wrong"],
    );
    fails(&url("/cache", "/nothing"), "connect", 5, &["nothing"]);
    run_all(&["check", &url("", "")]).expect(0);
}

#[test]
fn a_path_that_cannot_be() {
    let folder = Folder::new("cli-check");
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let inside = file.join("cache");
    fails(
        &format!("file://{}", inside.display()),
        "connect",
        5,
        &["a part of the path is a file"],
    );
    let nowhere = folder.path().join("nowhere/app.db");
    fails(
        &format!("sqlite://{}", nowhere.display()),
        "connect",
        3,
        &["does not exist"],
    );
    let text = folder.path().join("text");
    std::fs::write(&text, "no database, but something else altogether").unwrap();
    fails(
        &format!("sqlite://{}", text.display()),
        "connect",
        5,
        &["not a database"],
    );
    let fresh = folder.path().join("fresh.db");
    let fresh = format!("sqlite://{}?{LIMITS}", fresh.display());
    run_all(&["stats", "--url", &fresh]).expect(1);
    assert!(
        !folder.path().join("fresh.db").exists(),
        "who looks makes no file"
    );
    run_all(&["check", &fresh]).says(&["is not there yet", "the table is not there yet"]);
}
