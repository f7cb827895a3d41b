//! Sixty-four callers, and the server is killed, started again, frozen and thawed under them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use cache_tests::redis_server::RedisServer;

use crate::world::{SOON, World, multi_thread, within};

const CROWD: u64 = 64;
const KEYS: u64 = 200;

/// Calls without end, each a key of its own choice.
struct Callers {
    world: Arc<World>,
    is_over: Arc<AtomicBool>,
    join: Box<dyn FnOnce()>,
}

impl Callers {
    fn threads(world: &Arc<World>) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let callers: Vec<_> = (0..CROWD)
            .map(|at| {
                let (world, is_over) = (world.clone(), is_over.clone());
                thread::spawn(move || {
                    for n in 0.. {
                        if is_over.load(Ordering::SeqCst) {
                            return;
                        }
                        world.call((at * 7 + n) % KEYS);
                        thread::sleep(Duration::from_millis(2));
                    }
                })
            })
            .collect();
        let join = Box::new(|| {
            callers
                .into_iter()
                .for_each(|caller| caller.join().unwrap())
        });
        Self::of(world, is_over, join)
    }

    fn tasks(world: &Arc<World>) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let runtime = multi_thread();
        let callers: Vec<_> = (0..CROWD)
            .map(|at| {
                let (world, is_over) = (world.clone(), is_over.clone());
                runtime.spawn(async move {
                    for n in 0.. {
                        if is_over.load(Ordering::SeqCst) {
                            return;
                        }
                        world.call_async((at * 7 + n) % KEYS).await;
                        tokio::time::sleep(Duration::from_millis(2)).await;
                    }
                })
            })
            .collect();
        let join = Box::new(move || {
            for caller in callers {
                runtime.block_on(caller).unwrap();
            }
        });
        Self::of(world, is_over, join)
    }

    fn of(world: &Arc<World>, is_over: Arc<AtomicBool>, join: Box<dyn FnOnce()>) -> Self {
        Self {
            world: world.clone(),
            is_over,
            join,
        }
    }

    fn hits_come(&self, when: &str) {
        let hits = self.world.stats().hits;
        let took = within(SOON, when, || self.world.stats().hits > hits + 100);
        println!("a hundred hits {when}: {took:?}");
    }

    fn end(self) {
        self.is_over.store(true, Ordering::SeqCst);
        (self.join)();
        self.world.all_in_time();
    }
}

fn outlives_kills(start: fn(&Arc<World>) -> Callers) {
    let mut server = RedisServer::start();
    let world = World::at_port(server.port());
    let callers = start(&world);
    callers.hits_come("at the start");
    for _ in 0..2 {
        server.kill();
        let (runs, errors) = (world.runs(), world.stats().errors);
        thread::sleep(Duration::from_millis(600));
        assert!(world.runs() > runs + 100, "the function runs meanwhile");
        assert!(world.stats().errors > errors);
        server.restart();
        callers.hits_come("after a restart");
    }
    callers.end();
}

#[test]
fn sixty_four_threads_outlive_a_kill_and_a_restart() {
    outlives_kills(Callers::threads);
}

#[test]
fn sixty_four_tasks_outlive_a_kill_and_a_restart() {
    outlives_kills(Callers::tasks);
}

fn outlives_freezes(start: fn(&Arc<World>) -> Callers) {
    let server = RedisServer::start();
    let world = World::at_port(server.port());
    let callers = start(&world);
    callers.hits_come("at the start");
    for _ in 0..2 {
        server.pause();
        let runs = world.runs();
        thread::sleep(Duration::from_millis(1000));
        assert!(world.runs() > runs + 100, "the function runs meanwhile");
        server.resume();
        callers.hits_come("after a thaw");
    }
    callers.end();
}

#[test]
fn sixty_four_threads_outlive_a_server_that_freezes() {
    outlives_freezes(Callers::threads);
}

#[test]
fn sixty_four_tasks_outlive_a_server_that_freezes() {
    outlives_freezes(Callers::tasks);
}
