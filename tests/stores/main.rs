//! Every store by every behaviour: starts the servers, runs the suite, and prints one table.
//!
//! `cargo test -p cache-tests --test stores` runs it all; words behind `--` choose columns by name
//! (`redis`) and behaviours by theme or name (`clear`). The table is written to `target/stores.md` too.

mod columns;
mod own_store;

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;
use std::{env, fs, thread};

use cache_runtime::testing::conformance::{Report, Suite, behaviours};
use columns::Column;

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    if words.iter().any(|word| word == "--list") {
        for column in columns::all() {
            println!("{}: test", column.name);
        }
        return ExitCode::SUCCESS;
    }
    let chosen = match Choice::of(&words) {
        Ok(chosen) => chosen,
        Err(word) => {
            eprintln!("neither a column nor a behaviour has `{word}` in its name");
            return ExitCode::FAILURE;
        }
    };
    let started = Instant::now();
    let table = run(&chosen);
    println!("\n{table}\n\n{:.1?} in all", started.elapsed());
    if chosen.is_all
        && let Some(path) = markdown_path()
        && let Err(error) = fs::write(&path, table.markdown())
    {
        eprintln!("{} cannot be written: {error}", path.display());
        return ExitCode::FAILURE;
    }
    if table.has_passed() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// So many columns run at the same time: most of it is waiting for what expires, but a machine that
/// has too much to do is no test of time limits.
const AT_ONCE: usize = 2;

fn run(chosen: &Choice) -> Report {
    let next = AtomicUsize::new(0);
    let reports: Vec<_> = chosen.columns.iter().map(|_| OnceLock::new()).collect();
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some((column, report)) = {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    chosen.columns.get(at).zip(reports.get(at))
                } {
                    let run = || run_column(column, &chosen.behaviours);
                    let ran = catch_unwind(AssertUnwindSafe(run));
                    let _ = report.set(ran.unwrap_or_else(|panic| broken(column.name, &*panic)));
                }
            });
        }
    });
    let reports = reports.into_iter().filter_map(OnceLock::into_inner);
    reports.flatten().fold(Report::default(), Report::beside)
}

/// `None` if the column was skipped.
fn run_column(column: &Column, behaviours: &[String]) -> Option<Report> {
    let started = Instant::now();
    let opened = (column.open)()?;
    let report = only(opened.suite, behaviours).run().as_column(column.name);
    let (kept, unable, broken) = report.counts();
    println!(
        "{}: {kept} kept, {unable} not to be done, {broken} not kept, in {:.1?}",
        column.name,
        started.elapsed()
    );
    drop(opened.server);
    Some(report)
}

fn only(suite: Suite, behaviours: &[String]) -> Suite {
    behaviours
        .iter()
        .fold(suite, |suite, word| suite.only(word))
}

/// A server that does not start has failed, and the other columns go on.
fn broken(name: &str, panic: &(dyn Any + Send)) -> Option<Report> {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    Some(Report::broken_column(name, text.unwrap_or("it panicked")))
}

/// What the words on the command line choose.
struct Choice {
    columns: Vec<Column>,
    behaviours: Vec<String>,
    is_all: bool,
}

impl Choice {
    /// The word that chooses nothing, where there is one.
    fn of(words: &[String]) -> Result<Self, String> {
        let mut columns = columns::all();
        let (mut named, mut wanted) = (Vec::new(), Vec::new());
        // What `cargo test` passes on to other test programs is not for us.
        let words = words.iter().filter(|word| !word.starts_with('-'));
        let mut is_all = true;
        for word in words {
            is_all = false;
            if columns.iter().any(|column| column.name.contains(&**word)) {
                named.push(word);
                continue;
            }
            let has = |name: &str| name.contains(&**word);
            if !behaviours()
                .iter()
                .any(|known| has(known.name()) || known.theme() == word)
            {
                return Err(word.clone());
            }
            wanted.push(word.clone());
        }
        let is_named =
            |column: &Column| named.iter().any(|word| column.name.contains(word.as_str()));
        columns.retain(|column| named.is_empty() || is_named(column));
        Ok(Self {
            columns,
            behaviours: wanted,
            is_all,
        })
    }
}

/// `stores.md` in the target folder: this program is at `target/<profile>/deps/stores-…`.
fn markdown_path() -> Option<PathBuf> {
    let program = env::current_exe().ok()?;
    Some(program.ancestors().nth(3)?.join("stores.md"))
}
