//! Eight processes, and what their notes say.

use std::env;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use cache_tests::process::Folder;
use cache_tests::pulse::Pulse;

use crate::child::{ENOUGH, FOLDER, ROLE, STOP};
use crate::notes::{self, Note};

pub(crate) struct Troupe {
    folder: Folder,
    readers: Vec<Child>,
    writers: Vec<Child>,
    pulse: Pulse,
}

/// Of each kind.
const PROCESSES: u64 = 4;

/// What a process may wait for its turn on a machine that is busy, and beyond that what is seen.
const BUSY: Duration = Duration::from_millis(500);

/// What was found in the notes.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) writes: usize,
    pub(crate) looks: u64,
    /// From a delete that was answered to the first look of another process that saw its number.
    pub(crate) median: Duration,
    pub(crate) p99: Duration,
    /// How long ago what was seen had been deleted, at the most.
    pub(crate) oldest: Duration,
    /// The same in the last second.
    pub(crate) last: Duration,
    /// What the machine may have kept each step from, and what a process in all.
    pub(crate) stood_still: Duration,
    pub(crate) waits: Duration,
}

impl Found {
    pub(crate) fn are_enough(&self, writes: u64, looks: u64) {
        let is_enough = self.writes as u64 > writes && self.looks > looks;
        assert!(is_enough, "{self:?}");
    }
}

/// Which does so much before it ends, if it can.
fn begin(folder: &Path, url: &str, role: &str, enough: u64) -> Child {
    Command::new(env::current_exe().unwrap())
        .args([
            "--ignored",
            "--exact",
            "child::in_another_process",
            "--nocapture",
        ])
        .env("CACHE_URL", format!("{url}&key_prefix=app"))
        .env(ROLE, role)
        .env(ENOUGH, enough.to_string())
        .env(FOLDER, folder)
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

impl Troupe {
    /// The URL has options. More than so many writes and looks there will be, on a slow machine too.
    pub(crate) fn begin(url: &str, writes: u64, looks: u64) -> Self {
        let folder = Folder::new("processes");
        let many = |role, enough| {
            let share = enough / PROCESSES + 1;
            let processes = (0..PROCESSES).map(|_| begin(folder.path(), url, role, share));
            processes.collect()
        };
        let troupe = Self {
            readers: many("reader", looks),
            writers: many("writer", writes),
            folder,
            pulse: Pulse::start(),
        };
        thread::sleep(Duration::from_millis(500));
        troupe
    }

    /// A reader gets no time for so long.
    pub(crate) fn pause_a_reader(&self, time: Duration) {
        let id = self.readers[0].id().to_string();
        let kill = |signal: &str| {
            assert!(
                Command::new("kill")
                    .args([signal, &id])
                    .status()
                    .unwrap()
                    .success()
            );
        };
        kill("-STOP");
        thread::sleep(time);
        kill("-CONT");
    }

    pub(crate) fn end(mut self) -> Found {
        fs::write(self.folder.path().join(STOP), "").unwrap();
        for process in self.readers.iter_mut().chain(&mut self.writers) {
            assert!(process.wait().unwrap().success());
        }
        let writers = notes::read(self.folder.path(), "writer");
        let mut readers = notes::read(self.folder.path(), "reader");
        let counts: Vec<Note> = readers
            .iter_mut()
            .map(|notes| notes.pop().unwrap())
            .collect();
        for Note {
            from: looks,
            to: hits,
            ..
        } in &counts
        {
            println!("a reader: {looks} looks, {hits} hits in process");
        }
        let mut writes: Vec<Note> = writers.into_iter().flatten().collect();
        writes.sort_by_key(|write| write.number);
        let mut delays = Vec::new();
        for seen in &readers {
            never_back(&writes, seen);
            delays.extend(delays_of(&writes, seen));
        }
        delays.sort_unstable();
        let ages = readers.iter().flat_map(|seen| ages_of(&writes, seen));
        let ages: Vec<(u64, u64)> = ages.collect();
        let end = ages.iter().map(|(at, _)| *at).max().unwrap();
        let oldest = |since: u64| {
            let recent = ages.iter().filter(|(at, _)| *at >= since);
            Duration::from_micros(recent.map(|(_, age)| *age).max().unwrap_or_default())
        };
        let at = |share: usize| Duration::from_micros(delays[(delays.len() - 1) * share / 100]);
        Found {
            writes: writes.len(),
            looks: counts.iter().map(|count| count.from).sum(),
            median: at(50),
            p99: at(99),
            oldest: oldest(0),
            last: oldest(end - 1_000_000),
            stood_still: self.pulse.stood_still(),
            waits: BUSY + self.pulse.allowance(),
        }
    }
}

impl Drop for Troupe {
    fn drop(&mut self) {
        for process in self.readers.iter_mut().chain(&mut self.writers) {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

/// Once a number has been seen whose delete had been answered, no smaller one is seen.
fn never_back(writes: &[Note], seen: &[Note]) {
    let mut floor = 0;
    for note in seen {
        assert!(note.number >= floor, "back from {floor}: {note:?}");
        let write = number(writes, note.number);
        if write.is_some_and(|write| write.to <= note.to) {
            floor = note.number;
        }
    }
}

fn number(writes: &[Note], number: u64) -> Option<&Note> {
    let at = writes
        .binary_search_by_key(&number, |write| write.number)
        .ok()?;
    writes.get(at)
}

/// For each number that was not seen before its delete was answered: how long that took.
fn delays_of(writes: &[Note], seen: &[Note]) -> Vec<u64> {
    let mut delays = Vec::new();
    let mut next = 0;
    for write in writes.iter().filter(|write| write.to < u64::MAX) {
        while next < seen.len() && seen[next].number < write.number {
            next += 1;
        }
        if let Some(first) = seen.get(next) {
            delays.push(first.from.saturating_sub(write.to));
        }
    }
    delays
}

/// For each number that was seen: at the last look, how long ago the first greater one's delete had been
/// answered.
fn ages_of(writes: &[Note], seen: &[Note]) -> Vec<(u64, u64)> {
    let mut ages = Vec::new();
    for note in seen {
        let from = writes.partition_point(|write| write.number <= note.number);
        let first = writes[from..].iter().map(|write| write.to).min();
        let age = first.map_or(0, |first| note.to.saturating_sub(first));
        ages.push((note.to, age));
    }
    ages
}
