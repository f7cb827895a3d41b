//! `wait`: one runs, the others wait for it, but not for ever.

use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};

use cache_runtime::cache_result;

use crate::support::*;

/// Holds up the first run until it is told to go on.
struct Gate {
    entered: Sender<()>,
    leave: Mutex<Receiver<()>>,
}

impl Gate {
    fn hold_up(&self) {
        self.entered.send(()).unwrap();
        self.leave.lock().unwrap().recv().unwrap();
    }
}

fn gate() -> (Gate, Receiver<()>, Sender<()>) {
    let (entered, has_entered) = channel();
    let (may_leave, leave) = channel();
    (
        Gate {
            entered,
            leave: Mutex::new(leave),
        },
        has_entered,
        may_leave,
    )
}

cached! {
    #[cache_result(cache = place.cache, skip(place, gate), wait = "20ms")]
    fn impatient(place: &Place, gate: &Gate) -> u32 {
        let run = place.run();
        if run == 1 {
            gate.hold_up();
        }
        run
    }
}

cached! {
    #[cache_result(cache = place.cache, skip(place, gate))]
    fn patient(place: &Place, gate: &Gate) -> u32 {
        let run = place.run();
        if run == 1 {
            gate.hold_up();
        }
        run
    }
}

scenario! {
    fn who_has_waited_long_enough_runs_the_function_itself(place) {
        let (gate, has_entered, may_leave) = gate();
        std::thread::scope(|scope| {
            let leader = scope.spawn(|| on_thread!(impatient(place, &gate)));
            has_entered.recv().unwrap();
            // The leader is held up until this one has given up waiting.
            let second = scope.spawn(|| on_thread!(impatient(place, &gate)));
            while place.waiting() == 0 {
                std::thread::yield_now();
            }
            place.pass(std::time::Duration::from_millis(20));
            assert_eq!(second.join().unwrap(), 2);
            may_leave.send(()).unwrap();
            assert_eq!(leader.join().unwrap(), 1);
        });
    }
}

scenario! {
    fn who_waits_has_the_result_of_the_one_that_ran(place) {
        let (gate, has_entered, may_leave) = gate();
        std::thread::scope(|scope| {
            let leader = scope.spawn(|| on_thread!(patient(place, &gate)));
            has_entered.recv().unwrap();
            let others = [(); 4].map(|()| scope.spawn(|| on_thread!(patient(place, &gate))));
            // Whether they wait already or come later: it is one run.
            may_leave.send(()).unwrap();
            assert_eq!(leader.join().unwrap(), 1);
            for other in others {
                assert_eq!(other.join().unwrap(), 1);
            }
        });
        assert_eq!(place.runs(), 1);
        let stats = patient::stats_in(&place.cache);
        assert_eq!((stats.misses, stats.hits + stats.joined), (1, 4));
    }
}
