//! Checks of counters.

/// Asserts the values of some fields of [`Stats`](crate::Stats); if one differs, the message shows all.
///
/// ```
/// use cache_runtime::Cache;
/// use cache_runtime::testing::assert_stats;
///
/// let cache = Cache::isolated();
/// cache.blocking().get::<u32>("key")?;
/// assert_stats!(cache.stats(), hits: 0, misses: 1);
/// # Ok::<(), cache_runtime::CacheError>(())
/// ```
#[macro_export]
macro_rules! assert_stats {
    ($stats:expr, $($field:ident: $count:expr),+ $(,)?) => {{
        let stats: $crate::Stats = $stats;
        $(
            let (counted, expected): (u64, u64) = (stats.$field, $count);
            ::core::assert!(
                counted == expected,
                "{} of `{}` are {}, not {}: {:?}",
                ::core::stringify!($field),
                ::core::stringify!($stats),
                counted,
                expected,
                stats,
            );
        )+
    }};
}

/// Asserts how many reads the cache answered: `assert_hits!(load::stats(), 2)`.
#[macro_export]
macro_rules! assert_hits {
    ($stats:expr, $count:expr $(,)?) => {
        $crate::assert_stats!($stats, hits: $count)
    };
}

/// Asserts how many reads found nothing fresh: `assert_misses!(load::stats(), 1)`.
#[macro_export]
macro_rules! assert_misses {
    ($stats:expr, $count:expr $(,)?) => {
        $crate::assert_stats!($stats, misses: $count)
    };
}
