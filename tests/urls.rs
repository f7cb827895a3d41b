//! Caches by URL and by builder: every mistake is one clear error that names what is allowed, and
//! no password is ever shown.

#![allow(clippy::unwrap_used, reason = "a test's panic is its report")]

use std::process::{Command, Output};
use std::time::Duration;

use cache_runtime::{Cache, ErrorKind, Timeout, Ttl, cache_result, caches};
use cache_tests::PATIENT;
use cache_tests::redis_server::RedisServer;

/// The message of the error that this URL is.
fn message(url: &str) -> String {
    let error = Cache::from_url(url).expect_err(url);
    assert_eq!(error.kind(), ErrorKind::Config, "{url}");
    assert_eq!(error.operation(), "from_url", "{url}");
    assert!(!error.is_retryable(), "{url}");
    error.to_string()
}

#[test]
fn every_mistake_is_said_with_what_is_allowed() {
    for (url, expected) in [
        (
            "",
            "from_url: \"\" is not a cache URL: it has no `scheme://`, as in `memory://` or `redis://host:6379/1`",
        ),
        (
            "localhost:6379",
            "from_url: \"localhost:6379\" is not a cache URL: it has no `scheme://`, as in `memory://` or `redis://host:6379/1`",
        ),
        (
            "reddis://localhost",
            "from_url: unknown scheme `reddis`: did you mean `redis://`? \
             there is memory://, redis://, redis+unix://, rediss://, redis+sentinel://, \
             rediss+sentinel://, redis+cluster://, rediss+cluster://, memcached://, sqlite://, postgres://, \
             postgresql://, mysql://, mariadb://, file://, dummy://",
        ),
        (
            "memory://?timeot=60",
            "from_url: unknown option `timeot` for memory://: did you mean `timeout`? there is key_prefix, version, timeout, format, \
             compress, sign_with, max_value_size, max_entries, max_bytes, local_max, local_timeout, cull_frequency, key_hash, connect_timeout, \
             op_timeout",
        ),
        (
            "redis://host?timeot=60",
            "from_url: unknown option `timeot` for redis://: did you mean `timeout`? there is key_prefix, version, timeout, format, \
             compress, sign_with, max_value_size, max_entries, max_bytes, local_max, local_timeout, cull_frequency, key_hash, connect_timeout, \
             op_timeout; for redis:// also db, max_connections, protocol",
        ),
        (
            "rediss://host?timeot=60",
            "from_url: unknown option `timeot` for rediss://: did you mean `timeout`? there is key_prefix, version, timeout, format, \
             compress, sign_with, max_value_size, max_entries, max_bytes, local_max, local_timeout, cull_frequency, key_hash, connect_timeout, \
             op_timeout; for rediss:// also db, max_connections, protocol, ca, cert, key",
        ),
        (
            "redis://host?protocol=3",
            "from_url: `protocol=3` cannot be used: it must be `resp2` or `resp3`",
        ),
        (
            "rediss://host?cert=/me.pem",
            "from_url: `cert` and `key` go together: the certificate's file, \
             and the file of its key",
        ),
        (
            "rediss://host?ca=/no/such/file.pem",
            "from_url: `ca=/no/such/file.pem` cannot be read: \
             No such file or directory (os error 2)",
        ),
        (
            "redis+sentinel://h1,h2",
            "from_url: redis+sentinel:// needs sentinels and the name of their master: \
             redis+sentinel://h1:26379,h2,h3/mymaster/0",
        ),
        (
            "rediss+sentinel:///mymaster",
            "from_url: rediss+sentinel:// needs sentinels and the name of their master: \
             rediss+sentinel://h1:26379,h2,h3/mymaster/0",
        ),
        (
            "redis+sentinel://h1,h2:port/mymaster",
            "from_url: `port` is not a port (0 to 65535)",
        ),
        (
            "redis+sentinel://h1/mymaster/one",
            "from_url: `one` is not a database number: \
             write redis+sentinel://h1:26379,h2,h3/mymaster/1",
        ),
        (
            "redis+sentinel://h1/mymaster/1?db=1",
            "from_url: the database is given twice, in the path and as `db`: keep one of them",
        ),
        (
            "memory://?timeout",
            "from_url: the option `timeout` has no value: write `timeout=…`",
        ),
        (
            "memory://?timeout=1&timeout=2",
            "from_url: the option `timeout` is given twice: keep one of them",
        ),
        (
            "memory://?timeout=soon",
            "from_url: `timeout=soon` cannot be used: \
             it must be seconds (`600`), a duration (`10m`) or `never`",
        ),
        (
            "memory://?version=one",
            "from_url: `version=one` cannot be used: it must be an integer",
        ),
        (
            "redis://localhost?format=pickle",
            "from_url: `format=pickle` cannot be used: it must be \
             `native`, `compact`, `json` or `django`",
        ),
        (
            "redis://localhost?compress=rar",
            "from_url: `compress=rar` cannot be used: it must be \
             `none`, `zlib`, `zstd` or `lz4`",
        ),
        (
            "redis://localhost?sign_with=hunter2",
            "from_url: `sign_with` is the name of an environment variable that holds the secret, \
             in capital letters, digits and `_`; the secret itself never stands in a URL",
        ),
        (
            "redis://localhost?sign_with=CACHE_TESTS_NOT_THERE",
            "from_url: `sign_with=CACHE_TESTS_NOT_THERE`: the environment variable \
             CACHE_TESTS_NOT_THERE is not set",
        ),
        (
            // Cargo sets it, and its text is long enough.
            "redis://localhost?sign_with=CARGO_PKG_LICENSE&format=django",
            "from_url: the formats `json` and `django` have no place for a signature, other \
             programs could not read it; signed entries are `native` or `compact`",
        ),
        (
            "redis://localhost?key_hash=crc",
            "from_url: `key_hash=crc` cannot be used: it must be `md5` or `blake3`",
        ),
        (
            "memory://?max_value_size=big",
            "from_url: `max_value_size=big` cannot be used: \
             it must be bytes above zero (`1048576`, `64MiB`, `10MB`)",
        ),
        (
            "memory://?max_entries=0",
            "from_url: `max_entries=0` cannot be used: it must be a whole number above zero",
        ),
        (
            "file://var/cache/app",
            "from_url: file:// has a path and no host: \
             write three slashes, file:///var/cache/app",
        ),
        (
            "file://",
            "from_url: file:// needs the path of a folder: file:///var/cache/app",
        ),
        (
            "file:///",
            "from_url: file:// needs the path of a folder: file:///var/cache/app",
        ),
        (
            "redis://localhost?op_timeout=0",
            "from_url: `op_timeout=0` cannot be used: \
             it must be seconds (`0.5`) or a duration (`500ms`), above zero",
        ),
        (
            "redis://localhost?db=-1",
            "from_url: `db=-1` cannot be used: it must be the number of a database, as in `db=1`",
        ),
        (
            "redis://localhost/one",
            "from_url: `/one` is not a database number: write redis://host:6379/1",
        ),
        (
            "redis://localhost/1?db=2",
            "from_url: the database is given twice, in the path and as `db`: keep one of them",
        ),
        (
            "redis://localhost:99999",
            "from_url: `99999` is not a port (0 to 65535)",
        ),
        (
            "memcached://host?db=1",
            "from_url: unknown option `db` for memcached://: it is an option of redis://, redis+unix://, rediss://, redis+sentinel://, rediss+sentinel://; there is key_prefix, version, timeout, format, \
             compress, sign_with, max_value_size, max_entries, max_bytes, local_max, local_timeout, cull_frequency, key_hash, connect_timeout, \
             op_timeout; for memcached:// also max_connections",
        ),
        (
            "memcached://me:secret@host",
            "from_url: memcached:// has no user and no password: write memcached://host:11211",
        ),
        (
            "memcached:///run/memcached.sock",
            "from_url: memcached:// has hosts and no path (`/run/memcached.sock`): write \
             memcached://host1:11211,host2:11211?option=value; sockets are not supported",
        ),
        (
            "memcached://one,two:port",
            "from_url: `port` is not a port (0 to 65535)",
        ),
        (
            "memcached://one,:11212",
            "from_url: the server `:11212` has no host",
        ),
        (
            "memcached://one,two,one:11211",
            "from_url: the server `one:11211` is given twice",
        ),
        (
            "memcached://host?max_connections=0",
            "from_url: `max_connections=0` cannot be used: it must be a whole number above zero",
        ),
        (
            "redis://one,two",
            "from_url: redis:// has one host; redis+cluster:// and redis+sentinel:// have several",
        ),
        (
            "redis+unix://",
            "from_url: redis+unix:// needs the path of a socket: redis+unix:///run/redis.sock?db=1",
        ),
        (
            "redis+unix://run/redis.sock",
            "from_url: redis+unix:// has a path and no host: \
             write three slashes, redis+unix:///run/redis.sock?db=1",
        ),
        (
            "redis+cluster://one,two/1",
            "from_url: `/1` cannot be: a redis cluster has no other database than 0",
        ),
        (
            "redis+cluster://one,two?db=0",
            "from_url: unknown option `db` for redis+cluster://: it is an option of redis://, redis+unix://, rediss://, redis+sentinel://, rediss+sentinel://; there is key_prefix, version, timeout, format, \
             compress, sign_with, max_value_size, max_entries, max_bytes, local_max, local_timeout, cull_frequency, key_hash, connect_timeout, \
             op_timeout; for redis+cluster:// also max_connections, protocol",
        ),
        (
            "redis+cluster://one,two:99999",
            "from_url: `99999` is not a port (0 to 65535)",
        ),
        (
            "memory://?cull_frequency=-1",
            "from_url: `cull_frequency=-1` cannot be used: it must be a whole number; 0 for all",
        ),
        (
            "sqlite://var/cache/app.db",
            "from_url: sqlite:// has a path and no host: write three slashes, \
             sqlite:///var/cache/app.db, or sqlite:app.db for a file of the current folder",
        ),
        (
            "sqlite:",
            "from_url: sqlite: needs a file: \
             sqlite:///var/cache/app.db, sqlite:app.db or sqlite::memory:",
        ),
        (
            "sqlite:app.db?table=a%22b",
            "from_url: `table=a\"b` cannot be used: it must be a name of 1 to 63 bytes, of letters, \
             digits, `_`, `-`, `$` and spaces within; or `schema.table`",
        ),
        (
            "sqlite:app.db?tabel=a",
            "from_url: unknown option `tabel` for sqlite://: did you mean `table`? there is key_prefix, version, timeout, format, \
             compress, sign_with, max_value_size, max_entries, max_bytes, local_max, local_timeout, cull_frequency, key_hash, \
             connect_timeout, op_timeout; for sqlite:// also table, max_connections",
        ),
        (
            "postgres://me@host",
            "from_url: postgres:// needs a database: \
             postgres://user:password@host:5432/database",
        ),
        (
            "mysql://me@host/a/b",
            "from_url: mysql:// needs a database: mysql://user:password@host:3306/database",
        ),
        ("mariadb://one,two/db", "from_url: mariadb:// has one host"),
        (
            "memory://localhost/1",
            "from_url: memory:// has no host and no path: write memory://?option=value",
        ),
        (
            "redis://:50%+1@localhost",
            "from_url: a `%` in the URL is not followed by two hex digits: write %25 for `%` itself",
        ),
        (
            "redis://:50%@localhost",
            "from_url: a `%` in the URL is not followed by two hex digits: write %25 for `%` itself",
        ),
        (
            "redis://:%ff@localhost",
            "from_url: the URL's percent-encoded text is not UTF-8: encode the bytes of its UTF-8 form",
        ),
        (
            "redis://:pa/ss@localhost/1",
            "from_url: a user or password with `/` or `?` in it must be percent-encoded: \
             write %2F for `/`, %3F for `?`",
        ),
    ] {
        assert_eq!(message(url), expected, "{url}");
    }
}

