//! What the tests share: a server with a view on its raw bytes, and what every cache does.

use std::collections::{BTreeMap, HashMap};

use cache_runtime::{BlockingCache, Cache, CacheBuilder, Ttl, cache_result};
use cache_tests::redis_server::RedisServer;
use serde::{Deserialize, Serialize};

/// A server, and a connection that sees raw bytes.
pub(crate) struct Raw {
    server: RedisServer,
    connection: redis::Connection,
}

impl Raw {
    pub(crate) fn start() -> Self {
        let server = RedisServer::start();
        let client = redis::Client::open(server.url(0)).unwrap();
        let connection = client.get_connection().unwrap();
        Self { server, connection }
    }

    pub(crate) fn url(&self, options: &str) -> String {
        let url = self.server.url(0);
        format!("{url}?key_prefix=app&op_timeout=20&connect_timeout=20&{options}")
    }

    pub(crate) fn cache(&self, options: &str) -> BlockingCache {
        Cache::from_url(&self.url(options)).unwrap().blocking()
    }

    /// A cache that signs with the first key and verifies with all.
    pub(crate) fn signed(&self, options: &str, keys: &[&str]) -> BlockingCache {
        let builder = CacheBuilder::from_url(&self.url(options)).unwrap();
        let builder = keys.iter().fold(builder, CacheBuilder::signing_key);
        builder.build().unwrap().blocking()
    }

    pub(crate) fn get(&mut self, key: &str) -> Vec<u8> {
        let mut get = redis::cmd("GET");
        get.arg(key).query(&mut self.connection).unwrap()
    }

    pub(crate) fn set(&mut self, key: &str, bytes: &[u8]) {
        let mut set = redis::cmd("SET");
        let () = set.arg(key).arg(bytes).query(&mut self.connection).unwrap();
    }

    pub(crate) fn copy(&mut self, from: &str, to: &str) {
        let bytes = self.get(from);
        self.set(to, &bytes);
    }
}

pub(crate) fn version(cache: &BlockingCache, number: i64) -> BlockingCache {
    cache.awaiting().with_version(number).blocking()
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Task {
    id: u64,
    title: String,
    by_number: BTreeMap<u32, Option<f64>>,
}

pub(crate) fn task(id: u64) -> Task {
    Task {
        id,
        title: "tidy up, é清😀, ".repeat(20),
        by_number: BTreeMap::from([(1, None), (2, Some(0.1))]),
    }
}

#[cache_result(timeout = 60, key(id), key_prefix = "tasks", cache = cache.awaiting())]
pub(crate) fn cached_task(cache: &BlockingCache, id: u64) -> Task {
    task(id)
}

/// What every cache does, whatever its format.
pub(crate) fn use_it(cache: &BlockingCache, what: &str) {
    cache.clear().unwrap();
    let text = "text".to_owned();
    cache.set("task", &task(1), 60).unwrap();
    cache.set("text", &text, 60).unwrap();
    cache.set("none", &None::<u8>, 60).unwrap();
    assert_eq!(cache.get("task").unwrap(), Some(task(1)), "{what}");
    assert_eq!(cache.get("text").unwrap(), Some(text), "{what}");
    assert_eq!(cache.get("none").unwrap(), Some(None::<u8>), "{what}");
    assert!(!cache.add("task", &task(2), 60).unwrap(), "{what}");
    assert!(cache.add("added", &task(2), 60).unwrap(), "{what}");
    assert_eq!(cache.get("added").unwrap(), Some(task(2)), "{what}");

    assert!(cache.touch("task", 5000).unwrap(), "{what}");
    let Ttl::After(left) = cache.ttl("task").unwrap() else {
        panic!("{what}: it has an end");
    };
    assert!(left.as_secs() > 4000, "{what}");
    assert_eq!(cache.get("task").unwrap(), Some(task(1)), "{what}");
    assert!(!cache.touch("missing", 60).unwrap(), "{what}");

    assert_eq!(cache.incr_version("task", 1).unwrap(), 2, "{what}");
    assert_eq!(cache.get::<Task>("task").unwrap(), None, "{what}");
    let second = version(cache, 2);
    assert_eq!(second.get("task").unwrap(), Some(task(1)), "{what}");
    assert_eq!(second.decr_version("task", 1).unwrap(), 1, "{what}");

    let items: Vec<(String, Task)> = (0..20).map(|id| (format!("many{id}"), task(id))).collect();
    let failed = cache.set_many(items.clone(), 60).unwrap();
    assert_eq!(failed, Vec::<String>::new(), "{what}");
    let keys = items.iter().map(|(key, _)| key.as_str());
    let found = cache.get_many::<Task>(keys.chain(["missing"])).unwrap();
    assert_eq!(found, HashMap::from_iter(items), "{what}");

    let made = cache.get_or_set("made", 60, || task(3)).unwrap();
    assert_eq!(made, task(3), "{what}");
    let again = cache.get_or_set("made", 60, || task(4)).unwrap();
    assert_eq!(again, task(3), "{what}");

    assert_eq!(cached_task(cache, 7), task(7), "{what}");
    assert_eq!(cached_task(cache, 7), task(7), "{what}");
    assert_eq!(cached_task::stats_in(&cache.awaiting()).hits, 1, "{what}");
    assert_eq!(cache.stats().undecodable, 0, "{what}");
    assert_eq!(cache.stats().errors, 0, "{what}");
}
