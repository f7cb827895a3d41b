//! What is kept of a result is decided by its type, and the function's own error comes back.

use std::io;

use cache_runtime::cache_result;

use crate::support::*;

/// No trait at all.
struct Bare(u32);

type Rows = Result<Vec<u32>, OwnError>;
type Maybe<T> = Option<T>;
type Nested = Result<Maybe<u32>, Bare>;

mod deep {
    pub(super) type Answer<T> = std::result::Result<T, super::Bare>;
}

cached! {
    #[cache_result(cache = place.cache, skip(place))]
    fn aliased(place: &Place) -> Rows {
        match place.run() {
            run @ 1..=2 => Err(OwnError::Own(run)),
            run => Ok(vec![run]),
        }
    }
}

scenario! {
    fn an_alias_of_result_never_has_its_err_kept(place) {
        assert_eq!(done!(aliased(place)), Err(OwnError::Own(1)));
        assert_eq!(done!(aliased(place)), Err(OwnError::Own(2)));
        assert_eq!(done!(aliased(place)), Ok(vec![3]));
        assert_eq!(done!(aliased(place)), Ok(vec![3]));
        assert_eq!(done!(aliased::entry(place).get()).unwrap(), Some(vec![3]));
    }
}

cached! {
    #[cache_result(cache = place.cache, skip(place))]
    fn generic_alias(place: &Place) -> deep::Answer<u32> {
        match place.run() {
            1 => Err(Bare(1)),
            run => Ok(run),
        }
    }
}

scenario! {
    fn an_error_needs_no_trait(place) {
        assert!(matches!(done!(generic_alias(place)), Err(Bare(1))));
        assert!(matches!(done!(generic_alias(place)), Ok(2)));
        assert!(matches!(done!(generic_alias(place)), Ok(2)));
    }
}

cached! {
    #[cache_result(cache = place.cache, skip(place))]
    fn with_anyhow(place: &Place) -> anyhow::Result<String> {
        match place.run() {
            1 => Err(anyhow::Error::new(io::Error::other("disk")).context("reading")),
            run => Ok(run.to_string()),
        }
    }
}

scenario! {
    fn an_anyhow_error_comes_back_with_its_causes(place) {
        let error = done!(with_anyhow(place)).unwrap_err();
        assert_eq!(format!("{error:#}"), "reading: disk");
        assert!(error.downcast_ref::<io::Error>().is_some());
        assert_eq!(done!(with_anyhow(place)).unwrap(), "2");
        assert_eq!(done!(with_anyhow(place)).unwrap(), "2");
    }
}

cached! {
    #[cache_result(cache = place.cache, skip(place))]
    fn with_io(place: &Place) -> io::Result<()> {
        match place.run() {
            1 => Err(io::ErrorKind::NotFound.into()),
            _ => Ok(()),
        }
    }
}

scenario! {
    fn an_io_result_of_nothing_is_kept(place) {
        assert_eq!(done!(with_io(place)).unwrap_err().kind(), io::ErrorKind::NotFound);
        done!(with_io(place)).unwrap();
        done!(with_io(place)).unwrap();
        assert_eq!(place.runs(), 2);
    }
}

cached! {
    #[cache_result(cache = place.cache, skip(place))]
    fn boxed(place: &Place) -> Result<u32, Box<dyn std::error::Error + Send + Sync>> {
        let run = place.run();
        if run == 1 {
            return Err("boxed".into());
        }
        Ok("7".parse::<u32>()? + run)
    }
}

scenario! {
    fn a_boxed_error_comes_back(place) {
        assert_eq!(done!(boxed(place)).unwrap_err().to_string(), "boxed");
        assert_eq!(done!(boxed(place)).unwrap(), 9);
        assert_eq!(done!(boxed(place)).unwrap(), 9);
    }
}

cached! {
    #[cache_result(cache = place.cache, skip(place))]
    fn maybe(place: &Place) -> Maybe<u32> {
        Some(place.run()).filter(|run| *run > 2)
    }
}

