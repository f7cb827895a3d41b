//! Every kind of function: what is hit is the same as what was computed.

use std::fmt::Display;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use cache_runtime::{cache_evict, cache_put, cache_result};
use futures_executor::block_on;
use serde::{Deserialize, Serialize};

use crate::support::*;

/// A `Place` in an `Arc`, for functions that own what they use.
fn place() -> Arc<Place> {
    Arc::new(Place::in_process())
}

#[cache_result(cache = place.cache, skip(place))]
fn patterns(place: &Place, (a, mut b): (u64, u64), [c, ..]: [u64; 3], _: u8, mut d: u64) -> u64 {
    place.run();
    b += 1;
    d += b;
    a + c + d
}

#[test]
fn patterns_and_mut() {
    let place = &place();
    assert_eq!(patterns(place, (1, 2), [3, 4, 5], 6, 7), 14);
    assert_eq!(patterns(place, (1, 2), [3, 4, 5], 6, 7), 14);
    assert_eq!(place.runs(), 1);
    // What the pattern does not bind is an argument all the same.
    patterns(place, (1, 2), [3, 0, 5], 6, 7);
    patterns(place, (1, 2), [3, 4, 5], 0, 7);
    assert_eq!(place.runs(), 3);
}

#[derive(Clone, Serialize)]
struct Point {
    x: i32,
    y: i32,
}

#[cache_result(cache = place.cache, key(x, y))]
async fn taken_apart(place: &Place, Point { x, y }: Point, Wrapper(text): Wrapper<'_>) -> String {
    format!("{x} {y} {text} {}", place.run())
}

struct Wrapper<'a>(&'a str);

#[test]
fn structs_taken_apart() {
    let place = &place();
    let call = |x, y, text| block_on(taken_apart(place, Point { x, y }, Wrapper(text)));
    assert_eq!(call(1, 2, "a"), "1 2 a 1");
    assert_eq!(call(1, 2, "b"), "1 2 a 1");
    assert_eq!(call(1, 3, "b"), "1 3 b 2");
}

#[cache_result(cache = place.cache, skip(place))]
fn generic<'a, T, const N: usize>(place: &'a Place, items: &'a [T; N], tail: &[T]) -> Vec<T>
where
    T: Serialize + for<'de> Deserialize<'de> + Clone + Send + Sync + 'static,
    [T; N]: Serialize,
{
    place.run();
    items.iter().chain(tail).cloned().collect()
}

#[test]
fn generics_where_lifetimes_and_const_parameters() {
    let place = &place();
    for _ in 0..2 {
        assert_eq!(generic(place, &[1, 2], &[3]), [1, 2, 3]);
        assert_eq!(generic(place, &[1, 2, 3], &[]), [1, 2, 3]);
        assert_eq!(generic(place, &["a".to_owned()], &[]), ["a"]);
    }
    assert_eq!(place.runs(), 3);
}

#[cache_result(cache = place.cache, skip(place))]
async fn opaque(
    place: &Place,
    a: impl Display + Serialize,
    b: &(impl Display + Serialize),
) -> String {
    format!("{a} {b} {}", place.run())
}

#[test]
fn impl_trait_arguments() {
    let place = &place();
    block_on(async {
        assert_eq!(opaque(place, 1, &"x").await, "1 x 1");
        assert_eq!(opaque(place, 1, &"x").await, "1 x 1");
        assert_eq!(opaque(place, "1", &"x").await, "1 x 2");
        assert_eq!(opaque(place, 1, &'y').await, "1 y 3");
    });
}

#[cache_result(cache = place.cache, skip(place))]
async fn borrowed(place: &Place, text: &str, status: Option<&str>, list: &[&str]) -> usize {
    place.run();
    tokio::task::yield_now().await;
    text.len() + status.map_or(0, str::len) + list.concat().len()
}

#[test]
fn borrowed_arguments_live_no_longer_than_the_call() {
    let place = &place();
    let call = |text: String, status: Option<String>| {
        block_on(is_send(borrowed(
            place,
            &text,
            status.as_deref(),
            &[&text, "x"],
        )))
    };
    assert_eq!(call("ab".to_owned(), None), 5);
    assert_eq!(call("ab".to_owned(), None), 5);
    assert_eq!(call("ab".to_owned(), Some(String::new())), 5);
    assert_eq!(place.runs(), 2);
}

struct Service {
    tenant: u64,
    place: Arc<Place>,
}

