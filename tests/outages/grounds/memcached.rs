//! Memcached: with no memory left, and told to refuse rather than to evict.

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::sync::{Arc, Mutex};

use cache_tests::memcached_server::MemcachedServer;
use cache_tests::proxy::Proxy;

use super::Ground;
use crate::fault::{Bite, again_and_again, direct, of_servers};

/// `-M`: an error where there is no room.
const SMALL: &[&str] = &["-m", "8", "-M"];

pub(super) fn start() -> Option<Ground> {
    let server = MemcachedServer::start_with_or_skip(SMALL)?;
    let proxy = Arc::new(Proxy::to(server.port()));
    let url = format!("memcached://{}", server.address());
    let by_proxy = Some(format!("memcached://127.0.0.1:{}", proxy.port()));
    let server = Arc::new(Mutex::new(server));
    let mut faults = of_servers(&server, &proxy);
    faults.push(direct("full", Bite::Errors, &server, |server, lasting| {
        // What callers delete makes room again.
        again_and_again(lasting, || fill(server));
        server.flush();
    }));
    Some(Ground {
        url,
        by_proxy,
        faults,
        _server: Box::new(server),
    })
}

/// Takes what room there is, for values of every size that is in use: large ones first, so that no
/// page is left for the small ones.
fn fill(server: &MemcachedServer) {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, server.port()));
    let mut stream = stream.unwrap_or_else(|error| panic!("memcached is not there: {error}"));
    let mut size = 6000;
    while size > 40 {
        let value = "f".repeat(size);
        for round in 0..1000 {
            let mut batch = String::new();
            for n in 0..100 {
                let _ = write!(batch, "ms filler{size}:{round}:{n} {size} q\r\n{value}\r\n");
            }
            batch.push_str("mn\r\n");
            if exchange(&mut stream, &batch).contains("SERVER_ERROR") {
                break;
            }
        }
        size = size * 5 / 6;
    }
}

fn exchange(stream: &mut TcpStream, batch: &str) -> String {
    let sent = stream.write_all(batch.as_bytes());
    sent.unwrap_or_else(|error| panic!("memcached takes nothing: {error}"));
    let (mut answer, mut piece) = (Vec::new(), [0; 4096]);
    while !answer.ends_with(b"MN\r\n") {
        match stream.read(&mut piece) {
            Ok(bytes @ 1..) => answer.extend_from_slice(&piece[..bytes]),
            outcome => panic!("memcached does not answer: {outcome:?}"),
        }
    }
    String::from_utf8_lossy(&answer).into_owned()
}
