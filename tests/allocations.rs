//! An in-process hit does not allocate: counted, for every kind of function.
#![allow(clippy::unwrap_used, reason = "a test's panic is its report")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::future::Future;
use std::hint::black_box;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use cache_runtime::{Cache, cache_result};
use serde::Serialize;

struct Counting;

thread_local! {
    static COUNT: Cell<u64> = const { Cell::new(0) };
}

fn count() {
    let _ = COUNT.try_with(|count| count.set(count.get() + 1));
}

#[expect(unsafe_code, reason = "counting allocations takes an allocator")]
// SAFETY: every call is passed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count();
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, old: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        unsafe { System.realloc(old, layout, size) }
    }

    unsafe fn dealloc(&self, old: *mut u8, layout: Layout) {
        unsafe { System.dealloc(old, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How often this thread allocates in `f`.
fn allocations(f: impl FnOnce()) -> u64 {
    let before = COUNT.get();
    f();
    COUNT.get() - before
}

/// The result of a future that is ready at once; nothing is boxed.
fn now<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("a hit must be ready at once"),
    }
}

/// Fails if a hit of this call allocates.
macro_rules! no_allocation {
    ($call:expr) => {{
        // The miss, and what a thread sets up once.
        for _ in 0..10 {
            let _ = black_box($call);
        }
        let allocated = allocations(|| {
            for _ in 0..1000 {
                let _ = black_box($call);
            }
        });
        assert_eq!(allocated, 0, "{}", stringify!($call));
    }};
}

#[test]
fn the_allocator_counts() {
    assert_eq!(allocations(|| drop(black_box(Box::new(1)))), 1);
    assert_eq!(allocations(|| drop(black_box(vec![0_u8; 100]))), 1);
    assert_eq!(allocations(|| assert_eq!(black_box(1), 1)), 0);
}

#[cache_result]
fn number(id: u64) -> u64 {
    id
}

#[cache_result(timeout = never, key_prefix = "numbers", version = 2)]
async fn number_async(id: u64) -> u64 {
    id
}

#[test]
fn a_number() {
    no_allocation!(number(7));
    assert!(number::stats().hits >= 1000);
    no_allocation!(now(number_async(7)));
    assert!(number_async::stats().hits >= 1000);
}

#[cache_result]
fn text(id: u64, text: &str) -> Arc<String> {
    Arc::new(format!("{id} {text}"))
}

#[cache_result]
async fn text_async(id: u64, text: &str) -> Arc<String> {
    Arc::new(format!("{id} {text}"))
}

#[test]
fn a_borrowed_text() {
    no_allocation!(text(7, "some words of a text"));
    no_allocation!(now(text_async(7, "some words of a text")));
    assert!(text_async::stats().hits >= 1000);
}

#[cache_result]
fn optional(id: u64, status: Option<&str>) -> Result<Arc<[u64]>, String> {
    Ok(vec![id, status.map_or(0, str::len) as u64].into())
}

#[cache_result]
async fn optional_async(id: u64, status: Option<&str>) -> Result<Option<Arc<[u64]>>, String> {
    Ok(Some(vec![id, status.map_or(0, str::len) as u64].into()))
}

#[test]
fn an_optional_borrowed_text() {
    no_allocation!(optional(7, None));
    no_allocation!(optional(7, Some("done")));
    no_allocation!(now(optional_async(7, None)));
    no_allocation!(now(optional_async(7, Some("done"))));
    assert!(optional_async::stats().hits >= 2000);
}

#[derive(Clone, Copy, Serialize)]
struct Query {
    user: u64,
    page: u32,
    descending: bool,
}

#[cache_result]
fn record(query: Query) -> u64 {
    query.user + u64::from(query.page) + u64::from(query.descending)
}

#[cache_result]
async fn record_async(query: &Query) -> u64 {
    query.user
}

#[test]
fn a_struct_of_numbers() {
    let query = Query {
        user: 1,
        page: 2,
        descending: true,
    };
    no_allocation!(record(query));
    no_allocation!(now(record_async(&query)));
}

#[cache_result(kwargs(page, lang))]
fn keyword(user: u64, page: &(u8, i64), lang: Option<&str>) -> u64 {
    user + u64::from(page.0) + lang.map_or(0, str::len) as u64
}

#[test]
fn keyword_arguments() {
    no_allocation!(keyword(7, &(1, 2), Some("de")));
}

struct Service {
    tenant: u64,
    cache: Cache,
}

impl Service {
    #[cache_result(key(self.tenant, id))]
    fn task(&self, id: u64) -> u64 {
        self.tenant + id
    }

    #[cache_result(key(self.tenant, id), cache = self.cache)]
    pub(crate) async fn task_async(&self, id: u64) -> Option<u64> {
        Some(self.tenant + id)
    }

    #[cache_result(associated)]
    fn load(id: u64) -> u64 {
        id
    }
}

#[test]
fn a_method() {
    let service = Service {
        tenant: 1,
        cache: Cache::isolated(),
    };
    no_allocation!(service.task(7));
    no_allocation!(now(service.task_async(7)));
    assert!(service.cache.stats().hits >= 1000);
    // To and fro between the caches of tenants.
    let others = [Cache::isolated(), Cache::isolated()].map(|cache| Service { tenant: 2, cache });
    no_allocation!(for service in &others {
        black_box(now(service.task_async(7)));
    });
    no_allocation!(Service::load(7));
}

#[cache_result]
fn generic<T: Serialize, const N: usize>(value: T) -> usize {
    black_box(value);
    N
}

#[cache_result]
async fn generic_async<T: Serialize>(value: T) -> u64 {
    black_box(value);
    1
}

#[test]
fn a_generic_function() {
    no_allocation!(generic::<u64, 3>(7));
    no_allocation!(generic::<_, 4>(Some("text")));
    no_allocation!(now(generic_async(7_u8)));
}

#[cache_result(
    when = |value| *value > 0, timeout = |value| value * 60, jitter = 0.1, wait = 5, strict
)]
fn with_everything(id: u64) -> Result<u64, cache_runtime::CacheError> {
    Ok(id)
}

#[cache_result(cache_none = 30, timeout = id * 60)]
fn none(id: u64) -> Option<u64> {
    (id > 10).then_some(id)
}

#[cache_result(local)]
async fn local(id: u64) -> Arc<Cell64> {
    Arc::new(Cell64(id))
}

struct Cell64(u64);

#[test]
fn settings_cost_no_allocation() {
    no_allocation!(with_everything(7));
    no_allocation!(none(7));
    no_allocation!(none(70));
    no_allocation!(now(local(7)).0);
}
