//! A cache that cannot be asked is an error: never an empty session, never another person's, never one that was
//! not saved.

use cache_runtime::testing::{Fault, When};
use cache_runtime::{ErrorKind, Ttl};
use cache_web::session::CacheStore;
use tower_sessions_core::SessionStore;
use tower_sessions_core::session_store::Error;

use crate::support::{cache_on, faulty_store, record, until_async, user};

fn is_backend<T: std::fmt::Debug>(result: Result<T, Error>) -> bool {
    matches!(result, Err(Error::Backend(_)))
}

#[tokio::test]
async fn whatever_is_wrong_it_is_an_error_and_afterwards_all_is_there() {
    for fault in [
        Fault::Error(ErrorKind::Unavailable),
        Fault::Error(ErrorKind::Store),
        Fault::Hang,
        Fault::Panic,
    ] {
        let server = faulty_store();
        let store = CacheStore::new(cache_on(&server));
        let mut ann = record("ann");
        store.create(&mut ann).await.unwrap();
        server.inject(fault, When::Always);
        assert!(is_backend(store.load(&ann.id).await), "{fault:?}");
        assert!(
            is_backend(store.create(&mut record("bob")).await),
            "{fault:?}"
        );
        let mut renamed = ann.clone();
        renamed.data.insert("user".to_owned(), "Ann".into());
        assert!(is_backend(store.save(&renamed).await), "{fault:?}");
        server.heal();
        // A process that was started meanwhile, so that no breaker is open.
        let store = CacheStore::new(cache_on(&server));
        assert_eq!(user(store.load(&ann.id).await.unwrap()).unwrap(), "ann");
    }
}

#[tokio::test]
async fn a_logout_that_fails_says_so_and_is_made_up_for() {
    let server = faulty_store();
    let store = CacheStore::new(cache_on(&server));
    let mut ann = record("ann");
    store.create(&mut ann).await.unwrap();
    let elsewhere = CacheStore::new(cache_on(&server));
    // It can be marked and not deleted, or deleted and not marked: either is enough.
    for half in ["delete", "set"] {
        let mut ann = record("ann");
        store.create(&mut ann).await.unwrap();
        server.inject_on(half, Fault::Error(ErrorKind::Store), When::Always);
        assert!(is_backend(store.delete(&ann.id).await));
        server.heal();
        assert_eq!(elsewhere.load(&ann.id).await.unwrap(), None, "{half}");
    }
    // Neither: it is made up for by this process, before it reads.
    server.inject(Fault::Error(ErrorKind::Unavailable), When::Always);
    assert!(is_backend(store.delete(&ann.id).await));
    server.heal();
    let is_out = async |store: &CacheStore| matches!(store.load(&ann.id).await, Ok(None));
    until_async(async || is_out(&store).await).await;
    // The others know when this process has told the store, which it does behind its next call that reads.
    let mut bob = record("bob");
    store.create(&mut bob).await.unwrap();
    store.save(&bob).await.unwrap();
    until_async(async || is_out(&elsewhere).await).await;
}

#[tokio::test]
async fn a_write_that_fails_is_not_taken_for_a_save() {
    let server = faulty_store();
    let store = CacheStore::new(cache_on(&server));
    let mut ann = record("ann");
    store.create(&mut ann).await.unwrap();
    ann.data.insert("user".to_owned(), "Ann".into());
    // It could look, and could not write.
    server.inject_on("set", Fault::Error(ErrorKind::Store), When::Always);
    assert!(is_backend(store.save(&ann).await));
    server.heal();
    store.save(&ann).await.unwrap();
    assert_eq!(user(store.load(&ann.id).await.unwrap()).unwrap(), "Ann");
}

#[tokio::test]
async fn a_save_whose_last_looks_fail_now_and_then_is_whole() {
    // The second time: behind its write.
    for operation in ["get_many", "get"] {
        let server = faulty_store();
        let cache = cache_on(&server);
        let store = CacheStore::new(cache.clone());
        let mut ann = record("ann");
        store.create(&mut ann).await.unwrap();
        ann.data.insert("user".to_owned(), "Ann".into());
        let fault = Fault::Error(ErrorKind::Unavailable);
        server.inject_on(operation, fault, When::Every(2));
        if operation == "get" {
            // It is the first one there.
            cache.get::<String>("any").await.unwrap();
        }
        store.save(&ann).await.unwrap();
        assert!(server.hit() > 0, "{operation}");
        server.heal();
        let left = cache.ttl(&format!("session:{}", ann.id)).await.unwrap();
        assert!(
            matches!(left, Ttl::After(left) if left.as_secs() > 3590),
            "{operation}: {left:?}"
        );
        assert_eq!(user(store.load(&ann.id).await.unwrap()).unwrap(), "Ann");
    }
}

#[tokio::test]
async fn bytes_that_come_back_changed_are_nobodys_session() {
    let server = faulty_store();
    let store = CacheStore::new(cache_on(&server));
    let people: Vec<_> = (0..20).map(|n| record(&format!("user {n}"))).collect();
    for mut person in people.clone() {
        store.create(&mut person).await.unwrap();
    }
    server.inject_on(
        "get_many",
        Fault::Garbage,
        When::Share {
            share: 0.7,
            seed: 1,
        },
    );
    let mut found = 0;
    for _ in 0..10 {
        for person in &people {
            if let Ok(Some(loaded)) = store.load(&person.id).await {
                assert_eq!(loaded.data, person.data);
                found += 1;
            }
        }
    }
    assert!(server.hit() > 50 && found > 10, "{} {found}", server.hit());
}
