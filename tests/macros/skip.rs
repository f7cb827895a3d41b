//! `skip(...)`: arguments that are no part of the key.

use std::sync::atomic::AtomicU64;

use cache_runtime::cache_result;

use crate::support::*;

/// Neither `Serialize` nor `Clone`.
struct Pool(AtomicU64);

cached! {
    #[cache_result(cache = place.cache, skip(place, pool))]
    fn with_pool(place: &Place, pool: &Pool, id: u64) -> u32 {
        let _ = (pool.0.load(std::sync::atomic::Ordering::Relaxed), id);
        place.run()
    }
}

scenario! {
    fn a_skipped_argument_makes_no_difference_and_needs_no_trait(place) {
        let pools = [1, 2].map(|n| Pool(AtomicU64::new(n)));
        assert_eq!(done!(with_pool(place, &pools[0], 1)), 1);
        assert_eq!(done!(with_pool(place, &pools[1], 1)), 1);
        assert_eq!(done!(with_pool(place, &pools[0], 2)), 2);
    }
}

cached! {
    #[cache_result(cache = place.cache, skip(place, id, name))]
    fn without_any(place: &Place, id: u64, name: String) -> u32 {
        let _ = (id, name);
        place.run()
    }
}

scenario! {
    fn all_arguments_skipped_is_one_entry(place) {
        assert_eq!(done!(without_any(place, 1, "a".to_owned())), 1);
        assert_eq!(done!(without_any(place, 2, "b".to_owned())), 1);
    }
}

struct Service<'a> {
    tenant: u64,
    place: &'a Place,
}

impl Service<'_> {
    cached! {
        #[cache_result(cache = self.place.cache, skip(self))]
        pub(crate) fn shared(&self, id: u64) -> u64 {
            let _ = id;
            u64::from(self.place.run()) * 100 + self.tenant
        }
    }
}

scenario! {
    fn without_self_all_instances_share_the_entries(place) {
        let [one, two] = [1, 2].map(|tenant| Service { tenant, place });
        assert_eq!(done!(one.shared(7)), 101);
        assert_eq!(done!(two.shared(7)), 101);
        assert_eq!(done!(two.shared(8)), 202);
        assert_eq!(one.shared_entry(7).key(), two.shared_entry(7).key());
    }
}
