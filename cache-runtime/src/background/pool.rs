//! A few threads for blocking work: started as they are needed, ended after a while without work.

use std::cell::Cell;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use crate::sync::lock;

/// How many work at once: functions that hang must not take a thread each for ever.
const THREADS: usize = 64;
/// How much may wait for a thread.
const QUEUE: usize = 1024;
/// A thread without work ends after this.
const IDLE: Duration = Duration::from_secs(10);

type Job = Box<dyn FnOnce() + Send>;

struct Pool {
    state: Mutex<State>,
    work: Condvar,
}

struct State {
    queue: VecDeque<Job>,
    threads: usize,
    idle: usize,
    /// Threads whose work waits for other work of the cache, which may be in the queue.
    aside: usize,
}

impl State {
    /// Returns how many threads count against the limit.
    fn working(&self) -> usize {
        self.threads.saturating_sub(self.aside)
    }
}

static POOL: Pool = Pool {
    state: Mutex::new(State {
        queue: VecDeque::new(),
        threads: 0,
        idle: 0,
        aside: 0,
    }),
    work: Condvar::new(),
};

thread_local! {
    /// The pool to which this thread belongs.
    static MINE: Cell<Option<&'static Pool>> = const { Cell::new(None) };
}

/// Runs `f`, which waits for other work of the cache: if that needs one of these threads, another one
/// replaces this one. Otherwise, bodies that wait for bodies would take all of them.
pub(crate) fn aside<T>(f: impl FnOnce() -> T) -> T {
    let Some(pool) = MINE.try_with(Cell::get).ok().flatten() else {
        return f();
    };
    let mut state = lock(&pool.state);
    state.aside += 1;
    if !state.queue.is_empty() {
        pool.start(&mut state);
    }
    drop(state);
    let _back = Back(pool);
    f()
}

struct Back(&'static Pool);

impl Drop for Back {
    fn drop(&mut self) {
        lock(&self.0.state).aside -= 1;
    }
}

/// Runs `work` on `job` on one of the threads. `Err`: there is no room.
pub(super) fn run<J: Send + 'static>(
    job: J,
    work: impl FnOnce(J) + Send + 'static,
) -> Result<(), J> {
    POOL.run(job, work)
}

impl Pool {
    fn run<J: Send + 'static>(
        &'static self,
        job: J,
        work: impl FnOnce(J) + Send + 'static,
    ) -> Result<(), J> {
        let mut state = lock(&self.state);
        self.start(&mut state);
        // If no thread can be started, there is no room either.
        if state.queue.len() >= QUEUE || state.threads == 0 {
            return Err(job);
        }
        state.queue.push_back(Box::new(move || work(job)));
        drop(state);
        self.work.notify_one();
        Ok(())
    }

    /// Starts one more thread, if all are busy and another is allowed.
    fn start(&'static self, state: &mut State) {
        if state.idle <= state.queue.len() && state.working() < THREADS {
            let thread = std::thread::Builder::new().name("cache-background".to_owned());
            if thread.spawn(|| self.work()).is_ok() {
                state.threads += 1;
            }
        }
    }

    fn work(&'static self) {
        let _ = MINE.try_with(|mine| mine.set(Some(self)));
        let mut state = lock(&self.state);
        loop {
            // A thread that it stood in for has come back.
            if state.working() > THREADS {
                state.threads -= 1;
                return;
            }
            if let Some(job) = state.queue.pop_front() {
                drop(state);
                // A panic has been reported by its hook, and concerns nobody else.
                let _ = catch_unwind(AssertUnwindSafe(job));
                state = lock(&self.state);
                continue;
            }
            state.idle += 1;
            let waited = self.work.wait_timeout(state, IDLE);
            let (woken, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
            state = woken;
            state.idle -= 1;
            if timeout.timed_out() && state.queue.is_empty() {
                state.threads -= 1;
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc::channel;
    use std::sync::{Arc, Condvar, Mutex};

    use super::{Pool, QUEUE, State, THREADS};

    fn pool() -> &'static Pool {
        Box::leak(Box::new(Pool {
            state: Mutex::new(State {
                queue: Default::default(),
                threads: 0,
                idle: 0,
                aside: 0,
            }),
            work: Condvar::new(),
        }))
    }

    #[test]
    fn what_hangs_is_bounded_and_what_panics_takes_no_thread_along() {
        let pool = pool();
        let (gate, opened) = channel::<()>();
        let opened = Arc::new(Mutex::new(opened));
        let done = Arc::new(AtomicUsize::new(0));
        let begin = |number: usize| {
            let (opened, done) = (opened.clone(), done.clone());
            pool.run(number, move |number| {
                let _ = opened.lock().unwrap_or_else(|e| e.into_inner()).recv();
                done.fetch_add(1, Ordering::SeqCst);
                assert!(!number.is_multiple_of(100), "this panic is wanted");
            })
        };
        let mut begun = 0;
        while begin(begun).is_ok() {
            begun += 1;
            assert!(begun <= THREADS + QUEUE);
        }
        assert!(begun >= QUEUE);
        assert_eq!(pool.state.lock().unwrap().threads, THREADS);
        drop(gate);
        while done.load(Ordering::SeqCst) < begun {
            std::thread::yield_now();
        }
        let (sender, receiver) = channel();
        assert!(pool.run((), move |()| sender.send(7).unwrap()).is_ok());
        assert_eq!(receiver.recv(), Ok(7));
    }
}