#[test]
fn good_urls_are_taken() {
    for url in [
        "memory://",
        "MEMORY://",
        "memory://?max_entries=10000&max_bytes=64MiB",
        "dummy://",
        "memory://?max_entries=30&cull_frequency=0",
        "file:///var/cache/app",
        "file:///var/cache/my%20app/?max_entries=10000&max_bytes=1GiB&cull_frequency=4",
        "redis://localhost",
        "redis://localhost/",
        "redis://[::1]:6379/1",
        "redis://user:p%40ss%2F@localhost:6379/1?key_prefix=a%20b&timeout=never",
        "redis://:pass@w@rd@localhost",
        "redis+unix:///run/redis@home.sock?db=3",
        "redis+unix://user:p%40ss@/run/redis.sock?db=3&protocol=resp3",
        "redis+sentinel://h1:26379,h2,[::1]:26380/mymaster",
        "redis+sentinel://:pw@h1/mymaster/3?sentinel_username=me&sentinel_password=pw",
        "redis+cluster://one",
        "redis+cluster://user:p%40ss@one:7000,[::1]:7001,three/0?max_connections=4",
        "memcached://",
        "memcached://h1:11211,h2:11212,h3/?max_connections=4&key_prefix=a",
        "memcached://[::1]:11211,127.0.0.1",
        "redis://localhost?timeout=10m&op_timeout=250ms&connect_timeout=1.5&max_connections=4",
        "sqlite:app.db",
        "sqlite::memory:?timeout=60",
        "sqlite:///var/cache/app.db?table=my%20cache&max_entries=30&cull_frequency=0",
        "postgres://user:p%40ss@host:5432/db?table=app.cache&max_connections=2",
        "postgresql://host/db",
        "mysql://user:pw@[::1]:3306/db",
        "mariadb://host/db?op_timeout=2",
        "redis://localhost?format=django&compress=zlib&max_value_size=10MB&version=-3",
        "redis://localhost?format=compact&compress=zstd",
        "redis://localhost?format=json&compress=lz4",
        "redis://localhost?sign_with=CARGO_PKG_LICENSE&compress=lz4",
    ] {
        if let Err(error) = Cache::from_url(url) {
            panic!("{url}: {error}");
        }
    }
}

