//! What a process does: write, or read, until it is told to stop.

use std::env;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use cache_runtime::cache_result;

use crate::notes::{Note, Notes, now};
use crate::truth::Truth;

pub(crate) const ROLE: &str = "PROCESSES_ROLE";
/// So many writes or looks it ends not before, unless they take too long.
pub(crate) const ENOUGH: &str = "PROCESSES_ENOUGH";
pub(crate) const FOLDER: &str = "PROCESSES_FOLDER";
/// The file whose presence ends all.
pub(crate) const STOP: &str = "stop";

static TRUTH: OnceLock<Truth> = OnceLock::new();

#[cache_result(timeout = 600, key_prefix = "truth")]
fn current() -> u64 {
    TRUTH.get().unwrap().read()
}

#[test]
#[ignore = "it is run by the others, as a process of its own"]
fn in_another_process() {
    let folder = PathBuf::from(env::var(FOLDER).unwrap());
    TRUTH.get_or_init(|| Truth::open(&folder));
    let role = env::var(ROLE).unwrap();
    let mut notes = Notes::create(&folder, &role);
    let enough: u64 = env::var(ENOUGH).unwrap().parse().unwrap();
    let start = Instant::now();
    let is_over = |done: u64| {
        let is_enough = done >= enough || start.elapsed() > Duration::from_secs(60);
        is_enough && folder.join(STOP).exists()
    };
    if role == "writer" {
        write(&mut notes, is_over);
    } else {
        read(&mut notes, is_over);
    }
}

fn write(notes: &mut Notes, is_over: impl Fn(u64) -> bool) {
    let mut writes = 0;
    while !is_over(writes) {
        writes += 1;
        let number = TRUTH.get().unwrap().grow();
        let from = now();
        // Where the store cannot be told, it is told later: nobody knows when.
        let is_told = current::entry().delete().is_ok();
        let to = if is_told { now() } else { u64::MAX };
        notes.add(Note { number, from, to });
        // Readers of this process have a copy too.
        current();
        thread::sleep(Duration::from_millis(
            20 + u64::from(std::process::id() % 10),
        ));
    }
}

fn read(notes: &mut Notes, is_over: impl Fn(u64) -> bool) {
    let mut seen: Option<Note> = None;
    let mut looks = 0_u64;
    while !looks.is_multiple_of(64) || !is_over(looks) {
        looks += 1;
        let from = now();
        let number = current();
        match &mut seen {
            Some(note) if note.number == number => note.to = from,
            _ => {
                if let Some(note) = seen.take() {
                    notes.add(note);
                }
                seen = Some(Note {
                    number,
                    from,
                    to: from,
                });
            }
        }
        thread::sleep(Duration::from_micros(200));
    }
    notes.add(seen.unwrap());
    // How often it looked, and how many of these were hits in process.
    notes.add(Note {
        number: 0,
        from: looks,
        to: current::stats().local_hits,
    });
}
