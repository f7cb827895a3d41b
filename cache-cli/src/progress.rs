//! The progress of long work, on a terminal: a line that is redrawn, and removed in the end.

use std::future::Future;
use std::io::{IsTerminal, Write, stderr};
use std::pin::pin;
use std::time::{Duration, Instant};

/// How often it is drawn.
const PAUSE: Duration = Duration::from_millis(100);
/// Work that is done sooner needs no progress line.
const SOON: Duration = Duration::from_millis(500);

/// Counts what is done.
#[derive(Debug)]
pub(crate) struct Progress {
    doing: &'static str,
    total: usize,
    is_watched: bool,
    began: Instant,
    drawn: Option<Instant>,
}

impl Progress {
    pub(crate) fn new(doing: &'static str, total: usize) -> Self {
        Self {
            doing,
            total,
            is_watched: stderr().is_terminal(),
            began: Instant::now(),
            drawn: None,
        }
    }

    /// Reports how many are done.
    pub(crate) fn at(&mut self, done: usize) {
        let text = |this: &Self| format!("{}: {done} of {}", this.doing, this.total);
        self.draw(text);
    }

    fn draw(&mut self, text: impl FnOnce(&Self) -> String) {
        if self.is_watched && self.is_due(Instant::now()) {
            draw(&text(self));
        }
    }

    /// Returns whether it is time to draw, and restarts the wait if so.
    fn is_due(&mut self, now: Instant) -> bool {
        let is_due = match self.drawn {
            Some(drawn) => now.duration_since(drawn) >= PAUSE,
            None => now.duration_since(self.began) >= SOON,
        };
        if is_due {
            self.drawn = Some(now);
        }
        is_due
    }

    /// Returns the future's output, showing meanwhile how long that takes.
    pub(crate) async fn during<T>(doing: &'static str, work: impl Future<Output = T>) -> T {
        let mut progress = Self::new(doing, 0);
        let mut work = pin!(work);
        loop {
            if let Ok(done) = tokio::time::timeout(PAUSE, &mut work).await {
                return done;
            }
            progress.draw(|this| format!("{}: {} s", this.doing, this.began.elapsed().as_secs()));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.drawn.is_some() {
            draw("");
        }
    }
}

fn draw(text: &str) {
    // A progress line must not make a command fail.
    let _ = write!(stderr(), "\r\x1b[2K{text}");
    let _ = stderr().flush();
}

#[cfg(test)]
mod tests {
    use super::{PAUSE, Progress, SOON};

    #[test]
    fn only_long_work_is_drawn_and_not_too_often() {
        let mut progress = Progress::new("testing", 3);
        let began = progress.began;
        assert!(!progress.is_due(began + SOON / 2));
        assert!(progress.is_due(began + SOON));
        assert!(!progress.is_due(began + SOON + PAUSE / 2));
        assert!(progress.is_due(began + SOON + PAUSE));
        // Nothing was drawn that would have to be wiped away.
        progress.drawn = None;
    }
}
