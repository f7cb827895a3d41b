//! A session ends when its time is over, whichever of the two clocks says so; and what stands under a
//! session's key and is no session of that id is none.

use std::time::Duration;

use cache_runtime::{Cache, Timeout, testing};
use cache_web::session::{CacheStore, CachedDbStore};
use tower_sessions_core::session::Id;
use tower_sessions_core::{SessionStore, session_store};

use crate::cached_db::Db;
use crate::support::{record, record_for, user};

#[tokio::test]
async fn the_caches_clock_ends_it_and_a_save_prolongs_it() {
    let (cache, clock) = testing::isolated();
    let store = CacheStore::new(cache);
    let mut ann = record_for("ann", 100);
    store.create(&mut ann).await.unwrap();
    clock.advance(Duration::from_secs(99));
    assert!(store.load(&ann.id).await.unwrap().is_some());
    ann.expiry_date += time::Duration::seconds(100);
    store.save(&ann).await.unwrap();
    clock.advance(Duration::from_secs(150));
    assert!(store.load(&ann.id).await.unwrap().is_some());
    clock.advance(Duration::from_secs(51));
    assert_eq!(store.load(&ann.id).await.unwrap(), None);
    store.save(&ann).await.unwrap_err();
}

#[tokio::test]
async fn its_date_ends_it_where_the_cache_keeps_it_longer() {
    let cache = Cache::isolated();
    let store = CacheStore::new(cache.clone());
    let cached = CachedDbStore::new(cache.clone(), Db::default());
    for (seconds, is_there) in [(60, true), (-1, false)] {
        let ann = record_for("ann", seconds);
        let milliseconds = ann.expiry_date.unix_timestamp_nanos() / 1_000_000;
        let text = format!(
            r#"{{"id":"{}","expires":{milliseconds},"data":{{"user":"ann"}}}}"#,
            ann.id
        );
        for prefix in ["session:", "session_db:"] {
            let key = format!("{prefix}{}", ann.id);
            cache.set(&key, &text, Timeout::Never).await.unwrap();
        }
        assert_eq!(store.load(&ann.id).await.unwrap().is_some(), is_there);
        assert_eq!(cached.load(&ann.id).await.unwrap().is_some(), is_there);
    }
}

#[tokio::test]
async fn what_is_over_already_is_not_kept() {
    let store = CacheStore::new(Cache::isolated());
    let mut ann = record_for("ann", -5);
    store.create(&mut ann).await.unwrap();
    assert_eq!(store.load(&ann.id).await.unwrap(), None);
    let mut bob = record("bob");
    store.create(&mut bob).await.unwrap();
    bob.expiry_date -= time::Duration::hours(2);
    store.save(&bob).await.unwrap();
    bob.expiry_date += time::Duration::hours(2);
    store.save(&bob).await.unwrap_err();
    assert_eq!(store.load(&bob.id).await.unwrap(), None);
}

#[tokio::test]
async fn under_anothers_key_or_unreadable_it_is_nobodys() -> session_store::Result<()> {
    let cache = Cache::isolated();
    let db = Db::default();
    let store = CacheStore::new(cache.clone());
    let cached = CachedDbStore::new(cache.clone(), db.clone());
    let mut ann = record("ann");
    store.create(&mut ann).await?;
    cached.create(&mut ann).await?;
    for prefix in ["session:", "session_db:"] {
        let anns = cache
            .get::<String>(&format!("{prefix}{}", ann.id))
            .await
            .unwrap();
        for text in [anns.unwrap(), "[1]".to_owned(), "not json".to_owned()] {
            let id = Id::default();
            let key = format!("{prefix}{id}");
            cache.set(&key, &text, 60).await.unwrap();
            let loaded = if prefix == "session:" {
                store.load(&id).await?
            } else {
                cached.load(&id).await?
            };
            assert_eq!(loaded, None, "{text}");
        }
        // Not even text.
        let id = Id::default();
        cache
            .set(&format!("{prefix}{id}"), &[1, 2], 60)
            .await
            .unwrap();
        assert_eq!(store.load(&id).await?, None);
        assert_eq!(cached.load(&id).await?, None);
    }
    // Where a database knows better, it is asked.
    let key = format!("session_db:{}", ann.id);
    cache.set(&key, "not json", 60).await.unwrap();
    assert_eq!(user(cached.load(&ann.id).await?).unwrap(), "ann");
    assert_eq!(db.loads(), 3 + 2 + 1);
    Ok(())
}
