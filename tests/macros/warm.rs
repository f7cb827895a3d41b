//! `warm`: makes the entries that are not there, and reports.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use cache_runtime::testing::{Fault, When};
use cache_runtime::{Cache, ErrorKind, Warmed, cache_result};

use crate::support::*;

cached! {
    #[cache_result(timeout = 60, cache = place.cache, skip(place))]
    fn load(place: &Place, id: u64, name: Option<&str>) -> Result<Option<String>, OwnError> {
        let run = place.run();
        match id {
            0 => Err(OwnError::Own(run)),
            1 => Ok(None),
            2 => panic!("two"),
            id => Ok(Some(format!("{id} {name:?} {run}"))),
        }
    }
}

/// Warmed, there, not kept, failed.
fn numbers(report: &Warmed) -> [usize; 4] {
    [report.warmed, report.there, report.not_kept, report.failed]
}

scenario! {
    fn it_makes_what_is_not_there(place) {
        done!(load(place, 10, None)).unwrap();
        let items = || [(place, 10, None), (place, 11, None), (place, 12, Some("a"))];
        let report = warmed!(load::warm(items()).quiet());
        assert_eq!(numbers(&report), [2, 1, 0, 0]);
        assert_eq!(report.to_string(), "3 entries: 2 warmed, 1 already there, 0 not kept, 0 failed");
        assert_eq!(place.runs(), 3);
        assert_eq!(numbers(&warmed!(load::warm(items()).quiet())), [0, 3, 0, 0]);
        assert!(done!(load(place, 12, Some("a"))).unwrap().is_some());
        assert_eq!(place.runs(), 3);
        let report = warmed!(load::warm(items()).quiet().refresh());
        assert_eq!((numbers(&report), place.runs()), ([3, 0, 0, 0], 6));
        place.pass(90 * SECOND);
        assert_eq!(numbers(&warmed!(load::warm(items()).quiet())), [3, 0, 0, 0]);
    }
}

scenario! {
    fn failures_are_told_and_stop_nothing(place) {
        let items = [0, 1, 2, 3, 0].map(|id| (place, id, None));
        let report = warmed!(load::warm(items).quiet());
        assert_eq!(numbers(&report), [1, 0, 1, 3]);
        let mut failures = report.failures.clone();
        failures.sort_by_key(|failure| failure.index);
        let told: Vec<_> = failures.iter().map(|failure| (failure.index, &*failure.error)).collect();
        assert!(matches!(told[..], [(0, _), (2, "panicked: two"), (4, _)]), "{told:?}");
        assert!(told[0].1.starts_with("Own("), "no `Display`, so its `Debug`: {told:?}");
        assert_eq!(failures[0].key, load::entry(place, 0, None).key());
        assert!(report.to_string().contains("item 2 ("), "{report}");
    }
}

#[test]
fn only_so_many_failures_are_told() {
    let place = &Place::in_process();
    let items = (0..250).map(|_| (place, 0, None));
    let report = warmed_on_this_thread!(load::warm(items).quiet());
    assert_eq!((report.failed, report.failures.len()), (250, 100));
    assert!(report.to_string().ends_with("and 150 more"));
}

#[test]
fn one_look_finds_what_is_there() {
    let Some((place, store)) = Place::counted() else {
        return;
    };
    let place = &place;
    let items = || (10..310).map(|id| (place, id, None));
    let asked = || ["get_many", "set_unless"].map(|operation| store.asked(operation));
    assert_eq!(
        warmed_on_this_thread!(load::warm(items()).quiet()).warmed,
        300
    );
    assert_eq!(asked(), [1, 300]);
    assert_eq!(
        warmed_on_this_thread!(load::warm(items()).quiet()).there,
        300
    );
    assert_eq!(asked(), [2, 300]);
    store.inject(Fault::Error(ErrorKind::Store), When::Always);
    let report = warmed_on_this_thread!(load::warm(items()).quiet());
    assert_eq!(
        numbers(&report),
        [0, 0, 300, 0],
        "it runs for nothing, and says so"
    );
}

scenario! {
    fn in_a_scope_without_a_cache_nothing_is_kept(place) {
        let report = warmed_bypass!(load::warm([(place, 10, None)]).quiet());
        assert_eq!((numbers(&report), place.runs()), ([0, 0, 1, 0], 1));
    }
}

cached! {
    #[cache_result(cache = "cache_tests.not_there")]
    fn nowhere(id: u64) -> u64 {
        assert!(id > 10, "it is not to run");
        id
    }
}

#[test]
fn where_there_is_no_cache_it_does_not_run() {
    let report = warmed_on_this_thread!(nowhere::warm([1, 2]).quiet());
    assert_eq!(numbers(&report), [0, 0, 0, 2]);
    assert!(
        report.failures[1].error.contains("cache_tests.not_there"),
        "{report}"
    );
}

cached! {
    #[cache_result(cache = place.cache, skip(place))]
    fn number(place: &Place, id: usize) -> usize {
        place.run();
        id
    }
}

#[test]
fn items_are_taken_as_they_are_needed() {
    let place = &Place::with_room(10_000);
    let ahead = AtomicUsize::new(0);
    let items = (0..100_000).map(|id| {
        ahead.fetch_max(id - place.runs() as usize, Ordering::SeqCst);
        (place, id)
    });
    let report = warmed_on_this_thread!(number::warm(items).quiet());
    assert_eq!(numbers(&report), [100_000, 0, 0, 0]);
    assert!(ahead.load(Ordering::SeqCst) <= 1_000);
}

#[test]
fn progress_is_told() {
    let place = &Place::in_process();
    let told = Arc::new(Mutex::new(Vec::new()));
    let listener = told.clone();
    let warm = number::warm((0..3).map(|id| (place, id)));
    warmed_on_this_thread!(
        warm.on_progress(move |done, total| listener.lock().unwrap().push((done, total)))
    );
    assert_eq!(
        *told.lock().unwrap(),
        [(1, Some(3)), (2, Some(3)), (3, Some(3))]
    );
    let listener = told.clone();
    let warm = number::warm((3..10).filter(|id| *id == 5).map(|id| (place, id)));
    warmed_on_this_thread!(
        warm.on_progress(move |done, total| listener.lock().unwrap().push((done, total)))
    );
    assert_eq!(told.lock().unwrap()[3..], [(1, None)]);
}

#[test]
fn nobody_watches_a_test() {
    let place = &Place::in_process();
    // To the file that stderr is, nothing is drawn; that is all a test can say.
    assert_eq!(warmed_on_this_thread!(number::warm([(place, 1)])).warmed, 1);
}

struct Service(Cache);

impl Service {
    cached! {
        #[cache_result(cache = self.0, skip(self))]
        pub(super) fn get(&self, id: &str) -> String {
            id.to_uppercase()
        }
    }
}

#[test]
fn a_method_has_a_companion() {
    let service = Service(Cache::isolated());
    let report = warmed_on_this_thread!(service.get_warm(["a", "b", "a"]));
    assert_eq!(report.total(), 3);
    assert_eq!(
        on_this_thread!(service.get_entry("b").get())
            .unwrap()
            .as_deref(),
        Some("B")
    );
}
