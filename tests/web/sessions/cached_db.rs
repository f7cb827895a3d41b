//! Sessions in a database with a cache before it: the database is right, the cache is quick.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use cache_runtime::Cache;
use cache_tests::redis_server::RedisServer;
use cache_web::session::CachedDbStore;
use tokio::sync::Notify;
use tokio::time::timeout;
use tower_sessions_core::SessionStore;
use tower_sessions_core::session::{Id, Record};
use tower_sessions_core::session_store::{Error, Result};

use crate::support::{
    cache_with_copies_on, faulty_store, record, record_for, sound_cache_on, until, user,
};

/// A database that counts, fails and waits on demand. As many are, its `save` is an upsert.
#[derive(Debug, Clone, Default)]
pub(crate) struct Db(Arc<State>);

#[derive(Debug, Default)]
struct State {
    rows: Mutex<HashMap<Id, Record>>,
    loads: AtomicU32,
    is_down: AtomicBool,
    /// The next load reads its row, and answers when this is notified.
    held: Mutex<Option<Arc<Notify>>>,
}

impl Db {
    pub(crate) fn loads(&self) -> u32 {
        self.0.loads.load(Ordering::SeqCst)
    }

    fn row(&self, id: &Id) -> Option<Record> {
        self.0.rows.lock().unwrap().get(id).cloned()
    }

    fn check(&self) -> Result<()> {
        if self.0.is_down.load(Ordering::SeqCst) {
            return Err(Error::Backend("the database is down".to_owned()));
        }
        Ok(())
    }

    /// The next load reads its row, and answers when this is notified.
    fn hold_the_next(&self) -> Arc<Notify> {
        let answer = Arc::new(Notify::new());
        *self.0.held.lock().unwrap() = Some(answer.clone());
        answer
    }
}

#[async_trait]
impl SessionStore for Db {
    async fn create(&self, record: &mut Record) -> Result<()> {
        self.save(record).await
    }

    async fn save(&self, record: &Record) -> Result<()> {
        self.check()?;
        self.0
            .rows
            .lock()
            .unwrap()
            .insert(record.id, record.clone());
        Ok(())
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        self.check()?;
        let row = self.row(id);
        let held = self.0.held.lock().unwrap().take();
        self.0.loads.fetch_add(1, Ordering::SeqCst);
        if let Some(answer) = held {
            answer.notified().await;
        }
        Ok(row)
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        self.check()?;
        self.0.rows.lock().unwrap().remove(id);
        Ok(())
    }
}

/// A Redis, and a database; each store on them is a process.
struct World {
    server: RedisServer,
    db: Db,
}

impl World {
    fn new() -> Self {
        Self {
            server: RedisServer::start(),
            db: Db::default(),
        }
    }

    fn forget_all(&self) {
        assert_eq!(self.server.command(&["FLUSHALL"]), "OK");
    }

    fn cache(&self) -> Cache {
        let url = format!("{}?op_timeout=2&connect_timeout=2", self.server.url(0));
        Cache::from_url(&url).unwrap()
    }

    fn process(&self) -> CachedDbStore<Db> {
        CachedDbStore::new(self.cache(), self.db.clone())
    }
}

