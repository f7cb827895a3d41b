//! The figures agree with what is derived on paper, and what has been mended stays so.

use std::time::Duration;

use crate::fleet::{Fleet, Ways};
use crate::many::at_once;
use crate::paper;
use crate::run::run;
use crate::tally::{Counts, Tally};

const PLAIN: Ways = Ways::PLAIN;

fn quiet() -> Fleet {
    Fleet::reading(10.0)
}

fn busy() -> Fleet {
    Fleet::reading(1000.0)
}

/// As busy, but a tenth of the nodes.
fn few() -> Fleet {
    Fleet {
        nodes: 100,
        ..busy()
    }
}

fn of(fleet: Fleet, ways: Ways) -> Counts {
    run(fleet, ways, 5).mean()
}

fn about(figure: f64, expected: f64, share: f64) {
    let is_so = (figure - expected).abs() <= expected * share;
    assert!(is_so, "{figure} is not about {expected}");
}

fn each(tally: &Tally, executions: f64) {
    let all = tally.expiries.iter();
    let all: Vec<f64> = all.map(|counts| counts.executions).collect();
    assert!(all.iter().all(|count| *count == executions), "{all:?}");
}

#[test]
fn it_comes_out_the_same_every_time() {
    let twice = [(); 2].map(|()| of(quiet(), PLAIN.early()));
    assert_eq!(format!("{:?}", twice[0]), format!("{:?}", twice[1]));
}

#[test]
fn without_anything_each_node_that_reads_meanwhile_runs_it() {
    for fleet in [quiet(), busy()] {
        for ways in [PLAIN, PLAIN.far()] {
            let counts = of(fleet, ways);
            about(counts.executions, paper::nodes_that_miss(&fleet), 0.03);
            assert_eq!(
                counts.published, 0.0,
                "where there was nothing there is no news"
            );
        }
    }
}

#[test]
fn without_single_flight_each_read_runs_it() {
    for fleet in [quiet(), few()] {
        let counts = of(fleet, PLAIN.far().everyone());
        about(counts.executions, paper::reads_that_miss(&fleet), 0.03);
    }
}

#[test]
fn jitter_does_nothing_for_one_entry() {
    about(of(busy(), PLAIN.jitter()).executions, 1000.0, 0.001);
    let plain = paper::nodes_that_miss(&quiet());
    about(of(quiet(), PLAIN.jitter()).executions, plain, 0.03);
}

#[test]
fn jitter_spreads_many_entries() {
    let (minute, cost) = (Duration::from_secs(60), Duration::from_millis(200));
    assert_eq!(at_once(1000, minute, cost, 0.0, 3), [1000, 1000, 1000]);
    let peaks = at_once(1000, minute, cost, 0.1, 3);
    // On the average 1000 entries × 0.2 s / 6 s = 33.
    assert!((33..66).contains(&peaks[0]), "{peaks:?}");
    assert!(
        peaks[2] < peaks[0],
        "each time they are further apart: {peaks:?}"
    );
}

#[test]
fn a_lock_makes_it_one_and_costs_attempts() {
    for ways in [PLAIN.lock(), PLAIN.lock().far(), PLAIN.lock().deaf()] {
        let tally = run(busy(), ways, 5);
        each(&tally, 1.0);
        let attempts = 999.0 * paper::attempts_at_a_lock(&busy());
        about(tally.mean().lock_commands, attempts, 0.01);
        let longest = tally.wait(1.0).unwrap();
        assert!(
            (200.0..256.0).contains(&longest),
            "a pause at the most: {longest}"
        );
    }
}

#[test]
fn early_runs_it_e_times_on_the_average() {
    // As many reads as of a thousand nodes, by fewer of them.
    let fleet = Fleet {
        nodes: 100,
        ..Fleet::reading(100.0)
    };
    let tally = run(fleet, PLAIN.early(), 600);
    let counts = tally.expiries.iter().map(|counts| counts.executions);
    let counts: Vec<f64> = counts.collect();
    let single = paper::share_of_single_executions(&fleet);
    let mean = counts.iter().sum::<f64>() / counts.len() as f64;
    about(mean, 1.0 / single, 0.1);
    for n in 1..=3 {
        let share = counts
            .iter()
            .filter(|count| **count == f64::from(n))
            .count();
        let share = share as f64 / counts.len() as f64;
        let geometric = single * (1.0 - single).powi(n - 1);
        assert!(
            (share - geometric).abs() < 0.06,
            "{n}: {share}, {geometric}"
        );
    }
    assert_eq!(tally.mean().stale, 0.0);
}

#[test]
fn early_with_a_lock_runs_it_once_and_one_caller_waits() {
    let tally = run(busy(), PLAIN.early().lock(), 20);
    assert!(tally.mean().executions <= 1.1, "{:?}", tally.mean());
    assert!(tally.mean().lock_commands < 10.0, "{:?}", tally.mean());
    assert!(tally.mean().waited <= 1.1, "{:?}", tally.mean());
}

#[test]
fn renewals_of_many_nodes_leave_each_other_alone() {
    for ways in [PLAIN.refresh_ahead(), PLAIN.behind()] {
        let counts = of(busy(), ways);
        about(counts.executions, 1000.0, 0.001);
        assert_eq!(counts.store_writes, counts.executions);
        assert_eq!(counts.waited, 0.0, "there is a value");
    }
}

#[test]
fn who_has_got_the_lock_sees_that_it_has_been_done() {
    for ways in [PLAIN.refresh_ahead(), PLAIN.stale(), PLAIN.behind()] {
        let tally = run(few(), ways.lock(), 5);
        each(&tally, 1.0);
        let attempts = 99.0 * paper::attempts_with_an_old_value(&few());
        about(tally.mean().lock_commands, attempts + 2.0, 0.05);
    }
}

#[test]
fn early_goes_by_the_end_of_the_entry_and_not_of_copies() {
    let counts = of(busy(), PLAIN.early().deaf());
    assert!(counts.executions < 10.0, "{counts:?}");
}

// What could be better.

#[test]
fn who_waits_for_a_lock_could_ask_less() {
    let (now, better) = (PLAIN.lock(), PLAIN.lock().proposed());
    let commands = |ways| {
        let counts = of(busy(), ways);
        counts.store_reads + counts.lock_commands
    };
    let (now, better) = (commands(now), commands(better));
    assert!(better < 0.7 * now, "{better} of {now}");
}

#[test]
fn an_old_copy_is_served_without_a_look_while_another_renews_it() {
    let now = of(few(), PLAIN.behind().lock());
    assert!(now.store_reads < 1_000.0, "{now:?}");
}
