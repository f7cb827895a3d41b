//! `local`: values that no store outside could keep.

use std::sync::Arc;

use cache_runtime::cache_result;

use crate::support::*;

/// No serde.
#[derive(Debug, Clone)]
struct Parsed {
    run: u32,
    shared: Arc<Vec<u8>>,
}

cached! {
    #[cache_result(cache = place.cache, skip(place), local, timeout = 60)]
    fn parsed(place: &Place, id: u64) -> Parsed {
        let _ = id;
        Parsed { run: place.run(), shared: Arc::new(vec![1, 2, 3]) }
    }
}

scenario! {
    fn a_value_without_serde_is_kept_in_process(place) {
        let first = done!(parsed(place, 1));
        let second = done!(parsed(place, 1));
        assert_eq!((first.run, second.run), (1, 1));
        assert!(Arc::ptr_eq(&first.shared, &second.shared), "a clone, nothing was serialized");
        assert_eq!(done!(parsed(place, 2)).run, 2);
        assert_eq!(parsed::stats_in(&place.cache).local_hits, 1);
    }
}

scenario! {
    fn it_never_comes_to_the_server(place) {
        done!(parsed(place, 1));
        assert_ne!(place.server_has(&parsed::entry(place, 1).key()), Some(true));
    }
}

scenario! {
    fn it_dies_after_its_timeout(place) {
        assert_eq!(done!(parsed(place, 1)).run, 1);
        place.pass(60 * SECOND - std::time::Duration::from_millis(1));
        assert_eq!(done!(parsed(place, 1)).run, 1);
        place.pass(std::time::Duration::from_millis(1));
        assert_eq!(done!(parsed(place, 1)).run, 2);
    }
}

scenario! {
    fn its_entry_has_all_words(place) {
        let entry = parsed::entry(place, 1);
        assert!(done!(entry.get()).unwrap().is_none());
        done!(parsed(place, 1));
        assert_eq!(done!(entry.get()).unwrap().unwrap().run, 1);
        assert!(done!(entry.touch(600)).unwrap());
        place.pass(599 * SECOND);
        assert_eq!(done!(entry.get()).unwrap().unwrap().run, 1);
        assert!(done!(entry.delete()).unwrap());
        assert!(!done!(entry.delete()).unwrap());
        assert!(done!(entry.get()).unwrap().is_none());
        done!(entry.set(&Parsed { run: 9, shared: Arc::default() })).unwrap();
        assert_eq!(done!(parsed(place, 1)).run, 9);
        done!(parsed::clear_in(&place.cache)).unwrap();
        assert!(done!(entry.get()).unwrap().is_none());
    }
}
