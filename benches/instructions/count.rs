//! Counting with valgrind: the same program twice, the difference divided by the difference in calls.

use std::process::Command;

const FEW: u64 = 1_000;
const MANY: u64 = 3_000;

/// Instructions of one call of this way.
pub(crate) fn per_call(name: &str) -> Result<f64, String> {
    let few = total(name, FEW)?;
    let many = total(name, MANY)?;
    Ok((many - few) as f64 / (MANY - FEW) as f64)
}

fn total(name: &str, times: u64) -> Result<u64, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args(["run", name, &times.to_string()])
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .output()
        .map_err(|error| format!("valgrind: {error}; it is `apt-get install valgrind`"))?;
    let text = String::from_utf8_lossy(&output.stderr);
    let collected = text
        .lines()
        .find_map(|line| line.split_once("Collected : "));
    match collected.map(|(_, count)| count.trim().parse()) {
        Some(Ok(count)) if output.status.success() => Ok(count),
        _ => Err(format!("valgrind did not count {name}:\n{text}")),
    }
}
