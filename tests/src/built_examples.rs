//! The examples as programs: built by cargo, as a reader would, and found by name.

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;

/// Where the examples are, by name. Built with what `tests/run.sh` builds the tests with, so that nothing
/// is compiled twice. Panics if they do not build, with what cargo says.
pub static EXAMPLES: LazyLock<HashMap<String, PathBuf>> = LazyLock::new(build);

fn build() -> HashMap<String, PathBuf> {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut cargo = Command::new(program);
    // What cargo says of this test's package; crates whose build scripts look at such would be built
    // again, now for this and then for the next run of the tests.
    for (name, _) in std::env::vars_os() {
        let is_of_package = |name: &str| {
            ["CARGO_PKG_", "CARGO_MANIFEST_"]
                .iter()
                .any(|start| name.starts_with(start))
        };
        if name.to_str().is_some_and(is_of_package) {
            cargo.env_remove(name);
        }
    }
    let build = cargo
        .args(["build", "--workspace", "--exclude", "cache-benches"])
        .args([
            "--features",
            "cache-examples/all-stores,cache-web-examples/all-stores",
        ])
        .args(["--examples", "--message-format", "json"])
        .output()
        .expect("cargo runs");
    let errors = String::from_utf8_lossy(&build.stderr);
    assert!(build.status.success(), "{errors}");
    let said = String::from_utf8_lossy(&build.stdout);
    said.lines().filter_map(program_of).collect()
}

/// The program that a message of cargo tells of. It is called as its target is.
fn program_of(message: &str) -> Option<(String, PathBuf)> {
    let (_, rest) = message.split_once(r#""executable":""#)?;
    let (path, _) = rest.split_once('"')?;
    let path = PathBuf::from(path);
    Some((path.file_stem()?.to_str()?.to_owned(), path))
}