#[test]
fn a_password_is_never_shown() {
    // In each of them stands `secret`, and something else is wrong.
    for url in [
        "me:secret@host",
        "redis:/me:secret@host",
        "me:two@secret@host",
        "reddis://me:secret@host",
        "redis://me:secret@host?timeot=1",
        "redis://me:secret@host/one",
        "redis://me:secret@host:port",
        "redis://me:secret@one,two",
        "redis+sentinel://me:secret@one,two",
        "redis+sentinel://one/m/x?sentinel_password=secret",
        "rediss://me:secret@host?ca=/nowhere",
        "redis+cluster://me:secret@one,two/1",
        "redis+cluster://me:secret@one,two:port",
        "redis://me:secret%@host",
        "redis://me:/secret@host",
        "redis://me:secret/@host",
        "redis://me:?secret@host",
        "redis://me:secret?@host",
        "redis://:#secret@host:port",
        "memory://me:secret@host",
        "file://me:secret@/var/cache",
        "redis://host?password=secret",
        "redis://host?secret",
        "postgres://me:secret@host",
        "mysql://me:secret@one,two/db",
        "sqlite://me:secret@host/app.db",
    ] {
        let error = Cache::from_url(url).expect_err(url);
        let texts = format!("{error} {error:?} {error:#?}");
        // The name of an option is what the message is about.
        if !url.ends_with("?secret") {
            assert!(!texts.contains("secret"), "{url}: {texts}");
        }
    }
    let cache = Cache::from_url("redis://me:secret@127.0.0.1:1/0?connect_timeout=0.1").unwrap();
    let error = cache.blocking().ping().unwrap_err();
    let texts = format!("{cache:?} {:?} {error} {error:?}", cache.blocking());
    assert!(!texts.contains("secret"), "{texts}");
    let url = "redis+sentinel://me:secret@127.0.0.1:1/m?sentinel_password=secret";
    let cache = Cache::from_url(url).unwrap();
    let error = cache.blocking().ping().unwrap_err();
    let texts = format!("{cache:?} {:?} {error} {error:?}", cache.blocking());
    assert!(!texts.contains("secret"), "{texts}");
    for scheme in ["postgres", "mysql"] {
        let url = format!("{scheme}://me:secret@127.0.0.1:1/db?connect_timeout=0.1");
        let cache = Cache::from_url(&url).unwrap();
        let error = cache.blocking().ping().unwrap_err();
        let texts = format!("{cache:?} {error} {error:?} {:?}", cache.blocking());
        assert!(!texts.contains("secret"), "{texts}");
    }
}