/// Closures that use a `self` which the body takes.
impl Service {
    #[cache_result(
        cache = self.place.cache, key(self.tenant, id), refresh_ahead = 0.9,
        timeout = |_: &u64| self.tenant, when = |n| *n < self::limit(self.tenant),
        tags("tenant:{self.tenant}:{result}"),
    )]
    pub(crate) async fn owned(self: Arc<Self>, id: u64) -> u64 {
        self.tenant + id
    }
}

fn limit(tenant: u64) -> u64 {
    tenant * 2
}

#[test]
fn closures_may_use_a_self_that_the_body_takes() {
    let service = Arc::new(Service {
        tenant: 60,
        place: place(),
    });
    let call = |id| futures_executor::block_on(service.clone().owned(id));
    assert_eq!([call(1), call(1), call(70)], [61, 61, 130]);
    let entry = |id| service.clone().owned_entry(id);
    let is_there = |id| futures_executor::block_on(entry(id).get()).unwrap();
    assert_eq!((is_there(1), is_there(70)), (Some(61), None));
    let cache = &service.place.cache;
    futures_executor::block_on(cache.delete_tag("tenant:60:61")).unwrap();
    assert_eq!(is_there(1), None);
}

/// Not `Clone`: the body takes it.
struct Report {
    least: usize,
    place: Arc<Place>,
}

impl Report {
    #[cache_result(cache = self.place.cache, key(id), when = |rows| rows.len() > self.least)]
    pub(crate) fn build(self, id: u64) -> Vec<u64> {
        let Report { place, .. } = self;
        place.run();
        (0..id).collect()
    }
}

#[test]
fn a_closure_has_the_fields_that_it_mentions() {
    let place = place();
    let build = |id| {
        let place = place.clone();
        Report { least: 2, place }.build(id)
    };
    assert_eq!([build(2).len(), build(2).len(), build(3).len()], [2, 2, 3]);
    assert_eq!((build(3).len(), place.runs()), (3, 3));
}

struct Named {
    name: &'static str,
    place: Arc<Place>,
}

impl Display for Named {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name)
    }
}

impl Named {
    #[cache_result(
        cache = self.place.cache, key(self.name, id), tags("of:{self}:{result}", "all:{self:>4}"),
    )]
    pub(crate) fn tagged(self: Arc<Self>, id: u64) -> u64 {
        self.place.run();
        id
    }
}

/// As other crates' macros write a method: its `self` is theirs.
macro_rules! method {
    ($self:ident, $name:ident, $when:expr, $tag:expr) => {
        #[cache_result(cache = $self.place.cache, key(id), when = |_| $when, tags($tag, "{result}"))]
        pub(crate) fn $name($self: Arc<Self>, id: u64) -> u64 {
            $self.place.run();
            id
        }
    };
}

impl Named {
    method!(self, written, self.name.len() > 1, self.name);
}

#[test]
fn tags_and_macros_may_use_a_self_that_the_body_takes() {
    let place = place();
    let named = Arc::new(Named {
        name: "me",
        place: place.clone(),
    });
    let tagged = || (named.clone().tagged(7), place.runs());
    assert_eq!([tagged(), tagged()], [(7, 1), (7, 1)]);
    for (tag, run) in [("of:me:7", 2), ("all:  me", 3)] {
        place.cache.blocking().delete_tag(tag).unwrap();
        assert_eq!(tagged(), (7, run), "{tag}");
    }
    let written = || (named.clone().written(8), place.runs());
    assert_eq!([written(), written()], [(8, 4), (8, 4)]);
    for (tag, run) in [("me", 5), ("8", 6)] {
        place.cache.blocking().delete_tag(tag).unwrap();
        assert_eq!(written(), (8, run), "{tag}");
    }
}

impl Service {
    #[cache_result(cache = self.place.cache, key(self.tenant, id))]
    pub(crate) fn by_ref(&self, id: u64) -> u32 {
        let _ = id;
        self.place.run()
    }

    #[cache_result(cache = self.place.cache, key(self.tenant, id))]
    pub(crate) fn by_mut(&mut self, id: u64) -> u32 {
        self.tenant = id;
        self.place.run()
    }

    #[cache_result(cache = self.place.cache, key(self.tenant))]
    pub(crate) async fn by_arc(self: &Arc<Self>, id: u64) -> u32 {
        let _ = (id, Arc::strong_count(self));
        self.place.run()
    }

