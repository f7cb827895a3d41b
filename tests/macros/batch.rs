//! `batch`: one function for all the items of `many` and `warm` that have no entry.

use std::collections::{BTreeMap, HashMap};

use cache_runtime::cache_result;

use crate::support::*;
use crate::tracing_log::errors_of;

cached! {
    #[cache_result(cache = place.cache, skip(place), timeout = 60, batch = doubled_many)]
    fn doubled(place: &Place, id: u64) -> u64 {
        place.run();
        id * 2
    }
}

cached! {
    fn doubled_many(place: &Place, ids: &[u64]) -> Vec<u64> {
        place.run_batch(ids.len());
        ids.iter().map(|id| id * 2).collect()
    }
}

scenario! {
    fn it_is_called_once_with_all_that_are_missing(place) {
        assert_eq!(done!(doubled(place, 2)), 4);
        let items = || [1, 2, 3, 1].map(|id| (place, id));
        assert_eq!(done!(doubled::many(items())), [2, 4, 6, 2]);
        assert_eq!(place.batches(), [2]);
        assert_eq!(done!(doubled::many(items())), [2, 4, 6, 2]);
        assert_eq!(done!(doubled(place, 3)), 6);
        assert_eq!((place.runs(), place.batches()), (1, vec![2]));
        lives!(place, doubled::entry(place, 3), 60);
    }
}

scenario! {
    fn in_a_scope_without_a_cache_it_is_called_with_all(place) {
        done!(doubled(place, 2));
        let items = || [1, 2, 1].map(|id| (place, id));
        assert_eq!(bypass!(doubled::many(items())), [2, 4, 2]);
        assert_eq!((place.runs(), place.batches()), (1, vec![3]));
        assert_eq!(done!(doubled::many(items())), [2, 4, 2]);
        assert_eq!(place.batches(), [3, 1], "nothing was kept");
    }
}

cached! {
    #[cache_result(cache = place.cache, skip(place), timeout = 60)]
    fn part(place: &Place, id: u64) -> u64 {
        id + u64::from(place.run())
    }
}

cached! {
    #[cache_result(cache = place.cache, skip(place), timeout = 60, batch = total_many)]
    fn total(place: &Place, id: u64) -> u64 {
        done!(part(place, id))
    }
}

cached! {
    fn total_many(place: &Place, ids: &[u64]) -> Vec<u64> {
        vec![done!(part(place, ids[0]))]
    }
}

scenario! {
    fn what_a_batch_function_calls_is_called_in_the_same_scope(place) {
        assert_eq!(done!(part(place, 10)), 11);
        assert_eq!(bypass!(total::many([(place, 10)])), [12]);
        assert_eq!(done!(part(place, 10)), 11);
        assert_eq!(refreshing!(total::many([(place, 10)])), [13]);
        assert_eq!(done!(part(place, 10)), 13);
    }
}

scenario! {
    fn in_a_scope_that_refreshes_it_is_called_with_all_and_kept(place) {
        done!(doubled(place, 2));
        let items = || [1, 2].map(|id| (place, id));
        assert_eq!(refreshing!(doubled::many(items())), [2, 4]);
        assert_eq!(done!(doubled::many(items())), [2, 4]);
        assert_eq!((place.runs(), place.batches()), (1, vec![2]));
    }
}

cached! {
    #[cache_result(cache = place.cache, skip(place), timeout = 60, batch = counted_many)]
    fn counted(place: &Place, id: u64) -> u64 {
        id * 100 + u64::from(place.run())
    }
}

cached! {
    fn counted_many(place: &Place, ids: &[u64]) -> Vec<u64> {
        ids.iter().map(|id| id * 100 + 10 + u64::from(place.run())).collect()
    }
}

