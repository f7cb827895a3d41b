//! The WebDriver protocol, as far as these tests speak it: JSON over HTTP to a `chromedriver` of their own.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};
use std::time::Duration;

use cache_tests::process::{Folder, Process, free_port, watch};
use serde_json::Value;

const INSTALL: &str =
    "apt-get install -y chromium chromium-driver`, or set `CACHE_TESTS_SKIP=chromium";

/// A running `chromedriver`.
pub(crate) struct WebDriver {
    // Before the folder: it is dropped first.
    process: Process,
    /// Kills the browsers too if this process ends without dropping this; they outlive their driver.
    watchdog: Option<Child>,
    port: u16,
    pub(crate) folder: Folder,
}

impl WebDriver {
    pub(crate) fn start() -> Self {
        // Another process may take a port before the driver does.
        for _ in 0..5 {
            let (port, folder) = (free_port(), Folder::new("chromium"));
            let mut command = Command::new("chromedriver");
            command
                .arg(format!("--port={port}"))
                // A browser keeps reports of crashes at home.
                .env("HOME", folder.path())
                .env("TMPDIR", folder.path())
                .process_group(0);
            let mut process = Process::spawn(&mut command, folder.path(), INSTALL);
            let is_up = || TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok();
            if process.wait_until(is_up) {
                let group = format!("-{}", process.id());
                return Self {
                    watchdog: watch(&group, folder.path()),
                    process,
                    port,
                    folder,
                };
            }
        }
        panic!("chromedriver does not start");
    }

    /// What it answers.
    ///
    /// # Panics
    ///
    /// If that is an error.
    pub(crate) fn ask(&self, method: &str, path: &str, body: &Value) -> Value {
        let answer = self.try_ask(method, path, body);
        answer.unwrap_or_else(|error| panic!("{method} {path} {body}: {error}"))
    }

    /// The same, or its error.
    pub(crate) fn try_ask(&self, method: &str, path: &str, body: &Value) -> Result<Value, String> {
        let (status, text) = self.exchange(method, path, &body.to_string());
        let mut answer: Value = serde_json::from_str(&text).unwrap();
        let value = answer["value"].take();
        if status == 200 {
            Ok(value)
        } else {
            Err(format!("{}: {}", value["error"], value["message"]))
        }
    }

    fn exchange(&self, method: &str, path: &str, body: &str) -> (u16, String) {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(60)))
            .unwrap();
        // Others than these have no body.
        let body = if method == "POST" { body } else { "" };
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.port,
            body.len(),
        )
        .unwrap();
        let mut answer = BufReader::new(stream);
        let mut line = String::new();
        answer.read_line(&mut line).unwrap();
        let status = line.split(' ').nth(1).unwrap().parse().unwrap();
        let mut length = 0;
        loop {
            line.clear();
            answer.read_line(&mut line).unwrap();
            let Some((name, value)) = line.trim_end().split_once(':') else {
                break;
            };
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().unwrap();
            }
        }
        let mut text = vec![0; length];
        answer.read_exact(&mut text).unwrap();
        (status, String::from_utf8(text).unwrap())
    }
}

impl Drop for WebDriver {
    fn drop(&mut self) {
        if let Some(mut watchdog) = self.watchdog.take() {
            let _ = watchdog.kill();
            let _ = watchdog.wait();
        }
        self.process.kill();
    }
}
