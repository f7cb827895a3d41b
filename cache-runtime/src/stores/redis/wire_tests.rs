//! Many callers on one connection, against a server that answers in pieces: everyone gets his own
//! answer, whoever leaves, and nobody waits longer than he may.

use std::future::Future;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Waker};
use std::thread;
use std::time::{Duration, Instant};

use futures_executor::block_on;
use redis::Value;
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

use super::commands::Request;
use super::config::RedisAddress;
use super::driver::no_news;
use super::packed::Packed;
use super::replies::Replies;
use super::socket;
use super::wire::Wire;

/// Numbers that look random, the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit).unwrap()
    }
}

/// Answers each command with its last part.
fn echo(mut stream: TcpStream) -> io::Result<()> {
    let (mut requests, mut dice) = (Replies::default(), Dice(7));
    let mut answers = Vec::new();
    loop {
        let bytes = stream.read(requests.inbox.room())?;
        if bytes == 0 {
            return Ok(());
        }
        requests.inbox.came(bytes);
        while let Some(request) = requests.next().unwrap() {
            let Value::Array(mut parts) = request else {
                panic!("no command: {request:?}");
            };
            let Some(Value::BulkString(text)) = parts.pop() else {
                panic!("no text: {parts:?}");
            };
            answers.extend_from_slice(format!("${}\r\n", text.len()).as_bytes());
            answers.extend_from_slice(&text);
            answers.extend_from_slice(b"\r\n");
        }
        while !answers.is_empty() {
            // Half of the time as little as a part of a number, otherwise a lot.
            let most = if dice.below(2) == 0 { 9 } else { 100_000 };
            let piece = answers.len().min(1 + dice.below(most));
            stream.write_all(&answers[..piece])?;
            answers.drain(..piece);
            if dice.below(16) == 0 {
                break;
            }
        }
    }
}

/// Starts the server that does this with its connection; its address.
fn server(serve: impl FnOnce(TcpStream) + Send + 'static) -> RedisAddress {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || serve(listener.accept().unwrap().0));
    RedisAddress::tcp("127.0.0.1", port)
}

/// A runtime on a thread of its own, until what is returned is dropped.
fn runtime() -> (Handle, oneshot::Sender<()>) {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let handle = runtime.handle().clone();
    let (stop, stopped) = oneshot::channel();
    thread::spawn(move || runtime.block_on(stopped));
    (handle, stop)
}

fn connect(runtime: &Handle, address: RedisAddress) -> Wire {
    let (ready, wire) = std::sync::mpsc::channel();
    runtime.spawn(async move {
        let (reader, writer) = socket::connect(&address, None).await.unwrap();
        let (wire, driver) = Wire::new(reader, writer, no_news());
        tokio::spawn(driver);
        ready.send(wire).unwrap();
    });
    wire.recv().unwrap()
}

fn request(texts: &[&[u8]]) -> Request {
    let mut packed = Packed::default();
    for text in texts {
        packed.add(&[b"ECHO", text]);
    }
    Request {
        bytes: packed.bytes,
        replies: texts.len(),
        is_pipeline: texts.len() > 1,
        repeatable: true,
    }
}

