//! `cache_evict`: a function that changes data forgets the entries that it makes stale.

use cache_runtime::{cache_evict, cache_put, cache_result};

use crate::support::*;

cached! {
    #[cache_result(cache = place.cache, key(id))]
    fn task(place: &Place, id: u64) -> u32 {
        let _ = id;
        place.run()
    }
}

cached! {
    #[cache_result(cache = place.cache, key(name, page))]
    fn list(place: &Place, name: &str, page: Option<u64>) -> Result<String, OwnError> {
        Ok(format!("{name} {page:?} {}", place.run()))
    }
}

/// Fills three entries, and says afterwards which of them are there.
macro_rules! there {
    ($place:expr) => {
        [
            done!(task::entry($place, 1).get()).unwrap().is_some(),
            done!(task::entry($place, 2).get()).unwrap().is_some(),
            done!(list::entry($place, "a", None).get())
                .unwrap()
                .is_some(),
        ]
    };
}

macro_rules! fill {
    ($place:expr) => {
        done!(task($place, 1));
        done!(task($place, 2));
        done!(list($place, "a", None)).unwrap();
        assert_eq!(there!($place), [true; 3]);
    };
}

cached! {
    #[cache_evict(task::entry(place, id))]
    fn update(place: &Place, id: u64) {
        assert!(done!(task::entry(place, id).get()).unwrap().is_some(), "not before the body");
    }
}

scenario! {
    fn an_entry_is_forgotten_after_the_body(place) {
        fill!(place);
        done!(update(place, 1));
        assert_eq!(there!(place), [false, true, true]);
    }
}

#[derive(Clone)]
struct Task {
    id: u64,
    owner: String,
}

cached! {
    #[cache_evict(
        task::entry(place, result.id),
        list::entry(place, &result.owner, None),
        task::entry(place, id),
    )]
    fn rename(place: &Place, id: u64, fails: bool) -> Result<Task, OwnError> {
        if fails {
            Err(OwnError::Own(1))?;
        }
        if id == 3 {
            return Ok(Task { id: 2, owner: "nobody".to_owned() });
        }
        let _ = place;
        Ok(Task { id, owner: "a".to_owned() })
    }
}

scenario! {
    fn only_success_counts_by_whichever_way_out(place) {
        fill!(place);
        assert!(done!(rename(place, 1, true)).is_err());
        assert_eq!(there!(place), [true; 3]);
        assert_eq!(done!(rename(place, 3, false)).unwrap().owner, "nobody");
        assert_eq!(there!(place), [true, false, true]);
        assert_eq!(done!(rename(place, 1, false)).unwrap().id, 1);
        assert_eq!(there!(place), [false, false, false]);
    }
}

cached! {
    #[cache_evict(task::entry(place, 1), task::entry(place, result.id))]
    fn find(place: &Place, found: Result<Option<Task>, OwnError>) -> Result<Option<Task>, OwnError> {
        let _ = place;
        found
    }
}

scenario! {
    fn none_is_a_success_without_a_result(place) {
        fill!(place);
        assert!(done!(find(place, Err(OwnError::Own(1)))).is_err());
        assert_eq!(there!(place), [true; 3]);
        assert!(done!(find(place, Ok(None))).unwrap().is_none());
        assert_eq!(there!(place), [false, true, true]);
        let found = Task { id: 2, owner: String::new() };
        assert!(done!(find(place, Ok(Some(found)))).unwrap().is_some());
        assert_eq!(there!(place), [false, false, true]);
    }
}

cached! {
    #[cache_evict(
        ids.iter().map(|id| task::entry(place, *id)),
        vec![list::entry(place, &name, None)],
        Some(list::entry(place, &name, Some(*result))),
        list::entry(place, name.as_str(), page),
    )]
    fn update_all(place: &Place, ids: Vec<u64>, name: String, page: Option<u64>) -> Option<u64> {
        let _ = place;
        drop((ids, name));
        page.map(|page| page + 1)
    }
}

cached! {
    #[cache_evict(result.iter().map(|page| list::entry(place, &name, Some(*page))))]
    fn pages(place: &Place, name: String, pages: Vec<u64>) -> Vec<u64> {
        let _ = place;
        drop(name);
        pages
    }
}

scenario! {
    fn loops_of_entries_are_forgotten(place) {
        fill!(place);
        done!(list(place, "b", Some(1))).unwrap();
        done!(list(place, "b", Some(2))).unwrap();
        done!(pages(place, "b".to_owned(), vec![1, 3]));
        assert_eq!(done!(list::entry(place, "b", Some(1)).get()).unwrap(), None);
        assert!(done!(list::entry(place, "b", Some(2)).get()).unwrap().is_some());
        assert_eq!(there!(place), [true; 3]);
        done!(list(place, "a", Some(8))).unwrap();
        assert_eq!(done!(update_all(place, vec![1, 2], "a".to_owned(), Some(7))), Some(8));
        assert_eq!(there!(place), [false; 3]);
        assert_eq!(done!(list::entry(place, "a", Some(8)).get()).unwrap(), None);
    }
}

