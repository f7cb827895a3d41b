//! A session begins under an id of its own, is saved, and does not come back once it is gone.

use std::time::Duration;

use cache_runtime::testing::{Fault, When};
use cache_runtime::{Cache, CacheError, ErrorKind, Kind, Outcome, Store, StoreFuture, Tracer, Ttl};
use cache_tests::redis_server::RedisServer;
use cache_web::session::CacheStore;
use tower_sessions_core::SessionStore;
use tower_sessions_core::session::Id;
use tower_sessions_core::session_store::Error;

use crate::support::{
    cache_on, cache_with_copies_on, faulty_store, record, sound_cache_on, until, until_async, user,
};

#[tokio::test]
async fn it_is_created_saved_loaded_and_deleted() {
    let store = CacheStore::new(Cache::isolated());
    let mut ann = record("ann");
    store.create(&mut ann).await.unwrap();
    let loaded = store.load(&ann.id).await.unwrap().unwrap();
    assert_eq!((loaded.id, &loaded.data), (ann.id, &ann.data));
    let lost = ann.expiry_date - loaded.expiry_date;
    assert!(lost.whole_milliseconds() == 0, "{lost}");

    ann.data.insert("user".to_owned(), "Ann".into());
    store.save(&ann).await.unwrap();
    assert_eq!(user(store.load(&ann.id).await.unwrap()).unwrap(), "Ann");
    store.delete(&ann.id).await.unwrap();
    assert_eq!(store.load(&ann.id).await.unwrap(), None);
    assert_eq!(store.load(&Id::default()).await.unwrap(), None);
}

#[tokio::test]
async fn an_id_that_is_taken_is_not_given_again() {
    let store = CacheStore::new(Cache::isolated());
    let mut ann = record("ann");
    store.create(&mut ann).await.unwrap();
    let mut bob = record("bob");
    bob.id = ann.id;
    store.create(&mut bob).await.unwrap();
    assert_ne!(ann.id, bob.id);
    assert_eq!(user(store.load(&ann.id).await.unwrap()).unwrap(), "ann");
    assert_eq!(user(store.load(&bob.id).await.unwrap()).unwrap(), "bob");
}

/// Says of each key that it is taken.
struct Full;

impl Store for Full {
    fn name(&self) -> &'static str {
        "full"
    }

    fn get<'a>(&'a self, _: &'a str) -> StoreFuture<'a, Option<Vec<u8>>> {
        Box::pin(async { Ok(None) })
    }

    fn set<'a>(&'a self, _: &'a str, _: &'a [u8], _: Option<Duration>) -> StoreFuture<'a, ()> {
        Box::pin(async { Ok(()) })
    }

    fn delete<'a>(&'a self, _: &'a str) -> StoreFuture<'a, bool> {
        Box::pin(async { Ok::<_, CacheError>(false) })
    }

    fn add<'a>(&'a self, _: &'a str, _: &'a [u8], _: Option<Duration>) -> StoreFuture<'a, bool> {
        Box::pin(async { Ok(false) })
    }
}

#[tokio::test]
async fn a_cache_where_every_id_is_taken_is_an_error() {
    let store = CacheStore::new(Cache::builder().store(Full).build().unwrap());
    let error = store.create(&mut record("ann")).await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("no free session id in 100 tries"),
        "{error}"
    );
}

#[tokio::test]
async fn a_save_does_not_bring_back_what_is_gone() {
    let server = RedisServer::start();
    let redis = format!("{}?op_timeout=10&connect_timeout=10", server.url(0));
    for url in ["memory://", &redis, &format!("{redis}&format=json")] {
        let store = CacheStore::new(Cache::from_url(url).unwrap());
        let mut ann = record("ann");
        // Never created, forgotten by hand, cleared with all the rest.
        assert!(matches!(store.save(&ann).await, Err(Error::Backend(_))));
        store.create(&mut ann).await.unwrap();
        store.delete(&ann.id).await.unwrap();
        let error = store.save(&ann).await.unwrap_err();
        assert!(error.to_string().contains("the session is gone"), "{error}");
        assert_eq!(store.load(&ann.id).await.unwrap(), None, "{url}");

        let cache = Cache::from_url(url).unwrap();
        let store = CacheStore::new(cache.clone());
        let mut bob = record("bob");
        store.create(&mut bob).await.unwrap();
        cache.clear().await.unwrap();
        store.save(&bob).await.unwrap_err();
        assert_eq!(store.load(&bob.id).await.unwrap(), None, "{url}");
    }
}