#[test]
fn everyone_gets_his_own_answer_whoever_leaves() {
    let (runtime, _stop) = runtime();
    let address = server(|stream| {
        // The pieces that it did not send go out with the next answer: so it ends with an error.
        let _ = echo(stream);
    });
    let wire = Arc::new(connect(&runtime, address));
    let callers = (1..=8).map(|caller| {
        let wire = Arc::clone(&wire);
        thread::spawn(move || {
            let mut dice = Dice(caller * 0x9e37_79b9);
            let mut answered = 0;
            for round in 0..300 {
                let most = if dice.below(20) == 0 { 300_000 } else { 100 };
                let text = format!("{caller} {round} ").repeat(1 + dice.below(most) / 8);
                let text = text.as_bytes();
                let several = request(&[text, b"2"]);
                let (request, expected) = if dice.below(4) == 0 {
                    let both = [text, b"2"].map(|text| Value::BulkString(text.to_vec()));
                    (several, Value::Array(both.into()))
                } else {
                    (request(&[text]), Value::BulkString(text.to_vec()))
                };
                let deadline = Instant::now() + Duration::from_millis(100);
                let mut call = pin!(wire.exchange(&request, Some(deadline)));
                if dice.below(4) == 0 {
                    let task = &mut Context::from_waker(Waker::noop());
                    assert!(call.as_mut().poll(task).is_pending());
                    // Leaves, at once or a little later.
                    thread::sleep(Duration::from_micros(dice.below(200) as u64));
                    continue;
                }
                match block_on(call) {
                    Ok(reply) => {
                        assert!(reply == expected, "{caller} {round}: not his answer");
                        answered += 1;
                    }
                    // The last pieces wait in the server until somebody asks again.
                    Err(error) => assert!(error.is_timeout(), "{error}"),
                }
            }
            answered
        })
    });
    let callers: Vec<_> = callers.collect();
    for caller in callers {
        let answered = caller.join().unwrap();
        assert!(answered > 100, "only {answered} answers");
    }
}

#[test]
fn each_caller_has_his_own_deadline() {
    let (runtime, _stop) = runtime();
    let address = server(|mut stream| drop(io::copy(&mut stream, &mut io::sink())));
    let wire = Arc::new(connect(&runtime, address));
    // Later ones end before earlier ones, too.
    let callers = [120, 40, 200, 80, 10].map(|limit| {
        let wire = Arc::clone(&wire);
        thread::spawn(move || {
            let start = Instant::now();
            let limit = Duration::from_millis(limit);
            let error = block_on(wire.exchange(&request(&[b"x"]), Some(start + limit)));
            assert!(error.unwrap_err().is_timeout());
            let took = start.elapsed();
            assert!(
                took >= limit && took < limit + Duration::from_millis(60),
                "{took:?} of {limit:?}"
            );
        })
    });
    for caller in callers {
        caller.join().unwrap();
    }
}

#[test]
fn the_end_of_a_connection_reaches_everybody() {
    for answer in [
        "",
        "+what nobody asked for\r\n+OK\r\n+OK\r\n+OK\r\n",
        "HTTP/1.1 400\r\n",
    ] {
        let (runtime, stop) = runtime();
        let address = server(move |mut stream| {
            // Until both requests are there.
            let mut seen = 0;
            while seen < 2 * request(&[b"x"]).bytes.len() {
                seen += stream.read(&mut [0; 64]).unwrap();
            }
            stream.write_all(answer.as_bytes()).unwrap();
            if !answer.is_empty() {
                // The other side hangs up.
                drop(io::copy(&mut stream, &mut io::sink()));
            }
        });
        let wire = connect(&runtime, address);
        let callers = thread::scope(|scope| {
            let callers = [0, 1].map(|_| {
                scope.spawn(|| {
                    let deadline = Some(Instant::now() + Duration::from_secs(5));
                    block_on(wire.exchange(&request(&[b"x"]), deadline))
                })
            });
            callers.map(|caller| caller.join().unwrap())
        });
        if !answer.starts_with('+') {
            for outcome in callers {
                let error = outcome.unwrap_err();
                assert!(error.is_io_error() && !error.is_timeout(), "{error}");
            }
        }
        let later = block_on(wire.exchange(&request(&[b"x"]), None)).unwrap_err();
        assert!(later.is_io_error(), "{later}");
        drop(stop);
    }
    // The end of the runtime is one, too.
    let (runtime, stop) = runtime();
    let address = server(|mut stream| drop(io::copy(&mut stream, &mut io::sink())));
    let wire = connect(&runtime, address);
    thread::scope(|scope| {
        let caller = scope.spawn(|| block_on(wire.exchange(&request(&[b"x"]), None)));
        thread::sleep(Duration::from_millis(20));
        drop(stop);
        assert!(caller.join().unwrap().unwrap_err().is_io_error());
    });
}