#[tokio::test]
async fn the_cache_answers_for_the_database() {
    let world = World::new();
    let (one, other) = (world.process(), world.process());
    let mut ann = record("ann");
    one.create(&mut ann).await.unwrap();
    assert!(world.db.row(&ann.id).is_some());
    for _ in 0..3 {
        assert_eq!(user(other.load(&ann.id).await.unwrap()).unwrap(), "ann");
    }
    assert_eq!(world.db.loads(), 0);

    ann.data.insert("user".to_owned(), "Ann".into());
    one.save(&ann).await.unwrap();
    let looks = world.db.loads();
    for _ in 0..3 {
        assert_eq!(user(other.load(&ann.id).await.unwrap()).unwrap(), "Ann");
    }
    assert_eq!(world.db.loads(), looks + 1);

    one.delete(&ann.id).await.unwrap();
    assert_eq!(world.db.row(&ann.id), None);
    assert_eq!(other.load(&ann.id).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_cache_has_forgotten_is_read_once_and_kept_no_longer_than_it_lives() {
    let world = World::new();
    let store = world
        .process()
        .key_prefix("django.contrib.sessions.cached_db");
    let mut ann = record_for("ann", 500);
    store.create(&mut ann).await.unwrap();
    world.forget_all();
    let answer = world.db.hold_the_next();
    let loads: Vec<_> = (0..32)
        .map(|_| {
            let (store, id) = (store.clone(), ann.id);
            tokio::spawn(async move { store.load(&id).await })
        })
        .collect();
    until(|| world.db.loads() > 0).await;
    answer.notify_one();
    for load in loads {
        assert_eq!(user(load.await.unwrap().unwrap()).unwrap(), "ann");
    }
    assert_eq!(world.db.loads(), 1);
    let key = format!(":1:django.contrib.sessions.cached_db{}", ann.id);
    let left: u64 = world.server.command(&["TTL", &key]).parse().unwrap();
    assert!((490..=500).contains(&left), "{left}");
}

#[tokio::test]
async fn without_the_cache_the_database_does_it() {
    let mut world = World::new();
    let store = world.process();
    let mut ann = record("ann");
    store.create(&mut ann).await.unwrap();
    world.server.kill();
    assert_eq!(user(store.load(&ann.id).await.unwrap()).unwrap(), "ann");
    let mut bob = record("bob");
    store.create(&mut bob).await.unwrap();
    bob.data.insert("user".to_owned(), "Bob".into());
    store.save(&bob).await.unwrap();
    assert_eq!(user(store.load(&bob.id).await.unwrap()).unwrap(), "Bob");
    // He is out, and is told that some may not know it yet.
    store.delete(&bob.id).await.unwrap_err();
    assert_eq!(store.load(&bob.id).await.unwrap(), None);
}

#[tokio::test]
async fn a_database_that_is_down_is_an_error_and_nothing_of_it_is_kept() {
    let world = World::new();
    let store = world.process();
    let mut ann = record("ann");
    store.create(&mut ann).await.unwrap();
    world.db.0.is_down.store(true, Ordering::SeqCst);
    // What is in the cache is known still.
    assert_eq!(user(store.load(&ann.id).await.unwrap()).unwrap(), "ann");
    store.save(&ann).await.unwrap_err();
    store.delete(&ann.id).await.unwrap_err();
    store.create(&mut record("bob")).await.unwrap_err();
    world.forget_all();
    store.load(&ann.id).await.unwrap_err();
    world.db.0.is_down.store(false, Ordering::SeqCst);
    assert_eq!(user(store.load(&ann.id).await.unwrap()).unwrap(), "ann");
}

#[tokio::test]
async fn a_save_does_not_bring_back_what_is_gone() {
    let world = World::new();
    let store = world.process();
    let mut ann = record("ann");
    store.create(&mut ann).await.unwrap();
    world.process().delete(&ann.id).await.unwrap();
    let error = store.save(&ann).await.unwrap_err();
    assert!(error.to_string().contains("the session is gone"), "{error}");
    assert_eq!(world.db.row(&ann.id), None);
    assert_eq!(store.load(&ann.id).await.unwrap(), None);
}

#[tokio::test]
async fn a_load_beside_a_change_leaves_nothing_old_in_the_cache() {
    for is_logout in [false, true] {
        for is_other in [false, true] {
            let world = World::new();
            let (one, other) = (world.process(), world.process());
            let changing = if is_other { other } else { one.clone() };
            let mut ann = record("ann");
            one.create(&mut ann).await.unwrap();
            world.forget_all();

            // The load has read the old row …
            let answer = world.db.hold_the_next();
            let (store, id) = (one.clone(), ann.id);
            let load = tokio::spawn(async move { store.load(&id).await });
            until(|| world.db.loads() > 0).await;
            // … the change is made as a whole …
            ann.data.insert("user".to_owned(), "Ann".into());
            if is_logout {
                changing.delete(&ann.id).await.unwrap();
            } else {
                changing.save(&ann).await.unwrap();
            }
            let expected = (!is_logout).then_some("Ann");
            // It does not wait for the answer that began before.
            let now = timeout(Duration::from_secs(10), one.load(&id)).await;
            let now = user(now.unwrap().unwrap());
            assert_eq!(
                now.as_deref(),
                expected,
                "{is_logout} {is_other}: meanwhile"
            );
            // … and what the load puts into the cache, if anything, is not read.
            answer.notify_one();
            load.await.unwrap().unwrap();
            let now = user(one.load(&id).await.unwrap());
            assert_eq!(now.as_deref(), expected, "{is_logout} {is_other}");
        }
    }
}

#[tokio::test]
async fn a_logout_elsewhere_holds_at_once_where_there_are_copies_of_session_and_mark() {
    let (server, db) = (faulty_store(), Db::default());
    let one = CachedDbStore::new(cache_with_copies_on(&server), db.clone());
    let other = CachedDbStore::new(sound_cache_on(&server), db);
    let mut ann = record("ann");
    one.create(&mut ann).await.unwrap();
    // There is a mark now, and a session that belongs to it.
    one.save(&ann).await.unwrap();
    for _ in 0..3 {
        assert_eq!(user(one.load(&ann.id).await.unwrap()).unwrap(), "ann");
    }
    other.delete(&ann.id).await.unwrap();
    assert_eq!(one.load(&ann.id).await.unwrap(), None);
}

#[tokio::test]
async fn what_is_cached_goes_before_the_mark_and_what_is_found_wrong_at_once() {
    let world = World::new();
    let store = world.process();
    let mut ann = record("ann");
    let key = |record: &Record| format!("session_db:{}", record.id);
    let left = |record: &Record| -> i64 {
        let key = format!(":1:{}", key(record));
        world.server.command(&["TTL", &key]).parse().unwrap()
    };
    store.create(&mut ann).await.unwrap();
    assert!((500..=540).contains(&left(&ann)), "{}", left(&ann));
    world.forget_all();
    store.load(&ann.id).await.unwrap();
    assert!((500..=540).contains(&left(&ann)), "{}", left(&ann));

    let cache = world.cache();
    let old: String = cache.get(&key(&ann)).await.unwrap().unwrap();
    store.delete(&ann.id).await.unwrap();
    cache.set(&key(&ann), &old, 60).await.unwrap();
    assert_eq!(store.load(&ann.id).await.unwrap(), None);
    assert!(!cache.has_key(&key(&ann)).await.unwrap());
}

#[tokio::test]
async fn what_was_written_too_late_and_left_there_is_not_read() {
    let world = World::new();
    let store = world.process();
    let mut ann = record("ann");
    store.create(&mut ann).await.unwrap();
    let cache = world.cache();
    let key = format!("session_db:{}", ann.id);
    let old: String = cache.get(&key).await.unwrap().unwrap();
    ann.data.insert("user".to_owned(), "Ann".into());
    store.save(&ann).await.unwrap();
    // Its writer has come to an end before it could take it back.
    cache.set(&key, &old, 60).await.unwrap();
    assert_eq!(user(store.load(&ann.id).await.unwrap()).unwrap(), "Ann");
    store.delete(&ann.id).await.unwrap();
    cache.set(&key, &old, 60).await.unwrap();
    assert_eq!(store.load(&ann.id).await.unwrap(), None);
}