#[tokio::test]
async fn a_logout_during_a_save_wins() {
    // In this process, and in another one; when the save looks, writes, and looks again.
    let cases = [false, true]
        .into_iter()
        .flat_map(|is_other| ["get_many", "set", "get"].map(|operation| (is_other, operation)));
    for (is_other, operation) in cases {
        let server = faulty_store();
        let cache = cache_on(&server);
        let store = CacheStore::new(cache.clone());
        let elsewhere = CacheStore::new(if is_other {
            sound_cache_on(&server)
        } else {
            cache
        });
        let mut ann = record("ann");
        store.create(&mut ann).await.unwrap();

        let before = server.asked(operation);
        server.inject_on(
            operation,
            Fault::Delay(Duration::from_millis(100)),
            When::Always,
        );
        let id = ann.id;
        let save = tokio::spawn(async move { store.save(&ann).await });
        until(|| server.asked(operation) > before).await;
        elsewhere.delete(&id).await.unwrap();
        let saved = save.await.unwrap();
        server.heal();
        assert_eq!(
            elsewhere.load(&id).await.unwrap(),
            None,
            "{is_other} {operation}"
        );
        // Behind its write it may have come to an end before.
        if is_other || operation == "get_many" {
            let error = saved.expect_err(&format!("{is_other} {operation}"));
            assert!(error.to_string().contains("gone"));
        }
    }
}

#[tokio::test]
async fn its_key_and_its_timeout_are_what_was_said() {
    let server = RedisServer::start();
    let url = format!(
        "{}?key_prefix=shop&op_timeout=10&connect_timeout=10",
        server.url(0)
    );
    let cache = Cache::from_url(&url).unwrap();
    let (plain, django) = (
        CacheStore::new(cache.clone()),
        CacheStore::new(cache).key_prefix("django.contrib.sessions.cache"),
    );
    for (store, prefix) in [
        (plain, "session:"),
        (django, "django.contrib.sessions.cache"),
    ] {
        let mut ann = record("ann");
        store.create(&mut ann).await.unwrap();
        let left = server.command(&["TTL", &format!("shop:1:{prefix}{}", ann.id)]);
        let left: u64 = left.parse().unwrap();
        assert!((3590..=3600).contains(&left), "{prefix}: {left}");
    }
}

#[tokio::test]
async fn a_session_that_is_too_large_is_an_error() {
    let url = "memory://?max_value_size=2KiB";
    let server = RedisServer::start();
    let redis = format!("{}?max_value_size=2KiB&op_timeout=10", server.url(0));
    for url in [url, &redis] {
        let store = CacheStore::new(Cache::from_url(url).unwrap());
        let mut ann = record("ann");
        store.create(&mut ann).await.unwrap();
        ann.data.insert("cart".to_owned(), "x".repeat(5000).into());
        store.save(&ann).await.unwrap_err();
        ann.id = Id::default();
        store.create(&mut ann).await.unwrap_err();
        assert_eq!(store.load(&ann.id).await.unwrap(), None);
    }
}

async fn until_copies_are_served(cache: &Cache) {
    cache.set("any", "text", 60).await.unwrap();
    until_async(async || {
        cache.get::<String>("any").await.unwrap();
        cache.stats().local_hits > 0
    })
    .await;
}

#[tokio::test]
async fn a_logout_elsewhere_holds_at_once_where_there_are_copies_in_process() {
    let server = RedisServer::start();
    let url = format!("{}?op_timeout=10&connect_timeout=10", server.url(0));
    let cache = Cache::from_url(&format!("{url}&local_max=1000")).unwrap();
    let one = CacheStore::new(cache.clone());
    // The other one has no copies, and sends no news of what it changes.
    let other = CacheStore::new(Cache::from_url(&url).unwrap());
    let mut ann = record("ann");
    other.create(&mut ann).await.unwrap();
    // Who changes something listens to what others change, and serves copies as soon as he hears.
    until_copies_are_served(&cache).await;
    assert_eq!(user(one.load(&ann.id).await.unwrap()).unwrap(), "ann");
    other.delete(&ann.id).await.unwrap();
    assert_eq!(one.load(&ann.id).await.unwrap(), None);
    one.save(&ann).await.unwrap_err();
}

