//! `many`: a result for each item of a batch, as if the function had been called for each.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use cache_runtime::testing::{Fault, When};
use cache_runtime::{ErrorKind, cache_result};

use crate::support::*;
#[allow(unused_imports, reason = "for the async flavour")]
use crate::worker::turn;

cached! {
    #[cache_result(timeout = 60, cache = place.cache, skip(place))]
    fn load(place: &Place, id: u64, name: Option<&str>) -> Result<String, OwnError> {
        let run = place.run();
        match id {
            0 => Err(OwnError::Own(run)),
            id => Ok(format!("{id} {name:?} {run}")),
        }
    }
}

scenario! {
    fn gets_what_is_there_and_computes_the_rest_in_order(place) {
        let there = done!(load(place, 2, Some("b"))).unwrap();
        let items = [(place, 1, None), (place, 2, Some("b")), (place, 3, Some("c"))];
        let results: Vec<_> = done!(load::many(items)).into_iter().map(Result::unwrap).collect();
        assert_eq!(results[1], there);
        assert!(results[0].starts_with("1 None") && results[2].starts_with("3 Some"));
        assert_eq!(place.runs(), 3);
        assert_eq!(done!(load(place, 3, Some("c"))).as_ref(), Ok(&results[2]));
        assert_eq!(place.runs(), 3);
        let stats = load::stats_in(&place.cache);
        assert_eq!((stats.hits, stats.misses, stats.sets), (2, 3, 3));
    }
}

scenario! {
    fn nothing_comes_of_nothing(place) {
        let none: [(&Place, u64, Option<&str>); 0] = [];
        assert_eq!(done!(load::many(none)), []);
        assert_eq!(place.runs(), 0);
    }
}

scenario! {
    fn an_item_that_stands_there_twice_is_computed_once(place) {
        let items = [1, 2, 1, 1, 2].map(|id| (place, id, None));
        let results = done!(load::many(items));
        assert_eq!(place.runs(), 2);
        assert!(results[0] == results[2] && results[0] == results[3] && results[1] == results[4]);
        assert_ne!(results[0], results[1]);
    }
}

scenario! {
    fn an_error_of_one_does_not_touch_the_others(place) {
        let results = done!(load::many([1, 0, 2, 0].map(|id| (place, id, None))));
        let is_ok: Vec<_> = results.iter().map(Result::is_ok).collect();
        assert_eq!(is_ok, [true, false, true, false]);
        assert_eq!(results[1], results[3], "an error that can be cloned is shared");
        assert_eq!(place.runs(), 3);
        assert!(done!(load(place, 0, None)).is_err());
        assert_eq!(place.runs(), 4);
    }
}

scenario! {
    fn a_long_batch_goes_in_parts(place) {
        let items = || (0..2_500).map(|id| (place, id % 1_700 + 1, None));
        let first = done!(load::many(items()));
        assert_eq!(place.runs(), 1_700);
        assert_eq!(first[0], first[1_700]);
        assert_eq!(done!(load::many(items())), first);
        assert_eq!(place.runs(), 1_700);
    }
}

#[test]
fn one_round_trip_gets_what_the_store_has() {
    let Some((place, store)) = Place::counted() else {
        return;
    };
    let place = &place;
    on_this_thread!(load::many((1..=50).map(|id| (place, id, None))));
    let asked = || ["get_many", "get", "set_unless"].map(|operation| store.asked(operation));
    assert_eq!(asked(), [1, 0, 50]);
    let results = on_this_thread!(load::many((1..=60).map(|id| (place, id, None))));
    assert!(results.iter().all(Result::is_ok));
    assert_eq!(place.runs(), 60);
    assert_eq!(asked(), [2, 0, 60]);
}

#[test]
fn a_store_that_fails_is_asked_once_and_changes_nothing() {
    let Some((place, store)) = Place::counted() else {
        return;
    };
    let place = &place;
    store.inject(Fault::Error(ErrorKind::Store), When::Always);
    let results = on_this_thread!(load::many((1..=20).map(|id| (place, id, None))));
    assert!(results.iter().all(Result::is_ok));
    assert_eq!((place.runs(), store.asked_in_all()), (20, 1));
    assert_eq!(load::stats_in(&place.cache).errors, 1);
    store.heal();
    on_this_thread!(load::many((1..=20).map(|id| (place, id, None))));
    on_this_thread!(load::many((1..=20).map(|id| (place, id, None))));
    assert_eq!(place.runs(), 40);
}