scenario! {
    fn an_item_that_is_refreshed_twice_is_kept(place) {
        assert_eq!(done!(counted(place, 1)), 101);
        let twice = refreshing!(counted::many([1, 1].map(|id| (place, id))));
        assert_eq!(twice, [112, 113]);
        let kept = done!(counted(place, 1));
        assert!(twice.contains(&kept), "the old one: {kept}");
    }
}

scenario! {
    fn a_long_batch_is_a_few_calls(place) {
        let results = done!(doubled::many((0..2_500).map(|id| (place, id))));
        assert_eq!(results[2_499], 4_998);
        assert_eq!(place.batches(), [1_000, 1_000, 500]);
    }
}

scenario! {
    fn it_warms(place) {
        done!(doubled(place, 2));
        let items = || (1..=5).map(|id| (place, id));
        let report = warmed!(doubled::warm(items()).quiet());
        assert_eq!((report.warmed, report.there, report.total()), (4, 1, 5));
        assert_eq!(place.batches(), [4]);
        let report = warmed!(doubled::warm(items()).quiet().refresh());
        assert_eq!((report.warmed, report.there, report.total()), (5, 0, 5));
        assert_eq!(place.batches(), [4, 5]);
    }
}

cached! {
    #[cache_result(cache = place.cache, skip(place), batch = found_of)]
    fn found(place: &Place, id: u64) -> Result<Option<String>, OwnError> {
        place.run();
        Ok(Some(id.to_string()))
    }
}

cached! {
    fn found_of(place: &Place, ids: &[u64]) -> Result<HashMap<u64, String>, OwnError> {
        place.run_batch(ids.len());
        if ids.contains(&0) {
            return Err(OwnError::Own(7));
        }
        let found = ids.iter().filter(|id| *id % 2 == 0);
        Ok(found.map(|id| (*id, id.to_string())).collect())
    }
}

scenario! {
    fn what_is_not_in_a_map_is_none(place) {
        let found = |results: Vec<Result<Option<String>, _>>| -> Vec<_> {
            results.into_iter().map(|result| result.unwrap().is_some()).collect()
        };
        let items = || [1, 2, 3].map(|id| (place, id));
        assert_eq!(found(done!(found::many(items()))), [false, true, false]);
        assert_eq!(found(done!(found::many(items()))), [false, true, false]);
        assert_eq!((place.runs(), place.batches()), (0, vec![3, 2]));
    }
}

scenario! {
    fn an_item_that_stands_there_twice_is_found_twice(place) {
        let twice = || [2, 2, 1].map(|id| (place, id));
        let is_there = |results: Vec<Result<Option<String>, _>>| -> Vec<_> {
            results.into_iter().map(|result| result.unwrap().is_some()).collect()
        };
        // The function itself finds 1, the one for many does not.
        assert_eq!(is_there(bypass!(found::many(twice()))), [true, true, false]);
        assert_eq!(is_there(refreshing!(found::many(twice()))), [true, true, false]);
        let report = warmed!(found::warm(twice()).quiet().refresh());
        assert_eq!((report.warmed, report.not_kept), (2, 1));
        assert!(done!(found::entry(place, 2).get()).unwrap().is_some());
    }
}

cached! {
    #[cache_result(cache = place.cache, skip(place), timeout = 60, batch = panicking_many)]
    fn panicking(place: &Place, id: u64) -> u64 {
        place.run();
        id
    }
}

cached! {
    fn panicking_many(place: &Place, ids: &[u64]) -> Vec<u64> {
        place.run_batch(ids.len());
        assert!(ids[0] > 0, "this panic is wanted");
        ids.to_vec()
    }
}

scenario! {
    fn a_panic_of_the_function_for_many_is_in_the_report(place) {
        let report = warmed!(panicking::warm((0..1_500).map(|id| (place, id))).quiet());
        assert_eq!((report.failed, report.warmed), (1_000, 500));
        assert!(report.to_string().contains("this panic is wanted"), "{report}");
        assert_eq!(done!(panicking(place, 1_200)), 1_200);
        assert_eq!(place.runs(), 0);
    }
}

