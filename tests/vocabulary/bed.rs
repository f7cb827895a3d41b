//! Where a list of behaviours runs: a store, a kind of caller, and a way to let time pass.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use cache_runtime::stores::redis::{RedisAddress, RedisConfig, RedisStore};
use cache_runtime::{Cache, CacheBuilder, Clock};
use cache_tests::redis_server::RedisServer;
use tokio::runtime::Builder;

use crate::speaker::Speaker;

/// One server for the process, and one cache that all runtimes share, as in a real program.
static SERVER: LazyLock<Shared> = LazyLock::new(Shared::start);
static CACHE: LazyLock<Cache> = LazyLock::new(|| on_redis().build().unwrap());

struct Shared {
    server: RedisServer,
    _reaper: Child,
}

impl Shared {
    /// A static is never dropped, so the server is stopped by a shell that reads from a pipe of
    /// ours: the pipe closes when this process ends, however it ends.
    fn start() -> Self {
        let server = RedisServer::start();
        let info = server.command(&["INFO", "server"]);
        let id = info
            .lines()
            .find_map(|line| line.strip_prefix("process_id:"))
            .unwrap();
        let folder = server.socket_path();
        let reaper = Command::new("sh")
            .args(["-c", "read -r _; kill -9 \"$1\"; rm -rf \"$2\"", "reaper"])
            .arg(id.trim())
            .arg(folder.parent().unwrap())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self {
            server,
            _reaper: reaper,
        }
    }
}

fn on_redis() -> CacheBuilder {
    let config = RedisConfig {
        // Not what is tested here, and the machine may be busy.
        connect_timeout: Duration::from_secs(5),
        op_timeout: Duration::from_secs(5),
        ..RedisConfig::new(RedisAddress::tcp("127.0.0.1", SERVER.server.port()))
    };
    Cache::builder().store(RedisStore::new(config).unwrap())
}

/// What a behaviour is run on.
pub(crate) struct Bed {
    /// The in-process level's clock; `None` on Redis, where time is real.
    clock: Option<Clock>,
    memory: Cache,
    blocks: bool,
}

type Behaviour = fn(Bed) -> Pin<Box<dyn Future<Output = ()> + Send>>;

impl Bed {
    fn memory(blocks: bool) -> Self {
        let (memory, clock) = cache_runtime::testing::isolated();
        Self {
            clock: Some(clock),
            memory,
            blocks,
        }
    }

    fn redis(blocks: bool) -> Self {
        Self {
            clock: None,
            memory: Cache::isolated(),
            blocks,
        }
    }

    pub(crate) fn is_redis(&self) -> bool {
        self.clock.is_none()
    }

    /// A cache that no other behaviour sees.
    pub(crate) fn cache(&self) -> Speaker {
        let cache = if self.is_redis() {
            &*CACHE
        } else {
            &self.memory
        };
        self.speaker(cache.with_prefix(&self.prefix()))
    }

    /// The same with other settings.
    pub(crate) fn cache_with(
        &self,
        settings: impl FnOnce(CacheBuilder) -> CacheBuilder,
    ) -> Speaker {
        let builder = match &self.clock {
            None => on_redis(),
            Some(clock) => Cache::builder().clock(clock.clone()),
        };
        let cache = settings(builder.key_prefix(self.prefix())).build();
        self.speaker(cache.unwrap())
    }

    /// A prefix that no other behaviour has.
    pub(crate) fn prefix(&self) -> String {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        format!("bed{}", NEXT.fetch_add(1, Ordering::Relaxed))
    }

    fn speaker(&self, cache: Cache) -> Speaker {
        if self.blocks {
            Speaker::Blocking(cache.blocking())
        } else {
            Speaker::Awaiting(cache)
        }
    }

    /// Lets time pass: in process by hand, on Redis in truth, so let it be short there.
    pub(crate) fn pass(&self, time: Duration) {
        match &self.clock {
            Some(clock) => clock.advance(time),
            None => {
                assert!(time < Duration::from_secs(1), "too long to sleep");
                thread::sleep(time);
            }
        }
    }

    /// One raw command to the server of the Redis beds.
    pub(crate) fn raw(&self, arguments: &[&str]) -> String {
        SERVER.server.command(arguments)
    }
}

/// The result of a future that must be ready at the first poll, as those of blocking callers are.
pub(crate) fn at_once<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("a blocking caller must be done at the first poll"),
    }
}

/// Lets the other futures of this task run, on any executor.
pub(crate) async fn yield_now() {
    let mut has_yielded = false;
    poll_fn(|task| {
        if std::mem::replace(&mut has_yielded, true) {
            return Poll::Ready(());
        }
        task.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

pub(crate) fn memory_awaiting(behaviour: Behaviour) {
    futures_executor::block_on(behaviour(Bed::memory(false)));
}

pub(crate) fn memory_blocking(behaviour: Behaviour) {
    at_once(behaviour(Bed::memory(true)));
}

pub(crate) fn redis_on_a_multi_thread_runtime(behaviour: Behaviour) {
    let runtime = multi_thread();
    let task = runtime.spawn(behaviour(Bed::redis(false)));
    runtime.block_on(task).unwrap();
}

pub(crate) fn redis_on_a_current_thread_runtime(behaviour: Behaviour) {
    current_thread().block_on(behaviour(Bed::redis(false)));
}

pub(crate) fn redis_on_another_executor(behaviour: Behaviour) {
    futures_executor::block_on(behaviour(Bed::redis(false)));
}

pub(crate) fn redis_blocking_on_a_plain_thread(behaviour: Behaviour) {
    at_once(behaviour(Bed::redis(true)));
}

pub(crate) fn redis_blocking_inside_a_multi_thread_worker(behaviour: Behaviour) {
    let runtime = multi_thread();
    let task = runtime.spawn(async move { at_once(behaviour(Bed::redis(true))) });
    runtime.block_on(task).unwrap();
}

pub(crate) fn redis_blocking_inside_a_current_thread_runtime(behaviour: Behaviour) {
    current_thread().block_on(async { at_once(behaviour(Bed::redis(true))) });
}

fn multi_thread() -> tokio::runtime::Runtime {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(2).enable_all().build().unwrap()
}

fn current_thread() -> tokio::runtime::Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}
