//! Something else than Redis behind the port: it talks nonsense, hangs up, or never answers.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use crate::world::{Caller, World};

/// Whoever connects is served by `serve`, on a thread of his own.
fn listener(serve: fn(TcpStream)) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || serve(stream));
        }
    });
    port
}

/// Calls have the function's own result, in time, and what went wrong is counted.
fn calls_go_well(serve: fn(TcpStream)) {
    for caller in Caller::both() {
        let world = World::at_port(listener(serve));
        for id in 0..8 {
            caller.call(&world, id);
        }
        assert_eq!(world.runs(), 8);
        assert_eq!(world.stats().hits, 0);
        assert_eq!(world.stats().errors, 8);
        assert!(world.cache.blocking().ping().is_err());
        world.all_in_time();
    }
}

/// Answers everything that is said with these bytes.
fn parrot(mut stream: TcpStream, answer: &[u8]) {
    let mut heard = [0; 4096];
    while stream.read(&mut heard).is_ok_and(|count| count > 0) {
        if stream.write_all(answer).is_err() {
            return;
        }
    }
}

#[test]
fn nonsense() {
    calls_go_well(|stream| parrot(stream, b"\x00\xff\x13nonsense\r\n\r\n"));
}

#[test]
fn a_web_server() {
    calls_go_well(|stream| {
        parrot(
            stream,
            b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
        )
    });
}

#[test]
fn answers_of_the_wrong_kind() {
    calls_go_well(|stream| parrot(stream, b"*1\r\n:1\r\n*1\r\n:1\r\n*1\r\n:1\r\n"));
}

#[test]
fn lengths_beyond_all_reason() {
    calls_go_well(|stream| parrot(stream, b"$999999999999999999\r\nx"));
    calls_go_well(|stream| parrot(stream, b"*999999999999999999\r\n"));
    calls_go_well(|stream| parrot(stream, &b"*1\r\n".repeat(2000)));
}

#[test]
fn errors_to_everything() {
    calls_go_well(|stream| parrot(stream, b"-ERR no\r\n-ERR no\r\n-ERR no\r\n"));
}

#[test]
fn half_an_answer() {
    calls_go_well(|stream| parrot(stream, b"$100\r\nhalf"));
}

#[test]
fn it_hangs_up_at_once() {
    calls_go_well(drop);
}

#[test]
fn it_hangs_up_when_spoken_to() {
    calls_go_well(|mut stream| {
        let _ = stream.read(&mut [0; 1]);
    });
}

#[test]
fn it_never_answers() {
    calls_go_well(|mut stream| {
        let _ = stream.read_to_end(&mut Vec::new());
    });
}
