//! `crate`: where the runtime is, if it has another name or stands behind another crate.

use cache_runtime::Cache;

/// What a crate looks like that passes the runtime on.
pub(crate) mod framework {
    pub(crate) use cache_runtime as caching;
    pub(crate) use cache_runtime::cache_result as cached;
}

use framework::cached;

#[cached(crate = ::cache_runtime, cache = Cache::isolated())]
fn absolute(id: u64) -> u64 {
    id
}

#[cached(crate = crate::krate::framework::caching, cache = cache.clone(), key(id))]
fn passed_on(cache: &Cache, id: u64, runs: &mut u32) -> Option<u64> {
    *runs += 1;
    Some(id)
}

macro_rules! from_a_macro {
    ($name:ident) => {
        #[$crate::krate::framework::cached(
                            crate = $crate::krate::framework::caching, cache = cache, key(id)
                        )]
        async fn $name(cache: &Cache, id: u64) -> Result<u64, String> {
            Ok(id)
        }
    };
}

from_a_macro!(of_a_macro);

#[test]
fn a_function_finds_the_runtime_where_it_is_said_to_be() {
    assert_eq!(absolute(1), 1);
    let (cache, mut runs) = (Cache::isolated(), 0);
    for _ in 0..3 {
        assert_eq!(passed_on(&cache, 5, &mut runs), Some(5));
    }
    assert_eq!(runs, 1);
    futures_executor::block_on(async {
        for _ in 0..3 {
            assert_eq!(of_a_macro(&cache, 5).await, Ok(5));
        }
    });
    assert_eq!(of_a_macro::stats_in(&cache).hits, 2);
}
