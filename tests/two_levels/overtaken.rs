//! An invalidation elsewhere while a function runs here: its result is not kept.

use std::sync::mpsc::channel;
use std::thread::{self, Scope};
use std::time::{Duration, UNIX_EPOCH};

use crate::shared::Shared;
use crate::world::{Node, World};

type Compute = fn(&Node, u64, &mut dyn FnMut() -> u64) -> u64;

/// Begins a call of `compute` at this node; what is returned lets its body end with `value`.
fn begin<'s>(
    scope: &'s Scope<'s, '_>,
    node: &'s Node,
    id: u64,
    compute: Compute,
    value: u64,
) -> impl FnOnce() + 's {
    let (began, has_begun) = channel();
    let (go, may_go) = channel::<()>();
    let call = scope.spawn(move || {
        compute(node, id, &mut || {
            began.send(()).unwrap();
            may_go.recv().unwrap();
            value
        })
    });
    has_begun.recv().unwrap();
    move || {
        go.send(()).unwrap();
        assert_eq!(call.join().unwrap(), value, "its caller has the result");
    }
}

/// A call of `compute` at this node, whose body gives 1; `meanwhile` runs in the middle of it.
fn in_the_middle(node: &Node, id: u64, compute: Compute, meanwhile: impl FnOnce()) {
    thread::scope(|scope| {
        let end = begin(scope, node, id, compute, 1);
        meanwhile();
        end();
    });
}

/// A node computes, and the other one invalidates meanwhile.
fn meanwhile(world: &World, id: u64, compute: Compute, invalidate: impl Fn(&Node)) {
    in_the_middle(&world.here, id, compute, || {
        invalidate(&world.there);
        thread::sleep(Duration::from_millis(30));
    });
    assert_eq!(compute(&world.here, id, &mut || 2), 2, "it was not kept");
    assert_eq!(
        compute(&world.there, id, &mut || 3),
        2,
        "what came later was"
    );
}

#[test]
fn a_result_that_was_invalidated_elsewhere_is_not_kept() {
    for is_near in [true, false] {
        for store in [Shared::new(), Shared::without_backplane()] {
            let world = World::over(store, is_near);
            meanwhile(&world, 1, Node::slow, |node| {
                drop(node.slow_entry(1).delete())
            });
            meanwhile(&world, 2, Node::slow, |node| {
                drop(node.slow_entry(2).expire())
            });
            meanwhile(&world, 3, Node::slow, |node| {
                let key = node.slow_entry(3).key();
                let name = key.strip_prefix("app:1:").unwrap();
                node.cache.delete_many([name]).unwrap();
            });
            meanwhile(&world, 4, Node::slow_tagged, |node| {
                node.cache.delete_tag("slow").unwrap();
                // Without news it is known here when the marker is read again.
                thread::sleep(Duration::from_millis(1_050));
            });
        }
    }
}

#[test]
fn a_value_set_elsewhere_stays() {
    for store in [Shared::new(), Shared::without_backplane()] {
        let world = World::over(store, false);
        in_the_middle(&world.here, 1, Node::slow, || {
            world.there.slow_entry(1).set(&5).unwrap();
        });
        assert_eq!(world.there.slow(1, &mut || 2), 5);
        assert_eq!(world.here.slow(1, &mut || 3), 5);
    }
}

#[test]
fn who_comes_after_the_news_does_not_get_what_began_before() {
    let world = World::new();
    let here = &world.here;
    in_the_middle(here, 1, Node::slow, || {
        world.there.slow_entry(1).delete().unwrap();
        thread::sleep(Duration::from_millis(50));
        assert_eq!(
            here.slow(1, &mut || 2),
            2,
            "he does not wait for the old one"
        );
    });
    assert_eq!(here.slow(1, &mut || 3), 2);
}

#[test]
fn a_refresh_gives_way_to_what_was_invalidated_elsewhere_while_it_ran() {
    for store in [Shared::new(), Shared::without_backplane()] {
        let world = World::over(store, false);
        in_the_middle(&world.here, 1, Node::slow_refresh, || {
            world.there.slow_entry(1).delete().unwrap();
        });
        assert_eq!(world.there.slow(1, &mut || 2), 2, "it was not kept");
        assert_eq!(world.here.slow(1, &mut || 3), 2);
        world.here.slow_refresh(1, &mut || 4);
        assert_eq!(world.there.slow(1, &mut || 5), 4, "what came later was");
    }
}

/// What is there after two refreshes, of which the earlier gives 1 and the later 2; 3: nothing.
fn after_two_refreshes(store: Shared, is_elsewhere: bool, later_ends_first: bool) -> u64 {
    let world = World::over(store, false);
    let node = if is_elsewhere {
        &world.there
    } else {
        &world.here
    };
    thread::scope(|scope| {
        let earlier = begin(scope, &world.here, 1, Node::slow_refresh, 1);
        let later = begin(scope, node, 1, Node::slow_refresh, 2);
        if later_ends_first {
            later();
            earlier();
        } else {
            earlier();
            later();
        }
    });
    world.there.slow(1, &mut || 3)
}

#[test]
fn of_two_refreshes_the_one_that_began_later_stays() {
    for (elsewhere, first) in [(false, false), (false, true), (true, false), (true, true)] {
        let there = after_two_refreshes(Shared::without_backplane(), elsewhere, first);
        assert_eq!(there, 2, "{elsewhere} {first}");
        // Where that cannot be told, the earlier one does not stay either.
        let there = after_two_refreshes(Shared::in_steps(), elsewhere, first);
        assert_ne!(there, 1, "{elsewhere} {first}");
    }
}

#[test]
fn a_refresh_that_was_ended_ends_nobody_who_came_later() {
    let world = World::over(Shared::without_backplane(), false);
    let here = &world.here;
    thread::scope(|scope| {
        let refresh = begin(scope, here, 1, Node::slow_refresh, 1);
        here.slow_entry(1).delete().unwrap();
        let later = begin(scope, here, 1, Node::slow, 2);
        refresh();
        let joins = scope.spawn(|| here.slow(1, &mut || 3));
        // Long enough to run it, if he does not join.
        thread::sleep(Duration::from_millis(100));
        later();
        assert_eq!(joins.join().unwrap(), 2);
    });
    assert_eq!(world.there.slow(1, &mut || 4), 2, "it was kept");
}

#[test]
fn of_two_machines_that_write_at_once_neither_stays() {
    // The other one's clock may be ahead of ours, or behind it.
    for (behind, ahead) in [(300, 0), (0, 700)] {
        let world = World::over(Shared::without_backplane(), false);
        let here = &world.here;
        assert_eq!(here.slow(1, &mut || 1), 1);
        let now = UNIX_EPOCH.elapsed().unwrap() + Duration::from_millis(ahead);
        let its = now - Duration::from_millis(behind);
        let key = format!("{}:gone", here.slow_entry(1).key());
        let tombstone = format!("{}-deadbeef", its.as_micros());
        world.store.put(&key, &tombstone);
        assert_eq!(here.slow_refresh(1, &mut || 2), 2);
        assert_eq!(world.there.slow(1, &mut || 3), 3, "nobody knows which");
    }
}
