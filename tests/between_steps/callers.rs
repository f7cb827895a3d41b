//! Another caller between two steps of ours, or our own who goes away.

use std::sync::atomic::Ordering::SeqCst;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use cache_runtime::testing::{Fault, When};
use cache_runtime::{ErrorKind, Store, Ttl, cache_result};

use crate::stepped::{Place, now};
use crate::world::{Node, World, eventually, soon, task};

#[cache_result(timeout = 600, key_prefix = "locked", key(id), cache = node.cache, lock, wait = 20)]
async fn locked(node: &Node, id: u64) -> u64 {
    id * 100 + node.run()
}

#[test]
fn who_goes_away_while_he_asks_for_the_lock_does_not_leave_it() {
    let world = World::new();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let asked = world.steps.hold("add", Place::Behind);
    let here = world.here.clone();
    let caller = runtime.spawn(async move { locked(&here, 1).await });
    asked.reached();
    caller.abort();
    let key = format!("{}:lock", locked::entry(&world.here, 1).key());
    eventually("it is given back", || {
        now(world.steps.inner().get(&key)).unwrap().is_none()
    });
    let start = std::time::Instant::now();
    assert_eq!(runtime.block_on(locked(&world.there, 1)), 101);
    assert!(start.elapsed() < Duration::from_secs(5), "he did not wait");
}

#[test]
fn nobody_waits_for_a_clear_that_is_made_up_for() {
    let world = World::new();
    let cache = world.here.cache.blocking();
    let down = Fault::Error(ErrorKind::Unavailable);
    world.store.inject(down, When::Always);
    cache.clear().unwrap_err();
    task::entry(&world.here, 2).delete().unwrap_err();
    world.store.heal();
    let clear = world.steps.hold("clear", Place::Before);
    eventually("it is asked again", || {
        // The breaker lets it through after a while.
        cache.get::<u64>("anything").is_ok()
    });
    clear.reached();
    let here = world.here.clone();
    assert_eq!(soon(move || task(&here, 2)), Some(201), "he waits");
    clear.open();
    eventually("hits are back", || {
        task(&world.here, 2) == task(&world.here, 2)
    });
}

#[test]
fn what_was_to_be_deleted_is_not_moved_to_another_version() {
    let world = World::new();
    let cache = world.here.cache.blocking();
    cache.set("k", &1, 600).unwrap();
    let down = Fault::Error(ErrorKind::Unavailable);
    world.store.inject(down, When::Always);
    cache.delete("k").unwrap_err();
    world.store.heal();
    let error = cache.incr_version("k", 1).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
    assert_eq!(cache.with_version(2).get::<u64>("k").unwrap(), None);
}

#[cache_result(timeout = never, key_prefix = "blog:tag:posts", key(id), cache = node.cache)]
fn posts(node: &Node, id: u64) -> u64 {
    id + node.run()
}

#[test]
fn a_marker_of_a_function_is_for_ever_whatever_its_prefix() {
    let world = World::new();
    assert_eq!(posts(&world.here, 1), 2);
    posts::clear_in(&world.here.cache).unwrap();
    let key = "app:1::clear:blog:tag:posts:posts";
    assert_eq!(now(world.steps.inner().ttl(key)).unwrap(), Ttl::Never);
    assert_eq!(posts(&world.here, 1), 3);
    let entry = world.here.cache.blocking().inspect(&name_of(&world.here));
    assert!(entry.unwrap().unwrap().tags.is_empty());
}

fn name_of(node: &Node) -> String {
    let key = posts::entry(node, 1).key();
    key.strip_prefix("app:1:").unwrap().to_owned()
}

#[cache_result(
    timeout = 600, refresh_ahead = 0.000001, key_prefix = "refused", key(id), cache = node.cache,
    when = |value| *value < 1000,
)]
fn refused(node: Node, id: u64, body: Body) -> u64 {
    body.0(&node) + id
}

#[derive(Clone, Copy)]
struct Body(fn(&Node) -> u64);

#[test]
fn a_renewal_that_is_not_kept_leaves_what_was_set_meanwhile() {
    let world = World::new();
    let call = |body| refused(world.here.clone(), 1, Body(body));
    assert_eq!(call(|_| 1), 2);
    thread::sleep(Duration::from_millis(5));
    let (sender, receiver) = channel::<()>();
    *MEANWHILE.lock().unwrap() = Some(receiver);
    assert_eq!(call(body), 2, "it is renewed behind the caller");
    let entry = refused::entry(world.here.clone(), 1, Body(body));
    entry.set(&7).unwrap();
    sender.send(()).unwrap();
    eventually("it has run", || world.here.runs.load(SeqCst) == 1);
    thread::sleep(Duration::from_millis(50));
    assert_eq!(entry.get().unwrap(), Some(7));
}

static MEANWHILE: std::sync::Mutex<Option<std::sync::mpsc::Receiver<()>>> =
    std::sync::Mutex::new(None);

fn body(node: &Node) -> u64 {
    if let Some(meanwhile) = MEANWHILE.lock().unwrap().take() {
        meanwhile.recv().unwrap();
    }
    node.run() + 5000
}
