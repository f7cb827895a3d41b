//! The hosts of a URL, and their addresses.

use std::fmt;
use std::net::ToSocketAddrs;
use std::time::Duration;

use crate::exit::{Exit, Failure};
use crate::explain::NO_HOST;

/// A resolver that has no answer by then will not have one.
const LIMIT: Duration = Duration::from_secs(10);

/// A host as written in the URL, without its port.
pub(super) struct Host(String);

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Returns the hosts that have to be looked up: files, sockets and SQLite have none.
pub(super) fn hosts_of(url: &str) -> Vec<Host> {
    let Some((scheme, rest)) = url.split_once("://") else {
        return Vec::new();
    };
    if ["file", "sqlite", "redis+unix"].contains(&scheme.to_ascii_lowercase().as_str()) {
        return Vec::new();
    }
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let authority = &rest[..end];
    let hosts = authority
        .rsplit_once('@')
        .map_or(authority, |(_, hosts)| hosts);
    let hosts = hosts.split(',').filter(|host| !host.is_empty());
    hosts
        .map(|host| Host(without_port(host).to_owned()))
        .collect()
}

fn without_port(host: &str) -> &str {
    if let Some((address, _)) = host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return address;
    }
    match host.rsplit_once(':') {
        Some((name, _)) if !name.contains(':') => name,
        _ => host,
    }
}

/// Returns its addresses.
pub(super) async fn resolve(host: &Host) -> Result<Vec<String>, Failure> {
    let name = host.0.clone();
    // The system's resolver, which blocks; the stores use the same one.
    let look = tokio::task::spawn_blocking(move || {
        let found = (name.as_str(), 0).to_socket_addrs();
        found
            .map(|found| found.map(|address| address.ip().to_string()))
            .map(Iterator::collect::<Vec<_>>)
    });
    let found = match tokio::time::timeout(LIMIT, look).await {
        Ok(Ok(Ok(mut found))) => {
            found.dedup();
            return Ok(found);
        }
        Ok(Ok(Err(error))) => error.to_string(),
        Ok(Err(error)) => error.to_string(),
        Err(_) => format!("no answer within {} s", LIMIT.as_secs()),
    };
    Err(Failure::new(Exit::Unreachable, format!("{host}: {found}")).advising(NO_HOST))
}

#[cfg(test)]
mod tests {
    use super::hosts_of;

    #[test]
    fn hosts_have_no_port_and_no_password() {
        for (url, expected) in [
            ("redis://me:a%40b@h1:6379/1", vec!["h1"]),
            (
                "memcached://h1:1,[::1]:2,h3?timeout=5",
                vec!["h1", "::1", "h3"],
            ),
            ("redis://::1/0", vec!["::1"]),
            ("sqlite:///var/app.db", vec![]),
            ("file:///var/cache", vec![]),
            ("sqlite:app.db", vec![]),
        ] {
            let hosts: Vec<_> = hosts_of(url).iter().map(ToString::to_string).collect();
            assert_eq!(hosts, expected, "{url}");
        }
    }
}
