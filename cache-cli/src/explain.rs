//! What an error means, in plain words, and what to do about it.

use std::error::Error;

use cache_runtime::{CacheError, ErrorKind};

/// What to do about a host that is not found.
pub(crate) const NO_HOST: &str =
    "no host has this name: is it spelled right, and does this machine's DNS know it?";

/// Part of an error's text, and what to do about it. The first one that is found counts.
const SIGNS: &[(&str, &str)] = &[
    // The URL.
    (
        "is not a cache url",
        "a URL begins with the store: redis://, memcached://, sqlite://, postgres://, mysql://, file://",
    ),
    (
        "must be percent-encoded",
        "the password has a sign in it that means something in a URL",
    ),
    (
        "cannot be read",
        "is the path right? may you read the file that the option names?",
    ),
    ("no such file", "is the path right?"),
    // The login.
    (
        "the login (wrongpass",
        "the user name or the password is wrong: redis://USER:PASSWORD@host, or redis://:PASSWORD@host where \
      there is only a password; signs like @ : / ? # in it are percent-encoded",
    ),
    (
        "login (noauth)",
        "the server wants a password: redis://:PASSWORD@host",
    ),
    (
        "refused the login (err",
        "the server has no password set, or knows no users (before version 6): leave out what it does \
      not know",
    ),
    (
        "answered noperm",
        "the user may not do this: give the right with ACL SETUSER, and for its keys ~PREFIX:*",
    ),
    (
        "password authentication failed",
        "the user name or the password in the URL is wrong",
    ),
    (
        "no pg_hba.conf entry",
        "the server does not let this user in from this host: a line in its pg_hba.conf says who may",
    ),
    (
        "access denied for user",
        "the user name or the password in the URL is wrong, or the user may not use this database",
    ),
    (
        "permission denied for",
        "the user may not do this: GRANT the right on the table, or make the table as another user with \
      `cachectl create-table`",
    ),
    (
        "command denied",
        "the user may not do this: GRANT the right on the table, or make the table as another user with \
      `cachectl create-table`",
    ),
    (
        "role \"",
        "the database has no such user: CREATE ROLE … LOGIN, or another one in the URL",
    ),
    (
        "unknown database",
        "there is no such database: CREATE DATABASE, or another one in the URL",
    ),
    (
        "database \"",
        "there is no such database: CREATE DATABASE, or another one in the URL",
    ),
    // What is at the other end.
    (
        "failed: invalid data",
        "what answers there does not speak Redis's protocol: is the port right?",
    ),
    (
        "does not speak memcached",
        "what answers there is no memcached, or one older than 1.6",
    ),
    (
        "does not speak tls",
        "the port is one without TLS: redis:// instead of rediss://, or the server's tls-port",
    ),
    (
        "it is not for",
        "the server's certificate is for another name than the one in the URL",
    ),
    (
        "it wants a certificate of ours",
        "the server lets in who shows a certificate: ?cert=/path/client.pem&key=/path/client.key",
    ),
    (
        "certificate has expired",
        "the certificate named by `cert` is out of date, or the server's clock",
    ),
    (
        "it has expired",
        "the server's certificate, or this machine's clock, is out of date",
    ),
    (
        "it is not valid yet",
        "the server's certificate, or this machine's clock, is out of date",
    ),
    (
        "not trusted",
        "the server's certificate is signed by nobody we trust: name its authority with ?ca=/path/ca.pem",
    ),
    (
        "answered readonly",
        "the server is a replica: name the master, or redis+sentinel:// that finds it",
    ),
    (
        "no master any more",
        "the server is a replica: name the master, or redis+sentinel:// that finds it",
    ),
    (
        "answered oom",
        "the server's memory is full: raise maxmemory, or let it evict with maxmemory-policy allkeys-lru",
    ),
    (
        "answered misconf",
        "the server cannot save to its disk and therefore refuses to write: see its log",
    ),
    (
        "answered clusterdown",
        "the server is a node of a cluster that is not complete: `redis-cli cluster info` says why",
    ),
    (
        "belongs to no redis cluster",
        "the server is a node without a cluster: `redis-cli --cluster create` makes one of several",
    ),
    (
        "cluster support disabled",
        "the server is no node of a cluster: redis:// instead of redis+cluster://",
    ),
    (
        "unknown command 'sentinel'",
        "what answers there is a Redis and no Sentinel, whose port is 26379 as a rule",
    ),
    (
        "answered moved",
        "the server is a node of a cluster: redis+cluster://",
    ),
    (
        "file is not a database",
        "there is another file of that name",
    ),
    (
        "unable to open database file",
        "is the folder there, and may you write in it? SQLite writes beside the file as well",
    ),
    (
        "readonly database",
        "the file or its folder may not be written by you",
    ),
    (
        "permission denied",
        "the file or folder belongs to somebody else: give this user the right, or name another folder",
    ),
    (
        "read-only file system",
        "nothing can be written there: name another folder",
    ),
    ("not a directory", "a part of the path is a file"),
    ("no space left", "the disk is full"),
    // Nobody is there.
    (
        "connection refused",
        "nothing listens there: is the server running, and are host and port right?",
    ),
    ("failed to lookup", NO_HOST),
    ("name or service not known", NO_HOST),
    (
        "is unreachable",
        "there is no way to that host from here: network, firewall, VPN?",
    ),
];

/// Returns what to do about an error, if that is known.
pub(crate) fn advice(error: &CacheError) -> Option<String> {
    let text = text_of(error);
    if error.kind() == ErrorKind::Config
        && let Some(feature) = between(&text, "needs the cargo feature `", "`")
    {
        return Some(format!(
            "this cachectl was built without it: cargo install cache-cli --features {feature}"
        ));
    }
    let text = text.to_lowercase();
    let found = SIGNS.iter().find(|(sign, _)| text.contains(sign));
    if let Some((_, advice)) = found {
        return Some((*advice).to_owned());
    }
    match error.kind() {
        ErrorKind::Timeout => Some(
            "something is there and does not answer: the server hangs or is overloaded, a firewall drops what is sent, \
             or `op_timeout` and `connect_timeout` in the URL (500 ms) are too short for the way there"
                .to_owned(),
        ),
        _ => None,
    }
}

/// Returns the text of the error and of what caused it.
fn text_of(error: &CacheError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

fn between<'t>(text: &'t str, before: &str, after: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(before)?;
    rest.split_once(after).map(|(between, _)| between)
}

#[cfg(test)]
mod tests {
    use cache_runtime::{CacheError, ErrorKind};

    use super::advice;

    /// With all features on no URL says this.
    #[test]
    fn a_feature_that_is_off_is_named() {
        let text = "redis:// needs the cargo feature `redis`: cache-runtime = { … }";
        let error = CacheError::new(ErrorKind::Config, text);
        let advice = advice(&error).unwrap_or_default();
        assert!(
            advice.contains("cargo install cache-cli --features redis"),
            "{advice}"
        );
    }
}
