//! `cache_put`: what a function returns becomes an entry of another.

use cache_runtime::{ErrorKind, cache_put, cache_result};

use crate::support::*;

cached! {
    #[cache_result(cache = place.cache, key(id), timeout = 60)]
    fn task(place: &Place, id: u64) -> Result<Option<String>, OwnError> {
        Ok(Some(format!("{id} {}", place.run())))
    }
}

cached! {
    #[cache_result(cache = place.cache, key(id), cache_none)]
    fn maybe(place: &Place, id: u64) -> Option<String> {
        place.run();
        (id > 0).then(|| id.to_string())
    }
}

cached! {
    #[cache_result(cache = place.cache, key(id), local)]
    fn plain(place: &Place, id: u64) -> String {
        place.run();
        id.to_string()
    }
}

cached! {
    #[cache_put(
        task::entry(place, id), maybe::entry(place, id), plain::entry(place, id),
        task::entry(place, result.len() as u64)
    )]
    fn update(place: &Place, id: u64, name: &str) -> Result<String, OwnError> {
        let _ = place;
        if name.is_empty() {
            return Err(OwnError::Own(1));
        }
        Ok(name.to_owned())
    }
}

scenario! {
    fn the_value_becomes_each_entry_whatever_its_function_returns(place) {
        assert_eq!(done!(update(place, 7, "abc")), Ok("abc".to_owned()));
        assert_eq!(done!(task(place, 7)), Ok(Some("abc".to_owned())));
        assert_eq!(done!(task(place, 3)), Ok(Some("abc".to_owned())));
        assert_eq!(done!(maybe(place, 7)), Some("abc".to_owned()));
        assert_eq!(done!(plain(place, 7)), "abc");
        assert_eq!(place.runs(), 0);
    }
}

scenario! {
    fn a_failure_puts_nothing(place) {
        assert_eq!(done!(update(place, 7, "")), Err(OwnError::Own(1)));
        assert_eq!(done!(task::entry(place, 7).get()).unwrap(), None);
    }
}

scenario! {
    fn it_lives_as_long_as_the_entry_says(place) {
        done!(update(place, 7, "abc")).unwrap();
        lives!(place, task::entry(place, 7), 60);
    }
}

cached! {
    #[cache_put(task::entry(place, id))]
    fn optional(place: &Place, id: u64, name: Option<String>) -> Option<String> {
        let _ = place;
        name
    }
}

scenario! {
    fn none_is_not_put(place) {
        assert_eq!(done!(optional(place, 7, None)), None);
        assert_eq!(done!(task::entry(place, 7).get()).unwrap(), None);
        done!(optional(place, 7, Some("a".to_owned())));
        assert_eq!(done!(task::entry(place, 7).get()).unwrap(), Some("a".to_owned()));
    }
}

cached! {
    #[cache_put(ids.iter().map(|id| task::entry(place, *id)))]
    fn same(place: &Place, ids: &[u64], name: String) -> String {
        let _ = (place, ids);
        name
    }
}

scenario! {
    fn loops_of_entries(place) {
        assert_eq!(done!(same(place, &[1, 2], "x".to_owned())), "x");
        assert_eq!(done!(task(place, 1)), Ok(Some("x".to_owned())));
        assert_eq!(done!(task(place, 2)), Ok(Some("x".to_owned())));
    }
}

cached! {
    #[cache_result(cache = place.cache, key(slug))]
    #[cache_put(task::entry(place, result.len() as u64))]
    fn by_slug(place: &Place, slug: &str) -> Result<String, OwnError> {
        place.run();
        Ok(slug.to_owned())
    }
}

scenario! {
    fn beside_cache_result_it_puts_what_was_made(place) {
        assert_eq!(done!(by_slug(place, "abcd")), Ok("abcd".to_owned()));
        assert_eq!(done!(task(place, 4)), Ok(Some("abcd".to_owned())));
        done!(task::entry(place, 4).delete()).unwrap();
        assert_eq!(done!(by_slug(place, "abcd")), Ok("abcd".to_owned()));
        assert_eq!(done!(task::entry(place, 4).get()).unwrap(), None);
        assert_eq!(place.runs(), 1);
    }
}

cached! {
    #[cache_result(cache = place.cache, key(id), timeout = 60)]
    fn text(place: &Place, id: u64) -> String {
        format!("{id} {}", place.run())
    }
}

cached! {
    #[cache_put(text::entry(place, id))]
    fn write_text(place: &Place, id: u64, length: usize) -> String {
        let _ = (place, id);
        "x".repeat(length)
    }
}

scenario! {
    fn what_is_too_large_takes_the_old_value_away(place) {
        assert_eq!(done!(text(place, 7)), "7 1");
        assert_eq!(done!(write_text(place, 7, 2 << 20)).len(), 2 << 20);
        assert_eq!(done!(text(place, 7)), "7 2", "not what was there before");
        let large = "x".repeat(2 << 20);
        let error = done!(text::entry(place, 7).set(&large)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge, "{error}");
        assert_eq!(done!(text::entry(place, 7).get()).unwrap(), None);
        assert_eq!(text::stats_in(&place.cache).too_large, 2);
    }
}