scenario! {
    fn scopes_hold_for_each_item(place) {
        let items = || [1, 2].map(|id| (place, id, None));
        let first = done!(load::many(items()));
        let again = bypass!(load::many(items()));
        assert_eq!(place.runs(), 4);
        assert_ne!(first, again);
        assert_eq!(done!(load::many(items())), first);
        let renewed = refreshing!(load::many(items()));
        assert_eq!(place.runs(), 6);
        assert_eq!(done!(load::many(items())), renewed);
    }
}

cached! {
    #[cache_result(cache = place.cache, skip(place), when = |value| value % 2 == 0)]
    fn even(place: &Place, id: u32) -> u32 {
        place.run();
        id
    }
}

scenario! {
    fn what_is_not_kept_is_computed_again(place) {
        assert_eq!(done!(even::many([1, 2, 1].map(|id| (place, id)))), [1, 2, 1]);
        assert_eq!(place.runs(), 2, "who waits has a result that is not kept, too");
        assert_eq!(done!(even::many([1, 2].map(|id| (place, id)))), [1, 2]);
        assert_eq!(place.runs(), 3);
    }
}

cached! {
    #[cache_result(cache = place.cache, skip(place))]
    fn maybe(place: &Place, id: u32) -> Option<u32> {
        place.run();
        (id > 0).then_some(id)
    }
}

scenario! {
    fn none_is_not_kept(place) {
        for runs in [2, 3] {
            let results = done!(maybe::many([0, 1].map(|id| (place, id))));
            assert_eq!(results, [None, Some(1)]);
            assert_eq!(place.runs(), runs);
        }
    }
}

static FREE_RUNS: AtomicUsize = AtomicUsize::new(0);

cached! {
    #[cache_result(timeout = 60)]
    fn doubled(id: u64) -> u64 {
        FREE_RUNS.fetch_add(1, Ordering::SeqCst);
        id * 2
    }
}

#[test]
fn one_argument_is_the_item_itself() {
    assert_eq!(on_this_thread!(doubled::many([7, 8])), [14, 16]);
    assert_eq!(on_this_thread!(doubled::many(vec![8, 9])), [16, 18]);
    assert_eq!(FREE_RUNS.load(Ordering::SeqCst), 3);
}

cached! {
    #[cache_result(cache = place.cache, skip(place))]
    fn generic<T: std::str::FromStr + 'static>(place: &Place, text: &str) -> Option<String> {
        place.run();
        text.parse::<T>().ok().map(|_| text.to_owned())
    }
}

scenario! {
    fn of_a_generic_function_the_type_is_named(place) {
        let items = || ["1", "x"].map(|text| (place, text));
        let numbers = done!(generic::many::<u8>(items()));
        assert_eq!(numbers, [Some("1".to_owned()), None]);
        let texts = done!(generic::many::<String>(items()));
        assert_eq!(texts[1], Some("x".to_owned()));
        assert_eq!(place.runs(), 4);
    }
}

struct Service<'a>(&'a Place);

impl Service<'_> {
    cached! {
        #[cache_result(cache = self.0.cache, key(id + 1, name.len()))]
        pub(super) fn get(&self, id: u64, name: &str) -> String {
            format!("{id} {name} {}", self.0.run())
        }
    }

    cached! {
        #[cache_result(cache = place.cache, skip(place), associated)]
        pub(super) fn read(place: &Place, (a, b): (u8, u8)) -> u32 {
            place.run() + u32::from(a + b)
        }
    }
}

struct Shared(std::sync::Arc<Place>);

impl Shared {
    cached! {
        #[cache_result(cache = self.0.cache, skip(self))]
        pub(super) fn get(self: std::sync::Arc<Self>, id: u64) -> u64 {
            id + u64::from(self.0.run())
        }
    }
}

scenario! {
    fn a_method_has_a_companion(place) {
        let service = Service(place);
        let results = done!(service.get_many([(1, "a"), (1, "b"), (2, "a")]));
        assert_eq!(results[0], results[1]);
        assert_eq!(place.runs(), 2);
        assert_eq!(done!(service.get(1, "c")), results[0]);
    }
}

scenario! {
    fn so_has_an_associated_function(place) {
        let results = done!(Service::read_many([(place, (1, 1)), (place, (1, 1))]));
        assert_eq!(results, [3, 3]);
        assert_eq!(done!(Service::read(place, (1, 1))), 3);
    }
}

#[test]
fn an_arc_is_cloned_for_each() {
    let shared = std::sync::Arc::new(Shared(std::sync::Arc::new(Place::in_process())));
    let mut results = on_this_thread!(shared.get_many([10, 20, 10]));
    results.sort_unstable();
    assert_eq!(results, [11, 11, 22]);
}

