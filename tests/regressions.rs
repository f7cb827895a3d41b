//! Promises that were once broken, each by the smallest program that broke it.

#![expect(
    clippy::unwrap_used,
    clippy::erasing_op,
    reason = "a test: its panic is its report"
)]
#![allow(non_camel_case_types)]

use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::mpsc::channel;
use std::thread::{sleep, spawn};
use std::time::{Duration, Instant};

use cache_runtime::{Cache, ErrorKind, Store, StoreFuture, cache_result, caches};

fn ms(n: u64) {
    sleep(Duration::from_millis(n));
}

/// Waits until another thread has come so far.
fn until(step: &AtomicU32, is: u32) {
    let start = Instant::now();
    while step.load(SeqCst) < is {
        assert!(start.elapsed() < Duration::from_secs(20), "no step {is}");
        ms(1);
    }
}

#[test]
fn the_type_of_an_impl_trait_argument_is_part_of_the_key() {
    #[cache_result]
    fn size(value: impl serde::Serialize) -> usize {
        size_of_val(&value)
    }
    assert_eq!((size(1_u8), size(1_u64)), (1, 8));
    assert_ne!(size::entry(1_u8).key(), size::entry(1_u64).key());
}

#[test]
fn parameters_of_an_impl_that_are_not_in_self_are_part_of_the_key() {
    trait Named<X> {
        fn name(&self) -> String;
    }
    struct Thing;
    impl<X: 'static> Named<X> for Thing {
        #[cache_result(skip(self))]
        fn name(&self) -> String {
            std::any::type_name::<X>().to_owned()
        }
    }
    assert_eq!(Named::<u8>::name(&Thing), "u8");
    assert_eq!(Named::<u16>::name(&Thing), "u16");
}

mod named_alike {
    use cache_runtime::cache_result;

    pub(crate) struct foo {}
    pub(crate) struct bar {}

    pub(crate) fn foo() -> (String, String) {
        trait Named {
            fn name(&self) -> String;
            #[cache_result(skip(self))]
            fn cached(&self) -> String {
                self.name()
            }
        }
        impl Named for self::foo {
            fn name(&self) -> String {
                "foo".into()
            }
        }
        impl Named for self::bar {
            fn name(&self) -> String {
                "bar".into()
            }
        }
        (self::foo {}.cached(), self::bar {}.cached())
    }
}

#[test]
fn a_type_called_like_the_function_around_its_trait_has_its_own_entries() {
    assert_eq!(named_alike::foo(), ("foo".into(), "bar".into()));
}

#[test]
fn a_delete_during_a_refresh_wins() {
    static DATA: AtomicU32 = AtomicU32::new(1);
    static STEP: AtomicU32 = AtomicU32::new(0);
    #[cache_result]
    fn data(id: u32) -> u32 {
        let value = DATA.load(SeqCst);
        STEP.store(1, SeqCst);
        until(&STEP, 2);
        value + id * 0
    }
    let refresh = spawn(|| data::refresh(1));
    until(&STEP, 1);
    DATA.store(2, SeqCst);
    data::entry(1).delete().unwrap();
    STEP.store(2, SeqCst);
    assert_eq!(refresh.join().unwrap(), 1);
    assert_eq!(data::entry(1).get().unwrap(), None);
}

#[test]
fn a_cached_function_in_a_thread_local_destructor_runs() {
    #[cache_result]
    fn leaf(n: u32) -> u32 {
        n
    }
    static SEEN: AtomicU32 = AtomicU32::new(0);
    struct Last;
    impl Drop for Last {
        fn drop(&mut self) {
            SEEN.store(leaf(5), SeqCst);
        }
    }
    thread_local! {
        static LAST: Last = const { Last };
    }
    spawn(|| {
        LAST.with(|_| ());
        leaf(5);
    })
    .join()
    .unwrap();
    assert_eq!(SEEN.load(SeqCst), 5);
}

struct Panics {
    in_get: bool,
}

impl Store for Panics {
    fn name(&self) -> &'static str {
        "panicking"
    }
    fn get<'a>(&'a self, _: &'a str) -> StoreFuture<'a, Option<Vec<u8>>> {
        assert!(!self.in_get, "get");
        Box::pin(async { Ok(None) })
    }
    fn set<'a>(&'a self, _: &'a str, _: &'a [u8], _: Option<Duration>) -> StoreFuture<'a, ()> {
        Box::pin(async { panic!("set") })
    }
    fn delete<'a>(&'a self, _: &'a str) -> StoreFuture<'a, bool> {
        Box::pin(async { Ok(false) })
    }
}