    #[cache_result(cache = self.place.cache, key(self.tenant))]
    fn by_value(mut self) -> u64 {
        self.tenant *= 10;
        self.tenant + u64::from(self.place.run())
    }

    #[cache_result(cache = self.place.cache, key(self.tenant))]
    async fn by_box(self: Box<Self>) -> u64 {
        self.tenant
    }
}

#[test]
fn every_kind_of_self() {
    let place = place();
    let new = |tenant| Service {
        tenant,
        place: place.clone(),
    };
    assert_eq!(
        [new(1).by_ref(7), new(1).by_ref(7), new(2).by_ref(7)],
        [1, 1, 2]
    );
    let mut service = new(3);
    assert_eq!([service.by_mut(3), service.by_mut(3)], [3, 3]);
    assert_eq!(service.by_mut_refresh(9), 4);
    assert_eq!(service.tenant, 9);
    block_on(async {
        let shared = Arc::new(new(1));
        assert_eq!([shared.by_arc(1).await, shared.by_arc(2).await], [5, 5]);
        assert_eq!(shared.by_arc_entry(3).get().await.unwrap(), Some(5));
        assert_eq!(shared.by_arc_refresh(1).await, 6);
        assert_eq!(Box::new(new(4)).by_box().await, 4);
    });
    assert_eq!(
        [new(1).by_value(), new(1).by_value(), new(2).by_value()],
        [17, 17, 28]
    );
}

#[async_trait::async_trait]
trait Tasks: Send + Sync {
    async fn task(&self, id: u64, (a, b): (u64, u64), text: &str) -> Result<String, OwnError>;

    #[cache_result(cache = place.cache, skip(self, place))]
    async fn defaulted(&self, place: &Place, id: u64) -> u32 {
        let _ = id;
        place.run()
    }
}

#[async_trait::async_trait]
impl Tasks for Service {
    #[cache_result(cache = self.place.cache, key(self.tenant, id, a, text))]
    async fn task(&self, id: u64, (a, b): (u64, u64), text: &str) -> Result<String, OwnError> {
        let run = self.place.run();
        tokio::task::yield_now().await;
        if text.is_empty() {
            return Err(OwnError::Own(run));
        }
        Ok(format!("{id} {a} {b} {text} {run}"))
    }
}

struct Other;

#[async_trait::async_trait]
impl Tasks for Other {
    async fn task(&self, _: u64, _: (u64, u64), _: &str) -> Result<String, OwnError> {
        Ok(String::new())
    }
}

#[test]
fn async_trait_methods() {
    let place = place();
    let service: Box<dyn Tasks> = Box::new(Service {
        tenant: 1,
        place: place.clone(),
    });
    block_on(is_send(async {
        assert_eq!(service.task(1, (2, 3), "").await, Err(OwnError::Own(1)));
        assert_eq!(service.task(1, (2, 3), "x").await.unwrap(), "1 2 3 x 2");
        assert_eq!(service.task(1, (2, 9), "x").await.unwrap(), "1 2 3 x 2");
        assert_eq!(service.task(1, (3, 3), "x").await.unwrap(), "1 3 3 x 3");
        assert_eq!(service.defaulted(&place, 1).await, 4);
        assert_eq!(service.defaulted(&place, 1).await, 4);
        assert_eq!(
            Other.defaulted(&place, 1).await,
            5,
            "of another implementor"
        );
    }));
}

#[async_trait::async_trait]
trait Editor {
    async fn edit(&self, ids: (u64, String), text: &str) -> Result<u64, OwnError>;
}

#[async_trait::async_trait]
impl Editor for Service {
    #[cache_put(self.run_entry(*result))]
    #[cache_result(cache = self.place.cache, key(self.tenant, a), tags("b:{b}:{result}"))]
    #[cache_evict(self.run_entry(a), self.run_entry(*result + b.len() as u64))]
    async fn edit(&self, (a, b): (u64, String), text: &str) -> Result<u64, OwnError> {
        self.place.run();
        let sum = a + b.len() as u64;
        drop(b);
        text.is_empty().then_some(sum).ok_or(OwnError::Own(1))
    }
}

impl Service {
    #[cache_result(cache = self.place.cache, key(id), handle = run)]
    async fn running(&self, id: u64) -> u64 {
        let _ = id;
        u64::from(self.place.run())
    }
}