#[test]
fn a_wrong_password_is_refused_and_not_shown() {
    let server = RedisServer::start_with(&["--requirepass", "right"]);
    for login in [":secret", "me:secret"] {
        let url = format!("redis://{login}@127.0.0.1:{}/0?{PATIENT}", server.port());
        let error = Cache::from_url(&url)
            .unwrap()
            .blocking()
            .ping()
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Store);
        assert_eq!(error.operation(), "ping");
        assert_eq!(
            error.to_string(),
            "ping: the server refused the login (WRONGPASS): check the user and the password in the URL"
        );
        assert!(!format!("{error:?}").contains("secret"));
    }
    let url = format!("redis://127.0.0.1:{}/0?{PATIENT}", server.port());
    let error = Cache::from_url(&url)
        .unwrap()
        .blocking()
        .ping()
        .unwrap_err();
    assert!(error.to_string().contains("NOAUTH"), "{error}");
}

#[test]
fn user_and_password_open_the_door() {
    let server = RedisServer::start_with(&["--requirepass", "p@ss/w:rd%"]);
    let port = server.port();
    let acl = ["ACL", "SETUSER", "me", "on", ">two:parts", "~*", "+@all"];
    assert_eq!(server.command(&acl), "OK");
    for login in [
        ":p%40ss%2Fw%3Ard%25",
        "default:p%40ss%2Fw:rd%25",
        "me:two:parts",
    ] {
        let cache =
            Cache::from_url(&format!("redis://{login}@127.0.0.1:{port}/0?{PATIENT}")).unwrap();
        let cache = cache.blocking();
        cache.ping().unwrap();
        cache.set("login", login, 60).unwrap();
        assert_eq!(cache.get::<String>("login").unwrap().unwrap(), login);
    }
}

