//! Two functions that claim the same key: the later runs uncached, and that is told and counted.

use cache_runtime::{Cache, ErrorKind, cache_result};

use crate::support::*;

mod first {
    use super::*;

    cached! {
        #[cache_result(cache = place.cache, skip(place), key_prefix = "same", name = "load")]
        pub(super) fn load(place: &Place, id: u64) -> String {
            format!("first {id} {}", place.run())
        }
    }
}

mod second {
    use super::*;

    cached! {
        #[cache_result(cache = place.cache, skip(place), key_prefix = "same")]
        pub(super) fn load(place: &Place, id: u64) -> String {
            format!("second {id} {}", place.run())
        }
    }
}

mod third {
    use super::*;

    cached! {
        #[cache_result(cache = place.cache, skip(place), key_prefix = "same", name = "other")]
        pub(super) fn load(place: &Place, id: u64) -> String {
            format!("third {id} {}", place.run())
        }
    }
}

scenario! {
    fn the_later_runs_uncached_and_the_first_is_not_disturbed(place) {
        assert_eq!(done!(first::load(place, 7)), "first 7 1");
        assert_eq!(done!(second::load(place, 7)), "second 7 2");
        assert_eq!(done!(second::load(place, 7)), "second 7 3");
        assert_eq!(done!(first::load(place, 7)), "first 7 1");
        let stats = second::load::stats_in(&place.cache);
        assert_eq!((stats.collisions, stats.hits, stats.sets), (2, 0, 0));
        assert_eq!(first::load::stats_in(&place.cache).collisions, 0);
        assert_eq!(place.cache.stats().collisions, 2);
    }
}

scenario! {
    fn it_counts_who_came_first_and_not_where_they_stand(place) {
        assert_eq!(done!(second::load(place, 7)), "second 7 1");
        assert_eq!(done!(first::load(place, 7)), "first 7 2");
        assert_eq!(done!(second::load(place, 7)), "second 7 1");
    }
}

scenario! {
    fn the_later_has_no_entries(place) {
        done!(first::load(place, 7));
        let error = done!(second::load::entry(place, 7).get()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Collision);
        let error = done!(second::load::entry(place, 7).set(&String::new())).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Collision);
        assert!(done!(second::load::entry(place, 7).delete()).is_err());
        assert_eq!(done!(second::load::refresh(place, 7)), "second 7 2");
        assert_eq!(done!(first::load(place, 7)), "first 7 1");
    }
}

scenario! {
    fn another_name_or_prefix_or_cache_is_no_collision(place) {
        assert_eq!(done!(first::load(place, 7)), "first 7 1");
        assert_eq!(done!(third::load(place, 7)), "third 7 2");
        assert_eq!(done!(third::load(place, 7)), "third 7 2");
        let elsewhere = place.with_cache(Cache::isolated());
        assert_eq!(done!(second::load(&elsewhere, 7)), "second 7 1");
        assert_eq!(done!(second::load(&elsewhere, 7)), "second 7 1");
        let prefixed = place.with_cache(place.cache.with_prefix("another"));
        assert_eq!(done!(second::load(&prefixed, 7)), "second 7 1");
        assert_eq!(done!(second::load(&prefixed, 7)), "second 7 1");
        assert_eq!(place.cache.stats().collisions, 0);
    }
}

#[test]
fn it_is_logged_once() {
    let place = &Place::in_process();
    let call = |n| {
        // On this thread, which is the one that is listened to.
        for _ in 0..n {
            on_this_thread!(first::load(place, 7));
            on_this_thread!(second::load(place, 7));
        }
    };
    let errors = crate::tracing_log::errors_of(|| call(3));
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(
        errors[0].contains("two functions claim the same cache keys"),
        "{errors:?}"
    );
    assert!(
        errors[0].contains("collisions.rs"),
        "it says where: {errors:?}"
    );
    assert_eq!(
        crate::tracing_log::errors_of(|| call(3)),
        [""; 0],
        "and never again"
    );
}