#[test]
fn a_store_that_panics_is_a_store_that_failed() {
    #[cache_result(cache = "panics_in_get")]
    fn reads(n: u32) -> u32 {
        n
    }
    #[cache_result(cache = "panics_in_set")]
    fn writes(n: u32) -> u32 {
        n
    }
    for (alias, in_get) in [("panics_in_get", true), ("panics_in_set", false)] {
        let cache = Cache::builder().store(Panics { in_get }).build().unwrap();
        caches().set(alias, cache).unwrap();
    }
    assert_eq!((reads(1), writes(2)), (1, 2));
    assert_eq!((reads::stats().errors, writes::stats().errors), (1, 1));
}

#[test]
fn what_has_expired_goes_as_new_entries_come() {
    let cache = Cache::from_url("memory://").unwrap();
    let blocking = cache.blocking();
    for n in 0..3000 {
        blocking.set(&format!("old{n}"), &n, 0.01).unwrap();
    }
    ms(50);
    for n in 0..3000 {
        blocking.set(&format!("new{n}"), &n, 60).unwrap();
    }
    // A shard sweeps as it is written to, so a few of the old may be left where the dice fell.
    let shown = format!("{cache:?}");
    let entries: usize = shown
        .split("entries: ")
        .nth(1)
        .and_then(|rest| rest.split(',').next())
        .and_then(|number| number.parse().ok())
        .unwrap();
    assert!((3000..3200).contains(&entries), "{entries}");
}

#[test]
fn an_add_during_a_computation_wins() {
    let cache = Cache::from_url("memory://").unwrap().blocking();
    let computing = cache.clone();
    let (begins, begun) = channel();
    let (ends, end) = channel();
    let computation = spawn(move || {
        computing.get_or_set("key", 60, || {
            begins.send(()).unwrap();
            end.recv().unwrap();
            1_u32
        })
    });
    begun.recv().unwrap();
    assert!(cache.add("key", &2_u32, 60).unwrap());
    ends.send(()).unwrap();
    assert_eq!(computation.join().unwrap().unwrap(), 1);
    assert_eq!(cache.get::<u32>("key").unwrap(), Some(2));
}

#[test]
fn a_wait_without_end_is_not_a_panic() {
    #[cache_result(wait = 18_446_744_073_709_551_615)]
    fn slow(n: u32) -> u32 {
        ms(100);
        n
    }
    let other = spawn(|| slow(1));
    ms(20);
    assert_eq!(slow(1), 1);
    other.join().unwrap();
}

#[test]
fn a_prefix_that_no_key_could_have_is_refused() {
    let error = Cache::from_url("memory://?key_prefix=a%0Ab").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
}

#[test]
fn strict_does_not_lose_a_result_for_a_write_that_failed() {
    #[cache_result(cache = "strict_panics_in_set", strict)]
    fn strict(n: u32) -> Result<u32, cache_runtime::CacheError> {
        Ok(n)
    }
    let cache = Cache::builder()
        .store(Panics { in_get: false })
        .build()
        .unwrap();
    caches().set("strict_panics_in_set", cache).unwrap();
    assert_eq!(strict(1).unwrap(), 1);
}

#[test]
fn strict_is_about_stores_and_not_about_an_alias_that_is_not_there() {
    #[cache_result(cache = "no_such_alias", strict)]
    fn strict(n: u32) -> Result<u32, cache_runtime::CacheError> {
        Ok(n)
    }
    assert_eq!(strict(1).unwrap(), 1);
    assert_eq!(strict::stats().errors, 1);
}

/// Uses the cache at its end, and when it is written as JSON.
#[derive(Clone)]
struct Meddler(Cache);

impl Meddler {
    fn meddle(&self) {
        let _ = self.0.blocking().get::<u64>("meddled");
    }
}

impl serde::Serialize for Meddler {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.0.blocking().set("meddled", &1_u64, 60).unwrap();
        to.serialize_u64(41)
    }
}

impl Drop for Meddler {
    fn drop(&mut self) {
        self.0.blocking().set("meddled", &2_u64, 60).unwrap();
        self.meddle();
    }
}

/// What `work` makes, or a failure if it does not come to an end.
fn in_time<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (done, result) = std::sync::mpsc::channel();
    std::thread::spawn(move || done.send(work()));
    result
        .recv_timeout(std::time::Duration::from_secs(10))
        .expect("it hangs")
}

#[test]
fn a_value_that_uses_the_cache_at_its_end_is_not_dropped_under_a_lock() {
    let cache = Cache::from_url("memory://?max_entries=10").unwrap();
    let added = in_time(move || {
        let blocking = cache.blocking();
        blocking.set("key", &1_u64, 60).unwrap();
        blocking.add("key", &Meddler(cache.clone()), 60).unwrap()
    });
    assert!(!added);
}

#[test]
fn a_number_whose_serialize_uses_the_cache_is_not_read_under_a_lock() {
    let cache = Cache::from_url("memory://?max_entries=10").unwrap();
    let sum = in_time(move || {
        let blocking = cache.blocking();
        blocking.set("key", &Meddler(cache.clone()), 60).unwrap();
        blocking.incr("key", 1).unwrap()
    });
    assert_eq!(sum, 42);
}
