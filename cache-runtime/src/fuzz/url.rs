//! URLs: what is accepted can be written again, and no message shows a password.

use super::Target;
use crate::cache::CacheBuilder;
use crate::error::ErrorKind;
use crate::url::CacheUrl;

pub(super) const URL: Target = Target {
    name: "url",
    run,
    seeds,
    words: &[
        b"://",
        b"//",
        b"?",
        b"&",
        b"=",
        b"%2F",
        b"%40",
        b"%",
        b"@",
        b":",
        b",",
        b"/",
        b"[::1]:",
        b"\n",
        b"memory",
        b"redis",
        b"redis+unix",
        b"redis+sentinel",
        b"redis+cluster",
        b"memcached",
        b"sqlite:",
        b"sqlite::memory:",
        b"postgres",
        b"mysql",
        b"file:///",
        b"dummy",
        b"key_prefix=",
        b"version=",
        b"timeout=",
        b"never",
        b"format=",
        b"native",
        b"compact",
        b"django",
        b"compress=",
        b"zlib",
        b"zstd",
        b"lz4",
        b"max_value_size=",
        b"MiB",
        b"max_entries=",
        b"cull_frequency=",
        b"key_hash=",
        b"connect_timeout=",
        b"op_timeout=",
        b"500ms",
        b"1e999",
        b"max_connections=",
        b"db=",
        b"protocol=",
        b"resp3",
        b"table=",
        b"sign_with=",
    ],
};

const SECRET: &str = "s3cr3t";

/// A URL; or, with a line end in it, what stands before and behind a secret in a login.
fn run(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let [before, behind, rest] = *text.splitn(3, '\n').collect::<Vec<_>>() {
        // With another `@`, or behind a port, nobody can tell what is the login.
        let is_port = before.contains('?') && before.starts_with(|c: char| c.is_ascii_digit());
        if !text.contains('@') && !is_port {
            keeps_secret(&format!("redis://me:{before}{SECRET}{behind}@{rest}"));
        }
        return;
    }
    open(&text);
    match CacheUrl::parse(&text) {
        Ok(url) => {
            let again = CacheUrl::parse(&written(&url));
            assert_eq!(again.as_ref().ok(), Some(&url), "{:?}", written(&url));
        }
        Err(error) => assert_eq!(error.kind(), ErrorKind::Config),
    }
}

fn keeps_secret(url: &str) {
    let said = open(url);
    // It is in the rest as well where that repeats it.
    if url.matches(SECRET).count() == 1 {
        assert!(!said.contains(SECRET), "{url:?}: {said}");
    }
}

/// Opens a cache; what is said of it.
fn open(url: &str) -> String {
    // Files are read when a store with TLS is opened.
    if url.contains("rediss") {
        return String::new();
    }
    match CacheBuilder::from_url(url).and_then(CacheBuilder::build) {
        Ok(cache) => format!("{cache:?}"),
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Config, "{error}");
            format!("{error} {error:?}")
        }
    }
}

/// The URL of these parts.
fn written(url: &CacheUrl) -> String {
    let mut text = format!("{}:", url.scheme);
    // A file of SQLite may stand without slashes, and then begins as it likes.
    if url.path.is_empty() || url.path.starts_with('/') {
        text += "//";
    }
    if url.user.is_some() || url.password.is_some() {
        let [user, password] = [&url.user, &url.password].map(|part| part.as_deref());
        let [user, password] = [user, password].map(|part| encoded(part.unwrap_or_default()));
        text += &format!("{user}:{password}@");
    }
    text += &url.hosts.join(",");
    text += &encoded(&url.path).replace("%2F", "/");
    for (at, (name, value)) in url.options.iter().enumerate() {
        let sign = if at == 0 { '?' } else { '&' };
        text += &format!("{sign}{}={}", encoded(name), encoded(value));
    }
    text
}

fn encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() {
            encoded.push(char::from(byte));
        } else {
            encoded += &format!("%{byte:02X}");
        }
    }
    encoded
}

fn seeds() -> Vec<Vec<u8>> {
    [
        "memory://?key_prefix=shop&version=2&timeout=60&max_entries=1000&max_bytes=64MiB",
        "memory://?timeout=never&cull_frequency=3&key_hash=blake3&max_value_size=10MB",
        "redis://me:p%40ss@h1:6379/1?format=compact&compress=zstd&op_timeout=500ms",
        "redis://[::1]:6379?db=2&protocol=resp3&max_connections=8&connect_timeout=0.5",
        "redis+unix:///run/redis.sock?db=1&format=django&compress=zlib",
        "redis+sentinel://a:26379,b,c/mymaster/0?sentinel_username=u&sentinel_password=p",
        "redis+cluster://a:7000,b:7001?format=json",
        "memcached://cache1:11211,cache2:11211?max_connections=4",
        "sqlite:///var/cache/app.db?table=main.entries",
        "sqlite:app.db",
        "SQLite::memory:?timeout=1.5",
        "postgres://user:password@host:5432/db",
        "mariadb://user@host/db?table=t",
        "file:///var/cache/app?max_entries=10000&max_bytes=1GiB&cull_frequency=0",
        "dummy://",
        "p\nw\nhost:6379/1",
        "p%2F\n%3F\nhost:x",
        "a/b\n?c\nhost:6379?timeout=bad",
        "\n\nh1,h2/x?db=y&option",
    ]
    .map(|line| line.as_bytes().to_vec())
    .to_vec()
}
