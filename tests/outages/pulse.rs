//! How long the machine itself stood still: what a call waited for that, the library cannot help.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

const BEAT: Duration = Duration::from_millis(5);

/// A thread that wants to run every few milliseconds, and notes when it may not.
pub(crate) struct Pulse {
    worst_micros: Arc<AtomicU64>,
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Pulse {
    pub(crate) fn start() -> Self {
        let (worst_micros, is_over) = (Arc::new(AtomicU64::new(0)), Arc::default());
        let (worst, over) = (Arc::clone(&worst_micros), Arc::clone(&is_over));
        let thread = thread::spawn(move || {
            while !AtomicBool::load(&over, Ordering::Relaxed) {
                let start = Instant::now();
                thread::sleep(BEAT);
                let late = start.elapsed().saturating_sub(BEAT).as_micros();
                worst.fetch_max(late.try_into().unwrap_or(u64::MAX), Ordering::Relaxed);
            }
        });
        Self {
            worst_micros,
            is_over,
            thread: Some(thread),
        }
    }

    /// The longest time that it could not run.
    pub(crate) fn stop(mut self) -> Duration {
        self.is_over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        Duration::from_micros(self.worst_micros.load(Ordering::Relaxed))
    }
}
