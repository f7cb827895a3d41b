//! The table of `docs/design/thousand-nodes.md`.

use crate::fleet::{Fleet, Ways};
use crate::run::run;
use crate::tally::Tally;

/// The variants, and of how many expiries the average is taken.
fn variants() -> Vec<(&'static str, Ways, usize)> {
    let plain = Ways::PLAIN;
    vec![
        ("no level, no single flight", plain.far().everyone(), 5),
        ("no level", plain.far(), 50),
        ("no level, `lock`", plain.far().lock(), 50),
        ("no level, `early`", plain.far().early(), 50),
        (
            "no level, `stale`, `soft_timeout = 0`",
            plain.far().behind(),
            50,
        ),
        ("plain", plain, 50),
        ("`jitter`", plain.jitter(), 50),
        ("`lock`", plain.lock(), 50),
        ("`early`", plain.early(), 50),
        ("`early`, `lock`", plain.early().lock(), 50),
        ("`refresh_ahead`", plain.refresh_ahead(), 20),
        ("`refresh_ahead`, `lock`", plain.refresh_ahead().lock(), 10),
        ("`stale`", plain.stale(), 20),
        ("`stale`, `lock`", plain.stale().lock(), 10),
        ("`stale`, `soft_timeout = 0`", plain.behind(), 20),
        (
            "`stale`, `soft_timeout = 0`, `lock`",
            plain.behind().lock(),
            10,
        ),
        ("no news: plain", plain.deaf(), 20),
        ("no news: `lock`", plain.lock().deaf(), 20),
        ("no news: `early`", plain.early().deaf(), 20),
        ("no news: `early`, `lock`", plain.early().lock().deaf(), 20),
        ("better: `lock`", plain.lock().proposed(), 50),
    ]
}

pub(crate) fn print(rate: f64) {
    println!("\n### {rate} reads a second on each of 1,000 nodes\n");
    println!(
        "| | executions | store reads | writes | lock commands | busiest 10 ms | told, heard | waited | p50, p99 | stale |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
    for (name, ways, expiries) in variants() {
        let tally = run(Fleet::reading(rate), ways, expiries);
        row(name, &tally);
    }
}

fn row(name: &str, tally: &Tally) {
    let mean = tally.mean();
    let wait = |share| {
        tally
            .wait(share)
            .map_or("–".to_owned(), |wait| format!("{wait:.0}"))
    };
    println!(
        "| {name} | {} | {} | {} | {} | {} | {}, {} | {} | {}, {} ms | {} |",
        figure(mean.executions),
        figure(mean.store_reads),
        figure(mean.store_writes),
        figure(mean.lock_commands),
        figure(mean.busiest),
        figure(mean.published),
        figure(mean.delivered),
        figure(mean.waited),
        wait(0.5),
        wait(0.99),
        figure(mean.stale),
    );
}

/// Small ones with a part, large ones with commas.
fn figure(number: f64) -> String {
    if number < 100.0 {
        let text = format!("{number:.1}");
        return text.trim_end_matches(".0").to_owned();
    }
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
