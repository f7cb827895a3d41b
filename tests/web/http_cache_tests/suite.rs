//! Runs the suite: its server, the proxy before it, and its client.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use cache_tests::built_examples::EXAMPLES;
use cache_tests::process::{Folder, Process, free_port, is_installed, may_skip};
use serde_json::Value;

const INSTALL: &str = "npm install --prefix target/tests/http-cache-tests http-cache-tests@0.4.5`, or \
                       set `CACHE_TESTS_SKIP=http-cache-tests";

/// Where the package is; `None` if it may be missing.
pub(crate) fn package() -> Option<PathBuf> {
    let folder = std::env::var_os("HTTP_CACHE_TESTS").map_or_else(
        || {
            let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
            root.join("target/tests/http-cache-tests/node_modules/http-cache-tests")
        },
        PathBuf::from,
    );
    if folder.join("cli.mjs").exists() && is_installed("node") {
        return Some(folder);
    }
    let is_meant = may_skip("http-cache-tests");
    assert!(
        is_meant,
        "there is no node or no {}: `{INSTALL}`",
        folder.display()
    );
    None
}

pub(crate) fn results(text: &str) -> HashMap<String, Value> {
    serde_json::from_str(text).unwrap()
}

/// The suite's server, and its port.
fn start(package: &Path, folder: &Folder) -> Option<(Process, String)> {
    let (port, pid) = (free_port().to_string(), folder.path().join("pid"));
    let mut server = Command::new("node");
    server
        .arg("server/server.mjs")
        .current_dir(package)
        .env("npm_config_protocol", "http")
        .env("npm_config_port", &port)
        .env("npm_config_pidfile", pid);
    let mut server = Process::spawn(&mut server, folder.path(), INSTALL);
    let is_up = server.wait_until(|| TcpStream::connect(format!("127.0.0.1:{port}")).is_ok());
    is_up.then_some((server, port))
}

/// Each case's result: `true`, or what went wrong.
pub(crate) fn run(package: &Path) -> HashMap<String, Value> {
    let folder = Folder::new("http-cache-tests");
    // Another may take the port first.
    let started = (0..5).find_map(|_| start(package, &folder));
    let (_server, port) = started.expect("the suite's server starts");

    let proxy = Proxy::before(&format!("http://127.0.0.1:{port}"));
    let client = Command::new("node")
        .args(["--no-warnings", "cli.mjs"])
        .current_dir(package)
        .env("npm_config_base", &proxy.url)
        // Else it looks for one case alone.
        .env("npm_config_id", "")
        .env("npm_package_config_id", "")
        .output()
        .expect("node runs");
    let text = String::from_utf8_lossy(&client.stdout);
    let errors = String::from_utf8_lossy(&client.stderr);
    assert!(text.starts_with('{'), "the suite's client: {text}{errors}");
    results(&text)
}

/// The example, on a port of its own.
struct Proxy {
    child: Child,
    url: String,
}

impl Proxy {
    fn before(upstream: &str) -> Self {
        let mut child = Command::new(&EXAMPLES["reverse_proxy"])
            .args(["127.0.0.1:0", upstream])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the example runs");
        let mut line = String::new();
        let stdout = child.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut line).unwrap();
        let url = line.split(' ').next().unwrap().to_owned();
        assert!(url.starts_with("http://"), "{line}");
        Self { child, url }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