scenario! {
    fn an_error_is_that_of_all(place) {
        done!(found(place, 4)).unwrap();
        let results = done!(found::many([0, 2, 4].map(|id| (place, id))));
        let error = Err(OwnError::Own(7));
        assert_eq!(results, [error.clone(), error, Ok(Some("4".to_owned()))]);
        assert_eq!((place.runs(), place.batches()), (1, vec![2]));
        let report = warmed!(found::warm([0, 2, 4].map(|id| (place, id))).quiet());
        assert_eq!((report.failed, report.there), (2, 1));
        assert!(report.to_string().contains("Own(7)"), "{report}");
    }
}

cached! {
    #[cache_result(cache = place.cache, skip(place), batch = known_of, when = |n| *n > 10)]
    fn known(place: &Place, kind: &str, id: u32) -> Result<u32, OwnError> {
        place.run();
        if id > 100 { Err(OwnError::Own(id)) } else { Ok(id + kind.len() as u32) }
    }
}

cached! {
    fn known_of<'a>(place: &Place, items: &[(&'a str, u32)]) -> BTreeMap<(&'a str, u32), Result<u32, OwnError>> {
        place.run_batch(items.len());
        let known = items.iter().filter(|(_, id)| *id < 100);
        known.map(|(kind, id)| ((*kind, *id), Ok(id + kind.len() as u32))).collect()
    }
}

scenario! {
    fn for_what_is_not_in_the_map_the_function_is_called(place) {
        let items = || [("ab", 1), ("ab", 20), ("c", 200)].map(|(kind, id)| (place, kind, id));
        let results = || vec![Ok(3), Ok(22), Err(OwnError::Own(200))];
        assert_eq!(done!(known::many(items())), results());
        assert_eq!((place.runs(), place.batches()), (1, vec![3]));
        assert_eq!(done!(known::many(items())), results());
        assert_eq!((place.runs(), place.batches()), (2, vec![3, 2]), "`when` refused the first");
    }
}

cached! {
    #[cache_result(cache = place.cache, skip(place), batch = short_of)]
    fn short(place: &Place, id: u64) -> u64 {
        place.run();
        id
    }
}

cached! {
    fn short_of(place: &Place, ids: &[u64]) -> Vec<u64> {
        place.run_batch(ids.len());
        ids[1..].to_vec()
    }
}

#[test]
fn too_few_results_are_logged_once_and_the_function_called() {
    let place = &Place::in_process();
    let errors = errors_of(|| {
        for first in [1, 11] {
            let items = (first..first + 3).map(|id| (place, id));
            let results = on_this_thread!(short::many(items));
            assert_eq!(results, (first..first + 3).collect::<Vec<_>>());
        }
    });
    assert_eq!((place.runs(), place.batches()), (6, vec![3, 3]));
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(errors[0].contains("short"), "{errors:?}");
    assert_eq!(on_this_thread!(short(place, 1)), 1);
    assert_eq!(place.runs(), 6);
}

struct Service(Place);

impl Service {
    cached! {
        #[cache_result(
            cache = self.0.cache, key(id), batch = Self::get_all, timeout = u64::from(life), cache_none,
        )]
        pub(super) fn get(&self, id: u64, life: u8) -> Option<u64> {
            self.0.run();
            Some(id + u64::from(life))
        }
    }

    cached! {
        fn get_all(&self, items: &[(u64, u8)]) -> HashMap<(u64, u8), u64> {
            self.0.run_batch(items.len());
            let known = items.iter().filter(|(id, _)| *id > 0);
            known.map(|(id, life)| ((*id, *life), id + u64::from(*life))).collect()
        }
    }
}