cached! {
    #[cache_evict(clear(task, list), cache = place.cache)]
    fn reset(place: &Place) {
        let _ = place;
    }
}

scenario! {
    fn whole_functions_are_cleared(place) {
        fill!(place);
        done!(reset(place));
        assert_eq!(there!(place), [false; 3]);
    }
}

mod of_the_default_cache {
    use super::*;

    static RUNS: Runs = Runs::new();

    cached! {
        #[cache_result]
        pub(super) fn whole(id: u64) -> u64 {
            let _ = id;
            RUNS.run()
        }
    }
}
use of_the_default_cache::whole;

cached! {
    #[cache_evict(clear(whole, of_the_default_cache::whole))]
    fn reset_whole() {}
}

#[test]
fn a_function_with_an_alias_knows_its_cache() {
    assert_eq!(on_this_thread!(whole(1)), 1);
    assert_eq!(on_this_thread!(whole(1)), 1);
    on_this_thread!(reset_whole());
    assert_eq!(on_this_thread!(whole(1)), 2);
}

struct Service<'p> {
    place: &'p Place,
}

impl Service<'_> {
    cached! {
        #[cache_result(cache = self.place.cache, key(id))]
        pub(super) fn get(&self, id: u64) -> u32 {
            let _ = id;
            self.place.run()
        }
    }

    cached! {
        #[cache_evict(self.get_entry(id), task::entry(self.place, *result))]
        fn update(&self, id: u64) -> u64 {
            self.place.run();
            id + 1
        }
    }

    cached! {
        #[cache_evict(self.get_entry(id))]
        fn change(&mut self, id: u64, name: &mut String) -> &mut Self {
            name.push('!');
            let _ = id;
            self
        }
    }
}

scenario! {
    fn methods_forget_entries_of_methods(place) {
        fill!(place);
        let mut service = Service { place };
        assert_eq!(done!(service.get(1)), 4);
        assert_eq!(done!(service.update(1)), 2);
        assert_eq!(done!(service.get(1)), 6);
        assert_eq!(there!(place), [true, false, true]);
        let mut name = "a".to_owned();
        let _ = done!(service.change(1, &mut name)).place;
        assert_eq!(name, "a!");
        assert_eq!(done!(service.get(1)), 7);
    }
}

cached! {
    #[cache_evict(task::entry(place, first), task::entry(place, last + *result))]
    fn patterns<T: Into<u64>>(place: &Place, (first, mut last): (u64, u64), by: T) -> u64 {
        let _ = place;
        last += by.into();
        last - first - 1
    }
}

scenario! {
    fn patterns_and_generics(place) {
        fill!(place);
        assert_eq!(done!(patterns(place, (1, 2), 0_u32)), 0);
        assert_eq!(there!(place), [false, false, true]);
    }
}

cached! {
    #[cache_evict(task::entry(place, 1))]
    fn unnamed(place: &Place) -> impl Fn() -> u64 {
        let _ = place;
        || 7
    }
}

scenario! {
    fn a_result_needs_no_name(place) {
        fill!(place);
        assert_eq!(done!(unnamed(place))(), 7);
        assert_eq!(there!(place), [false, true, true]);
    }
}

cached! {
    #[cache_result(cache = place.cache, key(id))]
    #[cache_evict(task::entry(place, id))]
    fn cached_before(place: &Place, id: u64) -> u32 {
        place.run()
    }
}

cached! {
    #[cache_evict(task::entry(place, id))]
    #[cache_result(cache = place.cache, key(id))]
    fn cached_after(place: &Place, id: u64) -> u32 {
        place.run()
    }
}

scenario! {
    fn a_hit_changes_nothing_in_either_order(place) {
        fill!(place);
        done!(cached_before(place, 1));
        done!(cached_after(place, 2));
        assert_eq!(there!(place), [false, false, true]);
        fill!(place);
        done!(cached_before(place, 1));
        done!(cached_after(place, 2));
        assert_eq!(there!(place), [true; 3]);
    }
}

cached! {
    #[cache_evict(task::entry(place, 1))]
    #[cache_put(task::entry(place, 2))]
    #[cache_evict(task::entry(place, 2))]
    fn put_and_evict(place: &Place) -> Option<u32> {
        let _ = place;
        Some(100)
    }
}

scenario! {
    fn what_is_put_is_not_evicted(place) {
        fill!(place);
        assert_eq!(done!(put_and_evict(place)), Some(100));
        assert_eq!(there!(place), [false, true, true]);
        assert_eq!(done!(task(place, 2)), 100);
    }
}

scenario! {
    fn a_store_that_is_down_changes_no_result(place) {
        let dead = place.with_cache(dead_cache());
        assert_eq!(done!(rename(&dead, 1, false)).unwrap().owner, "a");
        done!(reset(&dead));
    }
}
