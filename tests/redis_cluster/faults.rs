//! A cached function on a cluster whose nodes die under its callers: no call fails, none takes long.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use cache_tests::redis_cluster::RedisCluster;

use crate::world::{Caller, SOON, World, look, look_async, multi_thread, within};

const CROWD: u64 = 32;
const KEYS: u64 = 100;

/// Calls without end, of threads or of tasks.
struct Crowd {
    world: Arc<World>,
    is_over: Arc<AtomicBool>,
    join: Box<dyn FnOnce()>,
}

impl Crowd {
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

    /// How long it took until every call was a hit.
    fn until_all_hit(&self, limit: Duration) -> Duration {
        let start = Instant::now();
        loop {
            let (runs, hits) = (self.world.runs(), self.world.stats().hits);
            let took = start.elapsed();
            thread::sleep(Duration::from_millis(50));
            let enough = hits + 4 * KEYS;
            within(limit, "each key was hit", || {
                self.world.stats().hits > enough
            });
            if self.world.runs() == runs {
                return took;
            }
            assert!(took < limit, "not all calls are hits within {limit:?}");
        }
    }

    /// Ends it; a call that failed has panicked.
    fn end(self) {
        self.is_over.store(true, Ordering::SeqCst);
        (self.join)();
        self.world.all_in_time();
    }
}

type Start = fn(&Arc<World>) -> Crowd;

const CROWDS: [(&str, Start); 2] = [("threads", Crowd::threads), ("tasks", Crowd::tasks)];

#[test]
fn a_replica_takes_over_under_32_callers() {
    for (name, start) in CROWDS {
        let Some(mut cluster) = RedisCluster::start_or_skip(3, 1, &[]) else {
            return;
        };
        let world = World::at(&cluster.url());
        let crowd = start(&world);
        crowd.until_all_hit(SOON);
        // The one that is a primary now, and then the one that took over.
        for dead in [0, 1] {
            let killed = Instant::now();
            cluster.kill(dead);
            let replica = dead + 3;
            within(Duration::from_secs(20), "the replica takes over", || {
                let role = cluster.node(replica).command(&["ROLE"]);
                role.starts_with("master")
            });
            let took_over = killed.elapsed();
            cluster.wait_until_ok();
            let ok = killed.elapsed();
            crowd.until_all_hit(SOON);
            println!(
                "{name}: took over after {took_over:?}, cluster ok {ok:?}, all hits after {:?}",
                killed.elapsed()
            );
        }
        // The first comes back as a replica.
        cluster.restart(0);
        cluster.wait_until_ok();
        crowd.until_all_hit(SOON);
        crowd.end();
    }
}

#[test]
fn without_a_replica_the_other_nodes_go_on_under_32_callers() {
    let in_parts = ["--cluster-require-full-coverage", "no"];
    for (name, start) in CROWDS {
        let Some(mut cluster) = RedisCluster::start_or_skip(3, 0, &in_parts) else {
            return;
        };
        let world = World::at(&cluster.url());
        let crowd = start(&world);
        crowd.until_all_hit(SOON);
        cluster.kill(2);
        thread::sleep(Duration::from_millis(100));
        // What is left is hit as before: of a hundred calls about two thirds.
        for _ in 0..10 {
            let before = world.stats();
            thread::sleep(Duration::from_millis(100));
            let since = || {
                let now = world.stats();
                (now.hits - before.hits, now.misses - before.misses)
            };
            within(SOON, "150 calls", || since().0 + since().1 >= 150);
            let (hits, misses) = since();
            assert!(hits >= misses / 2, "{name}: {hits} hits, {misses} misses");
        }
        cluster.restart(2);
        let took = crowd.until_all_hit(SOON);
        println!("{name}: all hits {took:?} after the node was back");
        crowd.end();
    }
}

#[test]
fn only_the_keys_of_the_dead_node_are_missed() {
    let in_parts = ["--cluster-require-full-coverage", "no"];
    for caller in Caller::both() {
        let Some(mut cluster) = RedisCluster::start_or_skip(3, 0, &in_parts) else {
            return;
        };
        let world = World::with_limit(&cluster.url(), Duration::from_secs(2));
        (0..60).for_each(|id| caller.call(&world, id));
        let key = |id| match caller {
            Caller::Blocking => look::entry(&world, id).key().to_owned(),
            Caller::Awaiting(_) => look_async::entry(world.clone(), id).key().to_owned(),
        };
        let lost: Vec<u64> = (0..60).filter(|id| cluster.owner(&key(*id)) == 0).collect();
        assert!((5..40).contains(&lost.len()));
        cluster.kill(0);
        let runs = world.runs();
        for _ in 0..5 {
            // Many in a row that fail, as if the whole were down.
            lost.iter().for_each(|id| caller.call(&world, *id));
            let before = world.runs();
            let living = (0..60).filter(|id| !lost.contains(id));
            living.for_each(|id| caller.call(&world, id));
            assert_eq!(world.runs(), before, "the others are hits");
        }
        assert_eq!(world.runs() - runs, 5 * lost.len());
        assert!(world.stats().errors >= 5 * lost.len() as u64);
        world.all_in_time();
        cluster.restart(0);
        within(SOON, "it is back", || {
            let before = world.runs();
            lost.iter().for_each(|id| caller.call(&world, *id));
            world.runs() == before
        });
    }
}

#[test]
fn a_cluster_that_is_down_is_a_miss() {
    for (name, start) in CROWDS {
        // By default a cluster that has lost slots takes no requests at all.
        let Some(mut cluster) = RedisCluster::start_or_skip(3, 0, &[]) else {
            return;
        };
        let world = World::at(&cluster.url());
        let crowd = start(&world);
        crowd.until_all_hit(SOON);
        cluster.kill(1);
        within(Duration::from_secs(20), "the cluster is down", || {
            [0, 2].iter().all(|living| {
                let state = cluster.node(*living).command(&["CLUSTER", "INFO"]);
                state.contains("cluster_state:fail")
            })
        });
        let hits = world.stats().hits;
        thread::sleep(Duration::from_millis(300));
        assert!(world.stats().hits - hits < 10, "nothing is answered");
        cluster.restart(1);
        cluster.wait_until_ok();
        let took = crowd.until_all_hit(SOON);
        println!("{name}: all hits {took:?} after the cluster was back");
        crowd.end();
    }
}

#[test]
fn a_node_that_hangs_under_32_callers() {
    for (name, start) in CROWDS {
        let Some(cluster) = RedisCluster::start_or_skip(3, 1, &[]) else {
            return;
        };
        let world = World::at(&cluster.url());
        let crowd = start(&world);
        crowd.until_all_hit(SOON);
        cluster.node(1).pause();
        let took_over = within(Duration::from_secs(20), "the replica takes over", || {
            cluster.node(4).command(&["ROLE"]).starts_with("master")
        });
        let took = crowd.until_all_hit(SOON);
        println!("{name}: took over after {took_over:?}, all hits {took:?} later");
        cluster.node(1).resume();
        cluster.wait_until_ok();
        crowd.until_all_hit(SOON);
        crowd.end();
    }
}
