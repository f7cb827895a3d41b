//! Who may see the panel, and whose requests may change something.
//!
//! A page of another site that is open in the developer's browser can send requests here. It cannot read
//! the answers, unless its own name leads here (DNS rebinding): so the `Host` must be an allowed one. And
//! a change must come from a page of this panel: its origin shows that, and a secret that only
//! such a page knows.

use std::hash::{BuildHasher, RandomState};
use std::net::{Ipv4Addr, Ipv6Addr};

use http::HeaderMap;
use http::header::{HOST, ORIGIN};
use http::request::Parts;

/// Which hosts are allowed, and the secret of this panel's pages.
#[derive(Clone)]
pub(super) struct Guard {
    hosts: Vec<String>,
    token: String,
}

impl Guard {
    pub(super) fn new() -> Self {
        Self {
            hosts: Vec::new(),
            token: secret(),
        }
    }

    pub(super) fn allow(&mut self, host: &str) {
        self.hosts.push(host.to_ascii_lowercase());
    }

    /// Returns the token that a form of this panel has to include.
    pub(super) fn token(&self) -> &str {
        &self.token
    }

    /// Rejects requests for a host that is not allowed.
    pub(super) fn check_host(&self, request: &Parts) -> Result<(), String> {
        let Some(host) = host_of(request) else {
            return Err("the request names no host".to_owned());
        };
        let name = without_port(&host);
        if is_loopback(name)
            || self
                .hosts
                .iter()
                .any(|meant| *meant == host || meant == name)
        {
            return Ok(());
        }
        Err(format!(
            "the panel is for loopback hosts alone: to see it under another name, \
             write Panel::new().allow_host({name:?})"
        ))
    }

    /// Rejects what does not come from a page of this panel.
    pub(super) fn check_origin(&self, request: &Parts, token: Option<&str>) -> Result<(), String> {
        let site = header(&request.headers, "sec-fetch-site");
        let origin = header(&request.headers, ORIGIN.as_str());
        let is_own_site = match site {
            Some(site) => site == "same-origin",
            // Old browsers do not send it, but their forms have an origin.
            None => origin.is_some(),
        };
        let is_own_origin = origin.is_none_or(|origin| {
            let host = origin.split_once("://").map(|(_, host)| host);
            host.is_some_and(|host| host_of(request).as_deref() == Some(&*lower(host)))
        });
        if !is_own_site || !is_own_origin {
            return Err("only a page of this panel may change something".to_owned());
        }
        if !token.is_some_and(|token| is_same(token, &self.token)) {
            return Err(
                "the form is from before the last start of the program: load the page again"
                    .to_owned(),
            );
        }
        Ok(())
    }
}

/// Returns `Host`, or its equivalent in HTTP/2.
fn host_of(request: &Parts) -> Option<String> {
    let named = header(&request.headers, HOST.as_str());
    let named = named.or_else(|| request.uri.authority().map(|authority| authority.as_str()));
    named.filter(|host| !host.is_empty()).map(lower)
}

/// Returns the only value of this header; `None` if there are two.
fn header<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let mut values = headers.get_all(name).iter();
    let (value, second) = (values.next()?, values.next());
    // A value that is not text or occurs twice is not allowed: it matches nothing.
    Some(
        value
            .to_str()
            .ok()
            .filter(|_| second.is_none())
            .unwrap_or_default(),
    )
}

fn lower(text: &str) -> String {
    text.to_ascii_lowercase()
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

fn is_loopback(name: &str) -> bool {
    let address = name.trim_start_matches('[').trim_end_matches(']');
    name == "localhost"
        || name.ends_with(".localhost")
        || address.parse::<Ipv4Addr>().is_ok_and(|ip| ip.is_loopback())
        || address.parse::<Ipv6Addr>().is_ok_and(|ip| ip.is_loopback())
}

/// Compares without revealing by the time it takes how much of it is right.
fn is_same(one: &str, other: &str) -> bool {
    let differ = one
        .bytes()
        .zip(other.bytes())
        .fold(0, |sum, (a, b)| sum | (a ^ b));
    one.len() == other.len() && differ == 0
}

/// Returns 128 bits that nobody can guess: hashes under keys that come from the operating system.
fn secret() -> String {
    let part = || RandomState::new().hash_one("panel");
    format!("{:016x}{:016x}", part(), part())
}

#[cfg(test)]
mod tests {
    use super::{is_loopback, is_same, secret, without_port};

    #[test]
    fn loopback_is_what_says_so() {
        for host in [
            "localhost:3000",
            "a.localhost",
            "127.0.0.1:80",
            "127.9.9.9",
            "[::1]:1",
            "[::1]",
        ] {
            assert!(is_loopback(without_port(host)), "{host}");
        }
        for host in [
            "example.com",
            "localhost.example.com",
            "127.0.0.1.example.com:80",
            "notlocalhost",
            "10.0.0.1",
            "[::2]:1",
            "0.0.0.0",
            "",
        ] {
            assert!(!is_loopback(without_port(host)), "{host}");
        }
    }

    #[test]
    fn a_secret_is_another_each_time() {
        let (one, other) = (secret(), secret());
        assert_eq!(one.len(), 32);
        assert!(is_same(&one, &one.clone()) && !is_same(&one, &other));
        assert!(!is_same("", &one) && !is_same(&one[..31], &one));
    }
}
