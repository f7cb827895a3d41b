//! The progress of a `warm`: a bar for a person who watches, or whatever the caller does with it.

use std::io::{IsTerminal, Write, stderr};
use std::time::{Duration, Instant};

/// Who is informed.
#[derive(Default)]
pub(super) enum Listener {
    /// A person, if one watches.
    #[default]
    Watcher,
    Nobody,
    Caller(Box<dyn FnMut(usize, Option<usize>) + Send>),
}

/// How often a bar is drawn.
const PAUSE: Duration = Duration::from_millis(100);
const WIDTH: usize = 30;

pub(super) struct Progress {
    listener: Listener,
    done: usize,
    total: Option<usize>,
    // A person's time is the system's, whatever clock the cache uses.
    drawn: Option<Instant>,
}

impl Progress {
    /// `total`: how many there will be, if that is known.
    pub(super) fn new(listener: Listener, total: Option<usize>) -> Self {
        let listener = match listener {
            Listener::Watcher if !stderr().is_terminal() => Listener::Nobody,
            listener => listener,
        };
        Self {
            listener,
            done: 0,
            total,
            drawn: None,
        }
    }

    /// Counts one more item.
    pub(super) fn step(&mut self) {
        self.done += 1;
        match &mut self.listener {
            Listener::Nobody => {}
            Listener::Caller(told) => told(self.done, self.total),
            Listener::Watcher => {
                if self.drawn.is_none_or(|drawn| drawn.elapsed() >= PAUSE) {
                    self.drawn = Some(Instant::now());
                    draw(&bar(self.done, self.total));
                }
            }
        }
    }
}

// Also where the future is dropped: the line is left clean.
impl Drop for Progress {
    fn drop(&mut self) {
        if self.drawn.is_some() {
            draw("");
        }
    }
}

fn draw(text: &str) {
    // A progress bar must not make anything fail.
    let _ = write!(stderr(), "\r\x1b[2K{text}");
    let _ = stderr().flush();
}

fn bar(done: usize, total: Option<usize>) -> String {
    match total.filter(|total| (1..).contains(total)) {
        None => format!("warming: {done}"),
        Some(total) => {
            let full = (done * WIDTH / total).min(WIDTH);
            let (full, empty) = ("#".repeat(full), ".".repeat(WIDTH - full));
            format!("warming: [{full}{empty}] {done} of {total}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::bar;

    #[test]
    fn a_bar_grows() {
        assert_eq!(bar(7, None), "warming: 7");
        let half = "warming: [###############...............] 5 of 10";
        assert_eq!(bar(5, Some(10)), half);
        assert!(bar(11, Some(10)).contains(&"#".repeat(30)));
        assert_eq!(bar(0, Some(0)), "warming: 0");
    }
}