cached! {
    #[cache_result(cache = place.cache, skip(place))]
    fn panics(place: &Place, id: u64) -> u64 {
        place.run();
        assert!(id != 3 || place.runs() > 5, "three");
        id
    }
}

#[test]
fn a_panic_passes_through_and_what_came_before_it_is_kept() {
    let place = &Place::in_process();
    let panicked = std::thread::scope(|scope| {
        let all = scope.spawn(|| on_this_thread!(panics::many((1..=5).map(|id| (place, id)))));
        all.join()
    });
    assert_eq!(*panicked.unwrap_err().downcast::<&str>().unwrap(), "three");
    let runs = place.runs();
    assert_eq!(
        on_this_thread!(panics::many([(place, 1), (place, 2)])),
        [1, 2]
    );
    assert_eq!(place.runs(), runs);
    place.run();
    place.run();
    place.run();
    // Nothing of the flights is left.
    assert_eq!(
        on_this_thread!(panics::many((1..=5).map(|id| (place, id)))),
        [1, 2, 3, 4, 5]
    );
}

cached! {
    #[cache_result(cache = place.cache, skip(place))]
    fn tree(place: &Place, depth: u64) -> u64 {
        place.run();
        if depth == 0 {
            return 1;
        }
        let below = nested!(tree::many([depth - 1, depth - 1, depth - 1].map(|id| (place, id))));
        below.into_iter().sum()
    }
}

scenario! {
    fn a_function_may_ask_for_many_of_its_own(place) {
        assert_eq!(done!(tree(place, 5)), 243);
        assert_eq!(place.runs(), 6);
        place.cache.blocking().clear().unwrap();
        // What one of a batch needs is another of it: it runs, and waits for none.
        assert_eq!(done!(tree::many((0..5).map(|id| (place, id)))), [1, 3, 9, 27, 81]);
        place.cache.blocking().clear().unwrap();
        assert_eq!(done!(tree::many((0..5).rev().map(|id| (place, id)))), [81, 27, 9, 3, 1]);
    }
}

cached! {
    #[cache_result(cache = place.cache, skip(place), wait = 600)]
    fn slow(place: &Place, id: u64) -> u64 {
        turn!();
        place.run();
        id
    }
}

cached! {
    #[cache_result(cache = place.cache, skip(place), wait = 600)]
    fn crossed(place: &Place, id: u64, depth: u64) -> u64 {
        turn!();
        place.run();
        if depth == 0 {
            return id;
        }
        let others = (0..10).rev().map(|other| (place, (id + other) % 10, depth - 1));
        nested!(crossed::many(others)).into_iter().sum()
    }
}

#[test]
fn batches_in_opposite_orders_wait_for_each_other_and_never_for_ever() {
    let place = &Place::in_process();
    let start = std::time::Instant::now();
    std::thread::scope(|scope| {
        for thread in 0..8_u64 {
            scope.spawn(move || {
                let mut ids: Vec<u64> = (0..40).map(|id| (id * 7 + thread) % 50).collect();
                if thread % 2 == 0 {
                    ids.reverse();
                }
                let results = on_this_thread!(slow::many(ids.iter().map(|id| (place, *id))));
                assert_eq!(results, ids);
            });
        }
    });
    assert_eq!(place.runs(), 50, "each key ran once");
    assert!(start.elapsed() < Duration::from_secs(30));
}

#[test]
fn nor_do_batches_whose_bodies_ask_for_one_another() {
    let place = &Place::in_process();
    let start = std::time::Instant::now();
    std::thread::scope(|scope| {
        for thread in 0..6_u64 {
            scope.spawn(move || {
                let items = (0..10).map(|id| (place, (id + thread) % 10, 1 + thread % 2));
                let results = on_this_thread!(crossed::many(items));
                assert!(
                    results
                        .iter()
                        .all(|sum| *sum == 45 * 10_u64.pow((thread % 2) as u32))
                );
            });
        }
    });
    assert!(start.elapsed() < Duration::from_secs(60));
}

#[test]
fn a_hundred_thousand_in_process_take_a_moment() {
    let place = &Place::in_process();
    let items = || (0..100_000_u32).map(|id| (place, id * 2));
    let start = std::time::Instant::now();
    let first = on_this_thread!(even::many(items()));
    assert_eq!(on_this_thread!(even::many(items())), first);
    assert_eq!(first.len(), 100_000);
    assert!(
        start.elapsed() < Duration::from_secs(60),
        "{:?}",
        start.elapsed()
    );
}