#[test]
fn async_trait_methods_that_change_data() {
    let place = place();
    let service = Service {
        tenant: 1,
        place: place.clone(),
    };
    let editor: &dyn Editor = &service;
    let ids = || (2, "abc".to_owned());
    block_on(async {
        for id in [2, 5, 8] {
            service.running(id).await;
        }
        assert!(editor.edit(ids(), "x").await.is_err());
        assert_eq!(service.running(2).await, 1);
        assert_eq!(editor.edit(ids(), "").await, Ok(5));
        assert_eq!(service.running(5).await, 5, "what was put");
        assert_eq!(place.runs(), 5);
        assert_eq!(service.running(2).await, 6, "it was evicted");
        assert_eq!(service.running(8).await, 7, "it was evicted");
        assert_eq!(editor.edit(ids(), "").await, Ok(5));
        assert_eq!(service.running(2).await, 6, "a hit changes nothing");
    });
}

#[cache_result(cache = place.cache, skip(place))]
fn boxed<'a>(place: &'a Place, n: u64) -> Pin<Box<dyn Future<Output = u64> + Send + 'a>> {
    Box::pin(async move {
        place.run();
        if n < 2 {
            n
        } else {
            boxed(place, n - 1).await + boxed(place, n - 2).await
        }
    })
}

#[test]
fn boxed_futures_written_by_hand() {
    let place = &place();
    assert_eq!(block_on(is_send(boxed(place, 30))), 832_040);
    assert_eq!(place.runs(), 31);
}

#[test]
fn functions_inside_functions() {
    fn outer(place: &Place) -> u32 {
        #[cache_result(cache = place.cache, skip(place))]
        fn inner(place: &Place, id: u64) -> u32 {
            let _ = id;
            place.run()
        }
        let entry = inner::entry(place, 1);
        inner(place, 1) * 10 + entry.get().unwrap().unwrap()
    }
    let place = &place();
    assert_eq!([outer(place), outer(place)], [11, 11]);
}

#[cache_result(cache = place.cache, skip(place))]
fn r#loop(place: &Place, r#in: u64) -> u64 {
    place.run();
    r#in
}

#[test]
fn raw_identifiers() {
    let place = &place();
    assert_eq!(
        [r#loop(place, 1), r#loop(place, 1), r#loop(place, 2)],
        [1, 1, 2]
    );
    assert_eq!(place.runs(), 2);
    assert_eq!(r#loop::entry(place, 2).get().unwrap(), Some(2));
}

#[test]
fn a_future_may_be_spawned() {
    #[cache_result(cache = place.cache, skip(place))]
    async fn owned(place: Arc<Place>, text: String) -> Result<String, anyhow::Error> {
        tokio::task::yield_now().await;
        Ok(format!("{text} {}", place.run()))
    }
    let place = place();
    on_tokio(async {
        for _ in 0..2 {
            let spawned = tokio::spawn(owned(place.clone(), "a".to_owned()));
            assert_eq!(spawned.await.unwrap().unwrap(), "a 1");
        }
        let spawned = tokio::spawn(owned::refresh(place.clone(), "a".to_owned()));
        assert_eq!(spawned.await.unwrap().unwrap(), "a 2");
    });
}

#[test]
fn a_body_may_hold_what_is_not_send() {
    #[cache_result(cache = place.cache, skip(place))]
    async fn not_send(place: &Place, id: u64) -> u64 {
        let held = std::rc::Rc::new(id);
        tokio::task::yield_now().await;
        place.run();
        *held + 1
    }
    let place = &place();
    block_on(async {
        assert_eq!([not_send(place, 1).await, not_send(place, 1).await], [2, 2]);
        assert_eq!(not_send::uncached(place, 1).await, 2);
    });
    assert_eq!(place.runs(), 2);
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Page {
    lines: Vec<String>,
    next: Option<Box<Page>>,
}

#[cache_result(cache = place.cache, skip(place))]
fn shared(place: &Place, id: u64) -> Arc<Page> {
    place.run();
    Arc::new(Page {
        lines: vec![id.to_string()],
        next: None,
    })
}

#[test]
fn a_value_in_an_arc_is_the_same_on_a_hit() {
    let place = &place();
    assert!(Arc::ptr_eq(&shared(place, 1), &shared(place, 1)));
    assert!(!Arc::ptr_eq(&shared(place, 1), &shared(place, 2)));
}
