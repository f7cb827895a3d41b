//! First call, next calls, and how much faster they are: measured and printed.

use std::hint::black_box;
use std::time::{Duration, Instant};

/// How long the next calls are measured.
const BUDGET: Duration = Duration::from_millis(300);

/// Measured functions.
pub struct Report(Vec<Line>);

struct Line {
    what: &'static str,
    first: Duration,
    next: Duration,
}

impl Report {
    pub fn new() -> Self {
        Self(Vec::new())
    }

    /// Calls `f` once, and then again and again.
    pub fn measure<T, E>(
        &mut self,
        what: &'static str,
        f: impl Fn() -> Result<T, E>,
    ) -> Result<(), E> {
        let started = Instant::now();
        black_box(f()?);
        let first = started.elapsed();

        let mut calls = 0;
        let started = Instant::now();
        while started.elapsed() < BUDGET {
            for _ in 0..100 {
                black_box(f()?);
            }
            calls += 100;
        }
        let next = started.elapsed() / calls;
        self.0.push(Line { what, first, next });
        Ok(())
    }

    pub fn print(&self) {
        println!(
            "{:<24} {:>12} {:>12} {:>10}",
            "", "first call", "next calls", "speed-up"
        );
        for Line { what, first, next } in &self.0 {
            let times = first.as_secs_f64() / next.as_secs_f64();
            println!(
                "{what:<24} {:>12} {:>12} {:>9.0}x",
                format!("{first:.1?}"),
                format!("{next:.1?}"),
                times
            );
        }
    }
}