#[tokio::test]
async fn a_change_elsewhere_holds_at_once_where_nobody_tells_of_it() {
    let server = faulty_store();
    let cache = cache_with_copies_on(&server);
    let one = CacheStore::new(cache.clone());
    let other = CacheStore::new(sound_cache_on(&server));
    until_copies_are_served(&cache).await;
    let mut ann = record("ann");
    other.create(&mut ann).await.unwrap();
    for _ in 0..3 {
        assert_eq!(user(one.load(&ann.id).await.unwrap()).unwrap(), "ann");
    }
    ann.data.insert("user".to_owned(), "Ann".into());
    other.save(&ann).await.unwrap();
    assert_eq!(user(one.load(&ann.id).await.unwrap()).unwrap(), "Ann");
    other.delete(&ann.id).await.unwrap();
    assert_eq!(one.load(&ann.id).await.unwrap(), None);
}

#[tokio::test]
async fn a_save_that_nobody_waits_for_is_brief_until_it_is_right_and_then_whole() {
    let server = faulty_store();
    let store = CacheStore::new(cache_on(&server));
    let mut ann = record("ann");
    store.create(&mut ann).await.unwrap();
    ann.data.insert("user".to_owned(), "Ann".into());
    let key = format!("session:{}", ann.id);
    let cache = sound_cache_on(&server);
    let left = async || match cache.ttl(&key).await.unwrap() {
        Ttl::After(left) => left.as_secs(),
        other => panic!("{other:?}"),
    };
    assert!(left().await > 3590);
    // It has written, and looks again.
    let slow = Fault::Delay(Duration::from_millis(150));
    server.inject_on("get_many", slow, When::Always);
    let id = ann.id;
    let save = tokio::spawn(async move { store.save(&ann).await });
    until(|| server.asked("set") > 0).await;
    until_async(async || left().await <= 540).await;
    save.abort();
    until_async(async || left().await > 3590).await;
    let store = CacheStore::new(cache.clone());
    assert_eq!(user(store.load(&id).await.unwrap()).unwrap(), "Ann");
}

#[tokio::test]
async fn errors_do_not_say_whose_session_it_was() {
    for operation in ["get_many", "get", "set", "add", "delete"] {
        let server = faulty_store();
        let store = CacheStore::new(cache_on(&server));
        let mut ann = record("ann");
        store.create(&mut ann).await.unwrap();
        server.inject_on(operation, Fault::Error(ErrorKind::Store), When::Always);
        let id = ann.id;
        let mut texts = Vec::new();
        let mut said = |text: Option<String>| texts.extend(text);
        said(store.load(&id).await.err().map(|error| error.to_string()));
        said(store.save(&ann).await.err().map(|error| error.to_string()));
        said(store.delete(&id).await.err().map(|error| error.to_string()));
        let new = store.create(&mut ann).await.err();
        said(new.map(|error| error.to_string()));
        assert!(!texts.is_empty(), "{operation}");
        for text in texts {
            let names_one = text.contains(&id.to_string()) || text.contains("session:");
            assert!(!names_one, "{operation}: {text}");
        }
    }
}

#[tokio::test]
async fn a_trace_is_told_of_it_and_not_whose_it_is() {
    let server = faulty_store();
    let store = CacheStore::new(cache_on(&server));
    let mut ann = record("ann");
    store.create(&mut ann).await.unwrap();
    let outcome = async |id: Id| {
        let tracer = Tracer::new().keys();
        let (_, trace) = tracer.run(store.load(&id)).await;
        let [event] = &trace.events[..] else {
            panic!("{trace:?}")
        };
        assert_eq!(
            (event.kind, &*event.name, &event.key),
            (Kind::Session, "session", &None)
        );
        event.outcome
    };
    assert_eq!(outcome(ann.id).await, Outcome::Hit);
    assert_eq!(outcome(Id::default()).await, Outcome::Miss);
    server.inject(Fault::Error(ErrorKind::Store), When::Always);
    assert_eq!(outcome(ann.id).await, Outcome::Failed);
}