#[test]
fn the_database_is_in_the_path_or_an_option() {
    let server = RedisServer::start();
    let port = server.port();
    let path = server.socket_path();
    let path = path.display();
    for (db, url) in [
        (0, format!("redis://127.0.0.1:{port}?{PATIENT}")),
        (3, format!("redis://127.0.0.1:{port}/3?{PATIENT}")),
        (4, format!("redis://127.0.0.1:{port}?db=4&{PATIENT}")),
        (0, format!("redis+unix://{path}?{PATIENT}")),
        (5, format!("redis+unix://{path}?db=5&{PATIENT}")),
    ] {
        assert_eq!(server.command(&["FLUSHALL"]), "OK");
        let cache = Cache::from_url(&url).unwrap().blocking();
        cache.set("key", &1, 60).unwrap();
        let keyspace = server.command(&["INFO", "keyspace"]);
        assert!(
            keyspace.contains(&format!("db{db}:keys=1")),
            "{url}: {keyspace}"
        );
    }
}

#[test]
fn options_do_what_they_say() {
    let cache = Cache::from_url("memory://?timeout=10m&key_prefix=a%20b&max_value_size=1kB");
    let cache = cache.unwrap().blocking();
    cache.set("key", &1, Timeout::Default).unwrap();
    let Ttl::After(left) = cache.ttl("key").unwrap() else {
        panic!("ten minutes have an end");
    };
    assert!(left > Duration::from_secs(590) && left <= Duration::from_secs(600));
    let error = cache.set("key", &"x".repeat(1001), 60).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);

    let dummy = Cache::from_url("dummy://").unwrap().blocking();
    assert!(dummy.add("key", &1, 60).unwrap());
    assert_eq!(dummy.get::<i32>("key").unwrap(), None);
    assert!(!dummy.touch("key", 60).unwrap());
    assert_eq!(
        dummy.incr("key", 1).unwrap_err().kind(),
        ErrorKind::NotFound
    );
    assert_eq!(dummy.get_or_set("key", 60, || 7).unwrap(), 7);
    dummy.clear().unwrap();
}

