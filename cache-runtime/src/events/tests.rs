//! Who is called, in which order, and what becomes of those that fail.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

use futures_executor::block_on;

use super::{EventBus, Subscription};
use crate::sync::lock;

/// What handlers say, in order.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<String>>>);

impl Heard {
    fn say(&self, text: impl Into<String>) {
        lock(&self.0).push(text.into());
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut lock(&self.0))
    }
}

struct TaskSaved(u64);
struct Saved<T>(T);

/// A handler that says its name and the task.
fn named(bus: &EventBus, heard: &Heard, name: &'static str) -> Subscription {
    let heard = heard.clone();
    bus.on(move |event: &TaskSaved| heard.say(format!("{name} {}", event.0)))
}

#[test]
fn handlers_hear_their_type_in_the_order_of_subscription() {
    let (bus, heard) = (EventBus::new(), Heard::default());
    let _first = named(&bus, &heard, "first");
    let other = heard.clone();
    let _numbers = bus.on(move |event: &Saved<u64>| other.say(format!("number {}", event.0)));
    let other = heard.clone();
    let _texts = bus.on(move |event: &Saved<&str>| other.say(format!("text {}", event.0)));
    let other = heard.clone();
    let _second = bus.on_async(move |event: &TaskSaved| {
        let (heard, id) = (other.clone(), event.0);
        async move { heard.say(format!("second {id}")) }
    });
    let _third = named(&bus, &heard, "third");

    for emit in [
        EventBus::emit_blocking,
        |bus: &EventBus, event: &TaskSaved| block_on(bus.emit(event)),
    ] {
        emit(&bus, &TaskSaved(7));
        assert_eq!(heard.take(), ["first 7", "second 7", "third 7"]);
    }
    bus.emit_blocking(&Saved(1_u64));
    bus.emit_blocking(&Saved("a"));
    bus.emit_blocking(&Saved('a'));
    assert_eq!(heard.take(), ["number 1", "text a"]);
    let stats = bus.stats();
    assert_eq!((stats.emitted, stats.handled, stats.failed), (5, 8, 0));
}

#[test]
fn a_subscription_ends_when_it_is_dropped_unless_it_is_forever() {
    let (bus, heard) = (EventBus::new(), Heard::default());
    named(&bus, &heard, "forever").forever();
    let subscription = named(&bus, &heard, "for now");
    bus.emit_blocking(&TaskSaved(1));
    drop(subscription);
    bus.emit_blocking(&TaskSaved(2));
    assert_eq!(heard.take(), ["forever 1", "for now 1", "forever 2"]);

    let subscription = named(&bus, &heard, "of a bus that is gone");
    drop(bus);
    drop(subscription);
}

#[test]
fn what_a_handler_holds_goes_with_its_subscription() {
    let (bus, held) = (EventBus::new(), Arc::new(()));
    let own = held.clone();
    let subscription = bus.on(move |_: &TaskSaved| drop(own.clone()));
    assert_eq!(Arc::strong_count(&held), 2);
    drop(subscription);
    assert_eq!(Arc::strong_count(&held), 1);
}

#[test]
fn handlers_that_fail_stop_nobody_and_are_counted() {
    let (bus, heard) = (EventBus::new(), Heard::default());
    let _panics = bus.on(|event: &TaskSaved| assert_ne!(event.0, 7, "a panic that is meant"));
    let _fails = bus.on(|_: &TaskSaved| Err::<(), _>("an error"));
    let _works = bus.on(|_: &TaskSaved| Ok::<_, std::fmt::Error>(true));
    let _panics_later = bus.on_async(async |event: &TaskSaved| {
        std::future::ready(()).await;
        assert_ne!(event.0, 7, "a panic that is meant");
    });
    let _panics_first = bus.on_async(|event: &TaskSaved| {
        assert_ne!(event.0, 7, "a panic that is meant");
        async {}
    });
    let _fails_later = bus.on_async(async |_: &TaskSaved| Err::<(), _>("an error"));
    let _last = named(&bus, &heard, "last");

    bus.emit_blocking(&TaskSaved(7));
    block_on(bus.emit(&TaskSaved(7)));
    assert_eq!(heard.take(), ["last 7", "last 7"]);
    let stats = bus.stats();
    assert_eq!((stats.emitted, stats.handled, stats.failed), (2, 14, 10));

    bus.emit_blocking(&TaskSaved(8));
    assert_eq!(bus.stats().failed, 12);
}

