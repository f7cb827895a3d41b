//! The event bus in a service: what the log says, and handlers of cached async functions under tokio.

#![allow(clippy::unwrap_used, reason = "a test's panic is its report")]

#[path = "macros/tracing_log.rs"]
#[expect(dead_code, reason = "warnings are for the tests of the attribute")]
mod tracing_log;

use std::time::Duration;

use cache_runtime::events::EventBus;
use cache_runtime::{Cache, cache_result, events};
use tokio::runtime::Builder;

struct TaskSaved {
    id: u64,
}

#[cache_result(key_prefix = "events_title")]
async fn title(id: u64) -> String {
    format!("Task {id}")
}

#[test]
fn a_failure_is_logged_with_the_place_of_the_handler() {
    let bus = EventBus::new();
    let fails = |saved: &TaskSaved| Err::<(), _>(format!("not {}", saved.id));
    let panics = async |saved: &TaskSaved| assert_eq!(saved.id, 8, "a panic that is meant");
    let line = line!();
    bus.on(fails).forever();
    bus.on_async(panics).forever();
    bus.on(|_: &TaskSaved| ()).forever();

    let logged = tracing_log::errors_of(|| bus.emit_blocking(&TaskSaved { id: 7 }));
    assert_eq!(logged.len(), 2, "{logged:?}");
    let place = |line| format!("handler=tests/events.rs:{line}:");
    for (text, place, error) in [
        (&logged[0], place(line + 1), "error=\"not 7\""),
        (&logged[1], place(line + 2), "it panicked: "),
    ] {
        assert!(text.contains("event=\"events::TaskSaved\""), "{text}");
        assert!(text.contains("a handler of an event failed"), "{text}");
        assert!(
            text.contains(error) && text.contains(&place),
            "{place} {text}"
        );
    }
    assert!(logged[1].contains("a panic that is meant"), "{}", logged[1]);
}

/// Forgets a title after a while, and as well what its closure brought along.
fn listen(bus: &EventBus, cache: &Cache) {
    bus.on_async(async |saved: &TaskSaved| {
        tokio::time::sleep(Duration::from_millis(5)).await;
        title::entry(saved.id).delete().await
    })
    .forever();
    let cache = cache.clone();
    bus.on_async(move |saved: &TaskSaved| {
        let (cache, key) = (cache.clone(), format!("page:{}", saved.id));
        async move { cache.delete(&key).await }
    })
    .forever();
}

#[test]
fn async_handlers_are_done_when_emit_is() {
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let cache = Cache::from_url("memory://").unwrap();
    listen(events(), &cache);
    runtime.block_on(async {
        cache.set("page:7", "<html>", 60).await.unwrap();
        title(7).await;
        tokio::spawn(async { events().emit(&TaskSaved { id: 7 }).await })
            .await
            .unwrap();
        assert_eq!(title::entry(7).get().await.unwrap(), None);
        assert!(!cache.has_key("page:7").await.unwrap());

        // A sync function of a service runs on a thread that may block.
        title(8).await;
        let emit = || events().emit_blocking(&TaskSaved { id: 8 });
        tokio::task::spawn_blocking(emit).await.unwrap();
        assert_eq!(title::entry(8).get().await.unwrap(), None);
    });
    assert_eq!(events().stats().failed, 0);
}

#[test]
fn an_emit_that_is_dropped_calls_no_further_handlers() {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let bus = EventBus::new();
    bus.on_async(async |_: &TaskSaved| std::future::pending::<()>().await)
        .forever();
    bus.on(|_: &TaskSaved| ()).forever();
    runtime.block_on(async {
        let emit = bus.emit(&TaskSaved { id: 1 });
        let timed = tokio::time::timeout(Duration::from_millis(20), emit).await;
        assert!(timed.is_err());
    });
    let stats = bus.stats();
    assert_eq!((stats.emitted, stats.handled), (1, 0));
}

#[test]
fn without_tokio_async_handlers_are_driven_by_the_caller() {
    let bus = EventBus::new();
    bus.on_async(async |saved: &TaskSaved| title::entry(saved.id).delete().await)
        .forever();
    title::entry(9).blocking().set(&"kept".to_owned()).unwrap();
    bus.emit_blocking(&TaskSaved { id: 9 });
    assert_eq!(title::entry(9).blocking().get().unwrap(), None);
    assert_eq!(bus.stats().failed, 0);
}
