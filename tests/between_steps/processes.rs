//! Another process, between two steps of ours.

use std::thread;
use std::time::Duration;

use cache_runtime::Store;

use crate::stepped::{Place, now};
use crate::world::{World, task};

#[test]
fn a_touch_and_an_expire_do_not_bring_back_what_another_process_deletes() {
    for expires in [false, true] {
        // The read takes as long as the other process does.
        let world = World::with_limit(Duration::from_secs(20));
        assert_eq!(task(&world.here, 1), 101);
        let read = world.steps.hold("get", Place::Behind);
        let touching = thread::spawn({
            let here = world.here.clone();
            move || {
                let entry = task::entry(&here, 1);
                if expires {
                    entry.expire()
                } else {
                    entry.touch(1000)
                }
            }
        });
        read.reached();
        assert!(task::entry(&world.there, 1).delete().unwrap());
        read.open();
        let was_there = touching.join().unwrap().unwrap();
        assert!(!was_there, "it is gone");
        assert_eq!(task(&world.there, 1), 101, "it runs anew");
        assert_eq!(task(&world.here, 1), 101);
    }
}

#[test]
fn a_touch_and_an_expire_of_what_nobody_deletes_are_done() {
    let world = World::new();
    assert_eq!(task(&world.here, 1), 101);
    assert!(task::entry(&world.there, 1).touch(1000).unwrap());
    assert_eq!(task(&world.there, 1), 101);
    assert!(task::entry(&world.there, 1).expire().unwrap());
    assert_eq!(task(&world.here, 1), 102);
    assert!(!task::entry(&world.here, 2).touch(1000).unwrap());
}

#[test]
fn a_late_write_whose_delete_has_waited_for_it_is_not_read() {
    let world = World::new();
    let write = world.steps.hold("set_unless", Place::Before);
    let computing = thread::spawn({
        let here = world.here.clone();
        move || task(&here, 1)
    });
    write.reached();
    // What entries know of their time is in milliseconds.
    thread::sleep(Duration::from_millis(2));
    // It waits for that write, of which nobody sees the end.
    let entry = task::entry(&world.here, 1);
    entry.delete().unwrap();
    assert_eq!(computing.join().unwrap(), 101);
    now(world.steps.inner().set(&entry.key(), &write.value(), None)).unwrap();
    assert_eq!(entry.get().unwrap(), None, "it was deleted");
    assert_eq!(task(&world.here, 1), 102);
}