#[test]
fn a_handler_may_emit() {
    let (bus, heard) = (Arc::new(EventBus::new()), Heard::default());
    let (own, other) = (Arc::downgrade(&bus), heard.clone());
    bus.on(move |event: &TaskSaved| {
        other.say("before");
        if let (Some(bus), 1..) = (own.upgrade(), event.0) {
            bus.emit_blocking(&TaskSaved(event.0 - 1));
        }
        other.say("after");
    })
    .forever();
    bus.emit_blocking(&TaskSaved(2));
    let expected = ["before", "before", "before", "after", "after", "after"];
    assert_eq!(heard.take(), expected);
}

#[test]
fn an_async_handler_may_emit() {
    let (bus, heard) = (Arc::new(EventBus::new()), Heard::default());
    let (own, other) = (bus.clone(), heard.clone());
    let subscription = bus.on_async(move |event: &TaskSaved| {
        let (bus, heard, id) = (own.clone(), other.clone(), event.0);
        async move {
            bus.emit(&Saved(id)).await;
            heard.say("after");
        }
    });
    let other = heard.clone();
    let _saved = bus.on(move |event: &Saved<u64>| other.say(event.0.to_string()));
    block_on(bus.emit(&TaskSaved(2)));
    bus.emit_blocking(&TaskSaved(3));
    assert_eq!(heard.take(), ["2", "after", "3", "after"]);
    drop(subscription);
}

#[test]
fn who_subscribes_in_a_handler_hears_the_next_event() {
    let (bus, heard) = (Arc::new(EventBus::new()), Heard::default());
    let (own, other) = (Arc::downgrade(&bus), heard.clone());
    bus.on(move |_: &TaskSaved| {
        if let Some(bus) = own.upgrade() {
            named(&bus, &other, "new").forever();
        }
    })
    .forever();
    bus.emit_blocking(&TaskSaved(1));
    assert_eq!(heard.take(), [""; 0]);
    bus.emit_blocking(&TaskSaved(2));
    assert_eq!(heard.take(), ["new 2"]);
}

#[test]
fn who_is_unsubscribed_in_a_handler_is_not_called_any_more() {
    let (bus, heard) = (EventBus::new(), Heard::default());
    let all = Arc::new(Mutex::new(Vec::new()));
    let (own, other) = (all.clone(), heard.clone());
    let first = bus.on(move |_: &TaskSaved| {
        other.say("the first and last");
        // Its own among them.
        own.lock().unwrap().clear();
    });
    let second = named(&bus, &heard, "second");
    all.lock().unwrap().extend([first, second]);
    bus.emit_blocking(&TaskSaved(1));
    bus.emit_blocking(&TaskSaved(2));
    assert_eq!(heard.take(), ["the first and last"]);
    assert_eq!(bus.stats().handled, 1);
}

#[test]
fn the_end_of_a_handler_may_use_the_bus() {
    struct Emits(Arc<EventBus>);
    impl Drop for Emits {
        fn drop(&mut self) {
            self.0.emit_blocking(&Saved("the end"));
        }
    }
    let (bus, heard) = (Arc::new(EventBus::new()), Heard::default());
    let other = heard.clone();
    let _saved = bus.on(move |event: &Saved<&str>| other.say(event.0));
    let emits = Emits(bus.clone());
    drop(bus.on(move |_: &TaskSaved| {
        let _ = emits.0.stats();
    }));
    assert_eq!(heard.take(), ["the end"]);
}

#[test]
fn threads_may_do_all_of_it_at_once() {
    let (bus, calls) = (EventBus::new(), AtomicUsize::new(0));
    let steady = Arc::new(AtomicUsize::new(0));
    let own = steady.clone();
    let _steady = bus.on(move |_: &TaskSaved| {
        own.fetch_add(1, Relaxed);
    });
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for id in 0..200 {
                    let passing = bus.on(|_: &TaskSaved| {});
                    bus.emit_blocking(&TaskSaved(id));
                    drop(passing);
                    calls.fetch_add(1, Relaxed);
                }
            });
        }
    });
    assert_eq!(steady.load(Relaxed), 800);
    assert_eq!(bus.stats().failed, 0);
    assert_eq!(
        format!("{bus:?}").split(", stats").next(),
        Some("EventBus { handlers: 1")
    );
}

#[test]
fn telling_can_go_to_another_thread() {
    fn is_send(_: impl Send) {}
    is_send(super::events().emit(&TaskSaved(1)));
}
