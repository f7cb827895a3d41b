//! How long the machine itself stood still: what a call waited for that, the library cannot help.

use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

const BEAT: Duration = Duration::from_millis(5);
const NOT_WORTH_A_NOTE: Duration = Duration::from_millis(1);

/// How long a thread was kept from running since a moment, by one for the whole process that wants to
/// run every few milliseconds.
///
/// ```
/// use std::time::Duration;
/// use cache_tests::pulse::Pulse;
///
/// let pulse = Pulse::start();
/// std::thread::sleep(Duration::from_millis(20));
/// assert!(pulse.stood_still() < Duration::from_secs(10));
/// ```
#[derive(Debug)]
pub struct Pulse {
    since: Instant,
}

/// What the thread has seen.
struct Beats {
    last: Instant,
    /// When it ran too late, and by how much.
    late: Vec<(Instant, Duration)>,
}

impl Pulse {
    /// Looks from now on.
    #[must_use]
    pub fn start() -> Self {
        beats();
        Self {
            since: Instant::now(),
        }
    }

    /// The longest time since then that the thread could not run.
    #[must_use]
    pub fn stood_still(&self) -> Duration {
        self.late(Duration::max)
    }

    /// What a limit has to allow for that: what is waited for passes through several threads and a
    /// server, and each of them may be kept waiting.
    #[must_use]
    pub fn allowance(&self) -> Duration {
        3 * self.stood_still()
    }

    /// How long ago that was, for one call: without the allowance, or all the times that the thread could
    /// not run, if they are more.
    #[must_use]
    pub fn time(&self) -> Duration {
        let late = self.late(Duration::saturating_add).max(self.allowance());
        self.since.elapsed().saturating_sub(late)
    }

    fn late(&self, of_two: fn(Duration, Duration) -> Duration) -> Duration {
        let beats = beats().lock().unwrap_or_else(PoisonError::into_inner);
        let late = beats.late.iter().rev();
        let late = late.take_while(|(end, _)| *end >= self.since);
        // It may not have run yet, now that it should.
        let now = beats.last.elapsed().saturating_sub(BEAT);
        late.map(|(_, time)| *time).fold(now, of_two)
    }
}

fn beats() -> &'static Mutex<Beats> {
    static BEATS: OnceLock<Mutex<Beats>> = OnceLock::new();
    BEATS.get_or_init(|| {
        thread::spawn(beat);
        Mutex::new(Beats {
            last: Instant::now(),
            late: Vec::new(),
        })
    })
}

fn beat() {
    loop {
        thread::sleep(BEAT);
        let mut beats = beats().lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let late = (now - beats.last).saturating_sub(BEAT);
        if late > NOT_WORTH_A_NOTE {
            beats.late.push((now, late));
        }
        beats.last = now;
    }
}