/// Added to the time of day, they would be beyond its end.
#[test]
fn limits_of_any_length_are_limits() {
    // Nothing is written, so it is not made.
    let folder = std::env::temp_dir().join("cache-urls-is-not-there");
    let folder = format!("file://{}", folder.display());
    // Nobody listens there, and that is known at once.
    let nowhere = "127.0.0.1:1";
    for url in [
        "sqlite::memory:",
        &folder,
        &format!("redis://{nowhere}"),
        &format!("redis+cluster://{nowhere}"),
        &format!("memcached://{nowhere}"),
        &format!("postgres://{nowhere}/db"),
    ] {
        for length in ["1e19", "213503982334601d"] {
            let url = format!("{url}?op_timeout={length}&connect_timeout={length}");
            let has_pool = !url.starts_with("file");
            let most = has_pool.then_some("&max_connections=18446744073709551615");
            let cache = Cache::from_url(&(url + most.unwrap_or_default())).unwrap();
            let found = [
                cache.blocking().get::<u8>("k"),
                futures_executor::block_on(cache.get::<u8>("k")),
            ];
            for found in found {
                match found {
                    Ok(found) => assert_eq!(found, None),
                    Err(error) => assert!(error.is_retryable(), "{error}"),
                }
            }
        }
    }
}

#[test]
fn the_builder_says_what_cannot_be() {
    let error = Cache::builder().max_entries(0).build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert_eq!(
        error.to_string(),
        "build: `max_entries` must be at least 1; `dummy://` keeps nothing"
    );
    let error = Cache::builder()
        .op_timeout(Duration::ZERO)
        .build()
        .unwrap_err();
    assert_eq!(error.to_string(), "build: `op_timeout` must be above zero");
    let error = Cache::builder()
        .connect_timeout(Duration::ZERO)
        .build()
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "build: `connect_timeout` must be above zero"
    );
}

#[test]
fn an_alias_is_letters_digits_and_a_few_signs() {
    for alias in ["", "two words", "a/b"] {
        let error = caches().set(alias, Cache::isolated()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{alias}");
        let told = error.to_string();
        assert!(
            told.ends_with("use letters, digits, `_`, `-` and `.`"),
            "{told}"
        );
    }
    caches().set("page-cache.v2", Cache::isolated()).unwrap();
    assert!(caches().get("page-cache.v2").is_ok());
    assert!(caches().aliases().contains(&"page-cache.v2".to_owned()));
    let error = caches().get("nowhere").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnknownCache);
    assert_eq!(
        error.to_string(),
        "no cache has the alias \"nowhere\": set it with caches().set(\"nowhere\", …), \
         or CACHE_URL_NOWHERE in the environment"
    );
}

// The environment is read once in a process, so each of these runs a test of this very file in a
// process of its own.

const CHILD: &str = "CACHE_TESTS_CHILD";