#[test]
fn of_a_method_it_takes_self_and_the_timeout_is_that_of_each() {
    let service = Service(Place::in_process());
    let results = on_this_thread!(service.get_many([(1, 10), (0, 10), (2, 20)]));
    assert_eq!(results, [Some(11), None, Some(22)]);
    assert_eq!(service.0.batches(), [3]);
    service.0.pass(15 * SECOND);
    let results = on_this_thread!(service.get_many([(1, 10), (0, 10), (2, 20)]));
    assert_eq!(results, [Some(11), None, Some(22)]);
    assert_eq!(
        service.0.batches(),
        [3, 2],
        "a `None` is kept by `cache_none`, as long"
    );
    assert_eq!(service.0.runs(), 0);
}

cached! {
    #[cache_result(cache = place.cache, skip(place), stale = 600, timeout = 60, batch = aging_of)]
    fn aging(place: &Place, id: u64) -> Result<u64, OwnError> {
        place.run();
        Ok(id)
    }
}

cached! {
    fn aging_of(place: &Place, ids: &[u64]) -> Result<Vec<u64>, OwnError> {
        place.run_batch(ids.len());
        if place.batches().len() > 1 { Err(OwnError::Own(1)) } else { Ok(ids.to_vec()) }
    }
}

scenario! {
    fn old_values_are_served_when_it_fails(place) {
        let items = || [1, 2].map(|id| (place, id));
        assert_eq!(done!(aging::many(items())), [Ok(1), Ok(2)]);
        place.pass(90 * SECOND);
        assert_eq!(done!(aging::many(items())), [Ok(1), Ok(2)]);
        assert_eq!((place.runs(), place.batches()), (0, vec![2, 2]));
        let results = done!(aging::many([1, 3].map(|id| (place, id))));
        assert_eq!(results, [Ok(1), Err(OwnError::Own(1))], "the first is left alone for a while");
        assert_eq!(place.batches(), [2, 2, 1]);
    }
}

cached! {
    #[cache_result(cache = place.cache, skip(place), wait = 600, batch = crowded_of)]
    fn crowded(place: &Place, id: u64) -> u64 {
        place.run();
        id
    }
}

cached! {
    fn crowded_of(place: &Place, ids: &[u64]) -> Vec<u64> {
        std::thread::sleep(std::time::Duration::from_millis(2));
        place.run_batch(ids.len());
        ids.to_vec()
    }
}

#[test]
fn batches_share_what_they_have_in_common() {
    let place = &Place::in_process();
    std::thread::scope(|scope| {
        for thread in 0..8_u64 {
            scope.spawn(move || {
                let mut ids: Vec<u64> = (0..40).map(|id| (id * 7 + thread) % 50).collect();
                if thread % 2 == 0 {
                    ids.reverse();
                }
                let results = on_this_thread!(crowded::many(ids.iter().map(|id| (place, *id))));
                assert_eq!(results, ids);
            });
        }
    });
    assert_eq!((place.runs(), place.batches().iter().sum()), (0, 50));
}

cached! {
    #[cache_result(
        cache = place.cache, skip(place), batch = tagged_of, tags("id:{id}", "half:{result}"),
    )]
    fn tagged(place: &Place, id: u64) -> u64 {
        place.run();
        id / 2
    }
}

cached! {
    fn tagged_of(place: &Place, ids: &[u64]) -> Vec<u64> {
        place.run_batch(ids.len());
        ids.iter().map(|id| id / 2).collect()
    }
}

scenario! {
    fn what_it_gives_has_the_tags_of_the_function(place) {
        let items = || (1..=5).map(|id| (place, id));
        done!(tagged::many(items()));
        place.cache.blocking().delete_tag("id:5").unwrap();
        done!(tagged::many(items()));
        assert_eq!(place.batches(), [5, 1]);
        place.cache.blocking().delete_tag("half:1").unwrap();
        assert_eq!(done!(tagged::many(items())), [0, 1, 1, 2, 2]);
        assert_eq!((place.runs(), place.batches()), (0, vec![5, 1, 2]));
    }
}
