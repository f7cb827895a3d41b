//! The lanes of a race of hits: one function under each attribute, and the same work around each plain
//! cache, as its user writes it.

use super::course::Course;
use super::rivals::{self, Arguments, Borrowed, Locked, Papaya, locked_or, papaya_or, quick_or};
use cache_benches::report::Row;

/// The same function under each attribute, and without.
// Each has a type of its own, so that a lane calls it as a user does and not through a pointer.
pub(super) struct Functions<O, B, S, M, U, W> {
    pub(super) ours: O,
    pub(super) cached_bounded: B,
    pub(super) cached_sharded: S,
    pub(super) memoized: M,
    pub(super) cached_unbounded: U,
    pub(super) work: W,
}

/// Functions of a number.
pub(super) fn of_number<'a, K, N, T, O, B, S, M, U, W>(
    course: Course<'a, K>,
    functions: Functions<O, B, S, M, U, W>,
) -> Vec<Row>
where
    K: Fn(usize) -> N + Copy + Sync + 'a,
    N: FnMut() -> u64,
    T: Clone + Send + Sync + 'static,
    O: Fn(u64) -> T + Sync + 'a,
    B: Fn(u64) -> T + Sync + 'a,
    S: Fn(u64) -> T + Sync + 'a,
    M: Fn(u64) -> T + Sync + 'a,
    U: Fn(u64) -> T + Sync + 'a,
    W: Fn(u64) -> T + Copy + Sync + 'a,
{
    let work = functions.work;
    let moka = rivals::moka();
    let quick = rivals::quick();
    let papaya = Papaya::new();
    let map = Locked::default();
    course
        .ours("cache_result", functions.ours)
        .lane("cached(max_size, ttl)", functions.cached_bounded)
        .lane("concurrent_cached(max_size, ttl)", functions.cached_sharded)
        .lane("memoize(capacity, ttl, shared)", functions.memoized)
        .lane("moka(ttl)", move |n| moka.get_with_by_ref(&n, || work(n)))
        .limit("quick_cache", move |n| {
            quick_or(&quick, &n, || (n, work(n)))
        })
        .limit("papaya", move |n| papaya_or(&papaya, &n, || (n, work(n))))
        .limit("cached, unbounded", functions.cached_unbounded)
        .limit("RwLock<HashMap>", move |n| {
            locked_or(&map, &n, || (n, work(n)))
        })
        .run()
}

/// Functions of a number and a borrowed text.
pub(super) fn of_text<'a, K, N, T, O, B, S, M, U, W>(
    course: Course<'a, K>,
    functions: Functions<O, B, S, M, U, W>,
) -> Vec<Row>
where
    K: Fn(usize) -> N + Copy + Sync + 'a,
    N: FnMut() -> Arguments,
    T: Clone + Send + Sync + 'static,
    O: Fn(u64, Option<&'static str>) -> T + Sync + 'a,
    B: Fn(u64, Option<&'static str>) -> T + Sync + 'a,
    S: Fn(u64, Option<&'static str>) -> T + Sync + 'a,
    // memoize keeps the arguments as they are, so they must be owned.
    M: Fn(u64, Option<String>) -> T + Sync + 'a,
    U: Fn(u64, Option<&'static str>) -> T + Sync + 'a,
    W: Fn(u64, Option<&'static str>) -> T + Copy + Sync + 'a,
{
    let Functions {
        ours,
        cached_bounded,
        cached_sharded,
        memoized,
        cached_unbounded,
        work,
    } = functions;
    let moka = rivals::moka();
    let quick = rivals::quick();
    let papaya = Papaya::new();
    let map = Locked::default();
    course
        .ours("cache_result", move |(id, status)| ours(id, status))
        .lane("cached(max_size, ttl)", move |(id, status)| {
            cached_bounded(id, status)
        })
        .lane("concurrent_cached(max_size, ttl)", move |(id, status)| {
            cached_sharded(id, status)
        })
        .lane("memoize(capacity, ttl, shared)", move |(id, status)| {
            memoized(id, status.map(str::to_owned))
        })
        // Not `get_with_by_ref`: it wants `ToOwned`, which no borrowed tuple can have.
        .lane("moka(ttl)", move |(id, status)| {
            let key = Borrowed(id, status);
            let found = moka.get(&key);
            found.unwrap_or_else(|| moka.get_with(key.own(), || work(id, status)))
        })
        .limit("quick_cache", move |(id, status)| {
            let key = Borrowed(id, status);
            quick_or(&quick, &key, || (key.own(), work(id, status)))
        })
        .limit("papaya", move |(id, status)| {
            let key = Borrowed(id, status);
            papaya_or(&papaya, &key, || (key.own(), work(id, status)))
        })
        .limit("cached, unbounded", move |(id, status)| {
            cached_unbounded(id, status)
        })
        // The standard map cannot be asked for a tuple that one does not own.
        .limit("RwLock<HashMap>", move |(id, status)| {
            let key = Borrowed(id, status).own();
            locked_or(&map, &key, || (key.clone(), work(id, status)))
        })
        .run()
}
