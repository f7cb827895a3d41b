//! On Redis, with django-redis: its JSONSerializer, and its ZlibCompressor or none.

use std::io::Read;

use cache_tests::redis_server::RedisServer;
use redis::Commands;
use serde_json::{Value, json};

use crate::values::cases;
use crate::world::{PREFIX, World, behaviours, is_skipped};

fn start() -> World {
    let server = RedisServer::start();
    on(server.url(1), server)
}

fn on(url: String, server: RedisServer) -> World {
    World::new(server, url.clone(), |compresses| {
        let mut options = json!({ "SERIALIZER": "django_redis.serializers.json.JSONSerializer" });
        if compresses {
            options["COMPRESSOR"] = json!("django_redis.compressors.zlib.ZlibCompressor");
        }
        json!({"BACKEND": "django_redis.cache.RedisCache", "LOCATION": url, "OPTIONS": options})
    })
}

behaviours! {
    start:
    values::python_writes_and_rust_reads,
    values::rust_writes_and_python_reads,
    values::who_compresses_does_not_matter,
    values::typed_values_come_over,
    values::integers_have_no_largest,
    values::what_json_cannot_say,
    values::many_at_once,
    functions::python_computes_and_rust_hits,
    functions::rust_computes_and_python_hits,
    functions::what_rust_deletes_python_computes_again,
    functions::what_python_deletes_rust_computes_again,
    functions::keyword_arguments_are_an_entry_of_their_own,
    functions::async_functions_share_as_well,
    functions::none_is_a_miss_for_the_guides_decorator,
    functions::errors_are_not_shared,
    functions::every_type_of_argument_names_the_same_entry,
    names::prefix_and_version_are_those_of_the_settings,
    names::an_entry_moves_to_another_version,
    names::a_functions_version_is_djangos,
    names::keys_of_all_kinds,
    names::clearing_leaves_djangos_others_alone,
    names::either_lists_what_the_other_wrote,
    lives::rust_sees_the_life_that_python_gave,
    lives::python_sees_the_life_that_rust_gave,
    lives::both_see_an_entry_end,
    lives::a_functions_timeout_is_seen_by_python,
    numbers::nothing_is_lost_when_both_count,
    numbers::a_number_is_one_for_both,
}

/// What is stored, inflated where it is zlib's. How zlib packs is the implementation's affair.
fn stored(connection: &mut redis::Connection) -> (bool, Vec<u8>) {
    let bytes: Vec<u8> = connection.get(format!("{PREFIX}:1:key")).unwrap();
    let mut inflated = Vec::new();
    match flate2::read::ZlibDecoder::new(&*bytes).read_to_end(&mut inflated) {
        Ok(_) => (true, inflated),
        Err(_) => (false, bytes),
    }
}

#[test]
fn both_store_the_same_bytes() {
    if is_skipped() {
        return;
    }
    let server = RedisServer::start();
    let url = server.url(1);
    let client = redis::Client::open(url.clone()).unwrap();
    let mut connection = client.get_connection().unwrap();
    let mut world = on(url, server);
    let mut compressed = 0;
    for alias in ["plain", "zlib"] {
        let cache = world.twin(alias);
        // A `Value` sorts its names; what becomes of others is in `django.rs`.
        let is_sorted = |(_, json): &(String, String)| json != r#"{"b": 1, "a": 2}"#;
        for (python, json) in cases().into_iter().filter(is_sorted) {
            world
                .python
                .ask(alias, "set", json!(["key", { "py": python }]));
            let theirs = stored(&mut connection);
            compressed += u32::from(theirs.0);
            let value = cache.get::<Value>("key").unwrap().unwrap();
            cache.set("key", &value, 60).unwrap();
            assert_eq!(
                stored(&mut connection),
                theirs,
                "{alias}: {python} = {json}"
            );
        }
    }
    assert!(compressed > 10, "{compressed}");
}

/// Django's default serializer is pickle: what it wrote is a counted miss, and the function runs.
#[test]
fn pickles_are_misses() {
    if is_skipped() {
        return;
    }
    let server = RedisServer::start();
    let url = server.url(1);
    let mut world = World::new(
        server,
        url.clone(),
        |_| json!({"BACKEND": "django_redis.cache.RedisCache", "LOCATION": url}),
    );
    let cache = world.cache("");
    world.python.ask("plain", "set", json!(["list", [1, 2]]));
    world.python.ask("plain", "set", json!(["text", "x"]));
    assert_eq!(cache.get::<Value>("list").unwrap(), None);
    assert_eq!(cache.get::<Value>("text").unwrap(), None);
    let stats = cache.stats();
    assert_eq!((stats.undecodable, stats.errors), (2, 0));
    // Integers are never pickled.
    world.python.ask("plain", "set", json!(["number", 7]));
    assert_eq!(cache.incr("number", 1).unwrap(), 8);
}
