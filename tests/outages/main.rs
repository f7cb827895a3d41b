//! Every store by everything that can befall it: 64 callers of each kind call a cached function
//! while its server is killed, frozen, cut off, filled, and so on, and one table says what they
//! noticed: no failure, no wrong answer, no long wait, and hits again by themselves.
//!
//! `cargo test -p cache-tests --test outages` runs it all; words behind `--` choose stores (`redis`)
//! and faults (`killed`). With `CACHE_TESTS_LONG=1` every fault lasts longer. The table is written to
//! `target/outages.md` too.

mod choice;
mod crowd;
mod fault;
mod grounds;
mod ledger;
mod outage;
mod report;
mod witness;

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;
use std::{env, fs, thread};

use cache_tests::process::may_skip;
use choice::Choice;
use grounds::{GROUNDS, Site};
use outage::Times;
use report::Report;

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    if words.iter().any(|word| word == "--list") {
        for site in GROUNDS {
            println!("{}: test", site.name);
        }
        return ExitCode::SUCCESS;
    }
    let chosen = match Choice::of(&words) {
        Ok(chosen) => chosen,
        Err(word) => {
            eprintln!("neither a store nor a fault is called `{word}`");
            return ExitCode::FAILURE;
        }
    };
    let started = Instant::now();
    let report = run(&chosen, Times::chosen());
    println!("\n{:.1?} in all", started.elapsed());
    report.print_complaints();
    if chosen.is_all
        && let Some(path) = markdown_path()
        && let Err(error) = fs::write(&path, report.markdown())
    {
        eprintln!("{} cannot be written: {error}", path.display());
        return ExitCode::FAILURE;
    }
    let (passed, failed) = report.counts();
    println!("{passed} passed, {failed} failed");
    if failed == 0 && passed > 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// So many stores have their outages at the same time: most of it is waiting, but a machine that has
/// too much to do is no test of time limits.
const AT_ONCE: usize = 2;

fn run(chosen: &Choice, times: Times) -> Report {
    let report = Mutex::new(Report::default());
    let next = AtomicUsize::new(0);
    println!("{}", report::HEAD);
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(site) = chosen.sites.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let run = || run_site(site, chosen, times, &report);
                    if let Err(panic) = catch_unwind(AssertUnwindSafe(run)) {
                        report::add_broken(&report, site.name, text(&*panic));
                    }
                }
            });
        }
    });
    report
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn run_site(site: &Site, chosen: &Choice, times: Times, report: &Mutex<Report>) {
    let Some(mut ground) = (site.start)() else {
        assert!(may_skip(site.skip), "{} did not start", site.name);
        return;
    };
    let faults = std::mem::take(&mut ground.faults);
    for mut fault in faults {
        if chosen.wants(fault.name) {
            for row in outage::measure(site.name, &ground, &mut fault, times) {
                report::add(report, row);
            }
        }
    }
}

fn text(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("it panicked")
}

/// `outages.md` in the target folder: this program is at `target/<profile>/deps/outages-…`.
fn markdown_path() -> Option<PathBuf> {
    let program = env::current_exe().ok()?;
    Some(program.ancestors().nth(3)?.join("outages.md"))
}