fn child(test: &str, variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture"]);
    command
        .env_remove("CACHE_URL")
        .env_remove("CACHE_URL_SESSIONS");
    command.env(CHILD, "1").envs(variables.iter().copied());
    let output = command.output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(
        told.contains("1 passed"),
        "{told}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

fn is_child() -> bool {
    std::env::var_os(CHILD).is_some()
}

#[cache_result(timeout = 60, key_prefix = "by_default")]
fn by_default(n: u64) -> u64 {
    n + 1
}

#[cache_result(timeout = 60, key_prefix = "sessions", cache = "sessions")]
fn of_sessions(n: u64) -> u64 {
    n + 2
}

#[test]
fn in_a_child_nothing_is_configured() {
    if !is_child() {
        return;
    }
    let cache = caches().get("default").unwrap().blocking();
    cache.set("key", &1, 60).unwrap();
    assert_eq!(cache.get::<i32>("key").unwrap(), Some(1));
    assert_eq!((by_default(1), by_default(1)), (2, 2));
    assert_eq!(by_default::stats().local_hits, 1);
    // An alias has no default: its function runs uncached, and that is counted.
    assert_eq!((of_sessions(1), of_sessions(1)), (3, 3));
    assert_eq!(of_sessions::stats().hits, 0);
    assert_eq!(of_sessions::stats().errors, 2);
}

#[test]
fn without_a_variable_the_cache_is_in_process() {
    child("in_a_child_nothing_is_configured", &[]);
    child("in_a_child_nothing_is_configured", &[("CACHE_URL", " ")]);
}

#[test]
fn in_a_child_both_variables_are_set() {
    if !is_child() {
        return;
    }
    assert_eq!((by_default(1), by_default(1)), (2, 2));
    assert_eq!((of_sessions(1), of_sessions(1)), (3, 3));
    let (one, two) = (by_default::stats(), of_sessions::stats());
    assert_eq!((one.hits, one.local_hits), (1, 0));
    assert_eq!((two.hits, two.local_hits), (1, 0));
    assert!(by_default::entry(1).key().starts_with("app:1:by_default:"));
    assert!(of_sessions::entry(1).key().starts_with("web:1:sessions:"));
    // What the program sets counts more.
    caches().set("default", Cache::isolated()).unwrap();
    by_default(1);
    by_default(1);
    assert_eq!(by_default::stats().local_hits, 1);
}

#[test]
fn the_variables_say_where_caches_are() {
    let server = RedisServer::start();
    let default = format!("{}?key_prefix=app&{PATIENT}", server.url(1));
    let sessions = format!("{}?key_prefix=web&{PATIENT}", server.url(2));
    let variables = [("CACHE_URL", &*default), ("CACHE_URL_SESSIONS", &*sessions)];
    child("in_a_child_both_variables_are_set", &variables);
    let keyspace = server.command(&["INFO", "keyspace"]);
    assert!(keyspace.contains("db1:keys=1"), "{keyspace}");
    assert!(keyspace.contains("db2:keys=1"), "{keyspace}");
}

#[test]
fn in_a_child_the_url_is_bad() {
    if !is_child() {
        return;
    }
    let error = caches().get("default").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert_eq!(
        error.to_string(),
        "CACHE_URL: from_url: unknown scheme `reddis`: did you mean `redis://`? \
             there is memory://, redis://, redis+unix://, rediss://, redis+sentinel://, \
         rediss+sentinel://, redis+cluster://, rediss+cluster://, memcached://, sqlite://, postgres://, \
             postgresql://, mysql://, mariadb://, file://, dummy://"
    );
    assert!(!format!("{error:?}").contains("secret"));
    // It never breaks a call.
    assert_eq!((by_default(1), by_default(1)), (2, 2));
    assert_eq!(by_default::stats().hits, 0);
    assert_eq!(by_default::stats().errors, 2);
    let error = by_default::entry(1).get().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    // What the program sets heals it.
    caches().set("default", Cache::isolated()).unwrap();
    assert_eq!((by_default(1), by_default(1)), (2, 2));
    assert_eq!(by_default::stats().hits, 1);
}

#[test]
fn a_bad_variable_is_an_error_of_get_and_never_breaks_a_call() {
    let bad = [("CACHE_URL", "reddis://me:secret@localhost")];
    child("in_a_child_the_url_is_bad", &bad);
}