scenario! {
    fn an_alias_of_option_never_has_its_none_kept(place) {
        assert_eq!(done!(maybe(place)), None);
        assert_eq!(done!(maybe(place)), None);
        assert_eq!(done!(maybe(place)), Some(3));
        assert_eq!(done!(maybe(place)), Some(3));
    }
}

cached! {
    #[cache_result(cache = place.cache, skip(place))]
    fn nested(place: &Place) -> Nested {
        match place.run() {
            1 => Err(Bare(1)),
            2 => Ok(None),
            run => Ok(Some(run)),
        }
    }
}

scenario! {
    fn of_a_result_of_an_option_ok_some_alone_is_kept(place) {
        assert!(matches!(done!(nested(place)), Err(Bare(1))));
        assert!(matches!(done!(nested(place)), Ok(None)));
        assert!(matches!(done!(nested(place)), Ok(Some(3))));
        assert!(matches!(done!(nested(place)), Ok(Some(3))));
        assert_eq!(done!(nested::entry(place).get()).unwrap(), Some(3));
    }
}

cached! {
    #[cache_result(cache = place.cache, skip(place))]
    fn whole(place: &Place, id: u32) -> (Option<u32>, Result<u32, String>) {
        let run = place.run();
        if id == 0 { (None, Err(run.to_string())) } else { (Some(run), Ok(run)) }
    }
}

scenario! {
    fn what_is_inside_another_type_is_kept_whole(place) {
        assert_eq!(done!(whole(place, 0)), (None, Err("1".to_owned())));
        assert_eq!(done!(whole(place, 0)), (None, Err("1".to_owned())));
        assert_eq!(done!(whole(place, 1)), (Some(2), Ok(2)));
        assert_eq!(done!(whole(place, 1)), (Some(2), Ok(2)));
    }
}

cached! {
    #[cache_result(cache = place.cache, skip(place))]
    fn some_none(place: &Place) -> Option<Option<u32>> {
        if place.run() == 1 { None } else { Some(None) }
    }
}

scenario! {
    fn a_none_inside_some_is_a_value(place) {
        assert_eq!(done!(some_none(place)), None);
        assert_eq!(done!(some_none(place)), Some(None));
        assert_eq!(done!(some_none(place)), Some(None));
        assert_eq!(place.runs(), 2);
    }
}

cached! {
    #[cache_result(cache = place.cache, skip(place))]
    fn parameter<T>(place: &Place, value: T) -> T
    where
        T: Clone + serde::Serialize + serde::de::DeserializeOwned + Send + Sync + 'static,
    {
        place.run();
        value
    }
}

scenario! {
    fn a_bare_type_parameter_is_kept_whole(place) {
        for _ in 0..2 {
            assert_eq!(done!(parameter(place, None::<u32>)), None);
            assert_eq!(done!(parameter(place, Some(3_u32))), Some(3));
            let failed: Result<u32, String> = Err("no".to_owned());
            assert_eq!(done!(parameter(place, failed.clone())), failed);
        }
        assert_eq!(place.runs(), 3);
    }
}

cached! {
    #[cache_result(cache = place.cache, skip(place))]
    fn large(place: &Place, bytes: usize) -> String {
        place.run();
        "x".repeat(bytes)
    }
}

scenario! {
    fn a_result_over_the_size_limit_is_returned_and_not_kept(place) {
        assert_eq!(done!(large(place, 2 << 20)).len(), 2 << 20);
        assert_eq!(done!(large(place, 2 << 20)).len(), 2 << 20);
        assert_eq!(place.runs(), 2);
        assert_eq!(large::stats_in(&place.cache).too_large, 2);
        assert_eq!(done!(large(place, 1 << 19)).len(), 1 << 19);
        assert_eq!(done!(large(place, 1 << 19)).len(), 1 << 19);
        assert_eq!(place.runs(), 3);
    }
}
