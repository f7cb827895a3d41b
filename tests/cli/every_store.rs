//! Every command on every store by its URL.

use cache_runtime::{Cache, cache_result};
use cache_tests::every_store::EVERY_STORE;
use serde_json::{Value, json};

use crate::world::{LIMITS, on};

#[cache_result(
    timeout = 600, stale = "1h", key_prefix = "user_tasks", tags("user:{user_id}"), skip(cache),
    cache = cache.clone()
)]
async fn get_user_tasks(cache: &Cache, user_id: u64, status: Option<&str>) -> Vec<String> {
    let _ = cache;
    vec![format!("task of {user_id}: {status:?}")]
}

/// What the tests look for, put there by a program; the whole key of the function's entry.
async fn fill(url: &str) -> String {
    let cache = Cache::from_url(url).unwrap();
    cache.set("greeting", "hello", None).await.unwrap();
    cache.set("count", &41, 3600).await.unwrap();
    get_user_tasks(&cache, 7, None).await;
    let key = get_user_tasks::entry(&cache, 7, None).key();
    cache.close().await.unwrap();
    key
}

/// One store, all of it: to start a server for each command would take minutes.
fn every_command(name: &str, url: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let has_table = ["sqlite", "postgres", "mariadb"].contains(&name);
    let counts = name.starts_with("redis") || name.starts_with("memcached");
    if has_table {
        // Who only looks makes no table.
        for look in [
            "stats",
            "keys",
            "get greeting",
            "clear --yes",
            "delete greeting",
        ] {
            let ran = on(url, look);
            ran.expect(1);
            ran.says(&["create-table"]);
        }
        assert_eq!(
            on(url, "create-table --json").json(0)["created"],
            json!(true)
        );
    }
    let made = on(url, "create-table --json").json(0);
    assert_eq!(
        (&made["needed"], &made["created"]),
        (&json!(has_table), &json!(false))
    );

    let check = on(url, "check --json").json(0);
    assert_eq!(check["ok"], json!(true), "{check:#}");
    let steps = check["steps"].as_array().unwrap();
    let has_step = |step: &str| steps.iter().any(|one| one["step"] == step);
    assert!(
        has_step("connect") && has_step("latency") && has_step("keeps"),
        "{check:#}"
    );
    assert!(
        on(url, "keys").expect(1).is_empty(),
        "the check left something"
    );

    let stored = runtime.block_on(fill(url));
    let stats = on(url, "stats --json").json(0);
    assert_eq!(stats["entries"], json!(3), "{stats:#}");
    assert!(
        stats["server"]["entries"].as_u64().unwrap() >= 3,
        "{stats:#}"
    );
    assert!(stats["server"]["bytes"].as_u64().unwrap() > 0, "{stats:#}");
    if name != "files" {
        let version = stats["server"]["version"].as_str().unwrap();
        let names = [
            "Redis ",
            "Valkey ",
            "Memcached ",
            "SQLite ",
            "PostgreSQL ",
            "MariaDB ",
            "MySQL ",
        ];
        assert!(
            names.iter().any(|name| version.starts_with(name)),
            "{version}"
        );
    }
    assert_eq!(stats["server"]["hits"].is_u64(), counts, "{stats:#}");
    on(url, "stats").says(&["3 entries with key prefix `app`, version 1"]);

    let user = stored.strip_prefix("app:1:").unwrap();
    let all = format!("count\ngreeting\n{user}\n");
    assert_eq!(on(url, "keys").expect(0), all);
    assert_eq!(on(url, "keys gr*").expect(0), "greeting\n");
    assert_eq!(
        on(url, "keys --json --stored --limit 1").json(0),
        json!(["app:1:count"])
    );
    on(url, "keys --long").says(&["fresh for", "greeting", user]);
    let long = on(url, "keys --long --json user_tasks:*").json(0);
    assert_eq!(long[0]["tags"], json!(["user:7"]), "{long:#}");

    assert_eq!(on(url, "get greeting --value").expect(0), "\"hello\"\n");
    assert_eq!(on(url, "get count --value").expect(0), "41\n");
    for key in [user, &stored] {
        let entry = on(url, &format!("get --json {key}")).json(0);
        assert_eq!(entry["value"], json!(["task of 7: None"]), "{entry:#}");
        assert_eq!(
            (&entry["key"], &entry["stored"]),
            (&json!(user), &json!(stored))
        );
        assert_eq!(entry["tags"], json!(["user:7"]));
        let (ttl, kept) = (
            entry["ttl"].as_f64().unwrap(),
            entry["kept"].as_f64().unwrap(),
        );
        assert!(
            (300.0..=600.0).contains(&ttl) && kept > ttl + 3000.0,
            "{entry:#}"
        );
        assert!(entry["created"].as_f64().unwrap() > 1.7e9, "{entry:#}");
    }
    on(url, &format!("get {stored}")).says(&["user:7", "to be served stale", "task of 7"]);
    let ttl = on(url, "ttl count --json").json(0);
    assert!(
        (3000.0..=3602.0).contains(&ttl["ttl"].as_f64().unwrap()),
        "{ttl:#}"
    );
    assert_eq!(on(url, "ttl greeting").expect(0), "never ends\n");
    assert_eq!(on(url, "get nothing --json").json(1), Value::Null);
    assert_eq!(on(url, "ttl nothing").expect(1), "");

    on(url, "delete-tag user:7").expect(7);
    on(url, "delete-tag user:7 --yes").expect(0);
    on(url, &format!("ttl {user}")).expect(1);
    on(url, &format!("get {user}")).says(&["dead"]);
    let deleted = on(url, "delete greeting nothing --json").json(1);
    assert_eq!(
        deleted,
        json!({ "deleted": ["app:1:greeting"], "missing": ["nothing"] })
    );
    on(url, "get greeting").expect(1);

    let bench = on(url, "bench --json --ops 20 --sizes 10,2000 --callers 1,8").json(0);
    let rows = bench["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 12, "{bench:#}");
    for row in rows {
        let at = |name: &str| row[name].as_f64().unwrap();
        assert!(
            at("per_second") > 0.0 && at("p50_seconds") <= at("longest_seconds"),
            "{row:#}"
        );
    }
    assert_eq!(
        on(url, "keys count").expect(0),
        "count\n",
        "others' entries are not touched"
    );

    let prefix = bench["key_prefix"].as_str().unwrap();
    let of_bench = url.replace("key_prefix=app", &format!("key_prefix={prefix}"));
    assert_eq!(
        on(&of_bench, "keys").expect(1),
        "",
        "the bench left something"
    );

    let watch = on(url, "watch --interval 0.05 --count 2 --json");
    if counts {
        assert_eq!(watch.expect(0).lines().count(), 2);
    } else {
        watch.expect(4);
        watch.says(&["counts no hits"]);
    }

    on(url, "clear").expect(7);
    assert_eq!(on(url, "keys count").expect(0), "count\n");
    let cleared = on(url, "clear --yes --json").json(0);
    assert_eq!(cleared["key_prefix"], json!("app"));
    assert_eq!(on(url, "keys").expect(1), "");
}

macro_rules! stores {
    ($($test:ident: $name:literal;)*) => {
        $(
            #[test]
            fn $test() {
                let store = EVERY_STORE.iter().find(|store| store.name == $name).unwrap();
                if let Some(started) = (store.start)() {
                    every_command($name, &started.with(&format!("key_prefix=app&{LIMITS}")));
                }
            }
        )*

        #[test]
        fn none_is_left_out() {
            let tested = [$($name),*];
            for store in EVERY_STORE {
                assert!(tested.contains(&store.name) || store.name == "memory", "{}", store.name);
            }
        }
    };
}

stores! {
    redis: "redis";
    redis_unix: "redis-unix";
    redis_tls: "redis-tls";
    redis_cluster: "redis-cluster";
    redis_sentinel: "redis-sentinel";
    memcached: "memcached";
    three_memcached: "memcached-3";
    sqlite: "sqlite";
    postgres: "postgres";
    mariadb: "mariadb";
    files: "files";
}
