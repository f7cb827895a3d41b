//! What an operation is refused while the store is well.

use std::collections::HashMap;

use cache_runtime::stores::files::{FileConfig, FileStore};
use cache_runtime::{BlockingCache, Cache, CacheBuilder, CacheError, Store};
use cache_tests::process::Folder;

use crate::group::Group;

/// A cache in a folder, which is gone with the second.
fn in_files(options: &str) -> (BlockingCache, Folder) {
    let folder = Folder::new("errors");
    let url = format!("file://{}?{options}", folder.path().display());
    (Cache::from_url(&url).unwrap().blocking(), folder)
}

pub(crate) fn groups() -> Vec<Group> {
    vec![
        counting(),
        too_large(),
        undecodable(),
        unencodable(),
        keys(),
        no_times(),
        facts(),
        unknown_keys(),
        signed(),
    ]
}

fn counting() -> Group {
    let memory = Cache::isolated().blocking();
    memory.set("name", "text", 60).unwrap();
    memory.set("most", &i64::MAX, 60).unwrap();
    Group::new(
        "run incr",
        [
            memory.incr("visits", 1).unwrap_err(),
            memory.incr_version("visits", 1).unwrap_err(),
            memory.incr("name", 1).unwrap_err(),
            memory.incr("most", 1).unwrap_err(),
        ],
    )
}

fn too_large() -> Group {
    let cache = Cache::from_url("memory://?max_value_size=10B").unwrap();
    let large = "a text of more than ten bytes";
    Group::new(
        "run too_large",
        [cache.blocking().set("page", large, 60).unwrap_err()],
    )
}

/// For who asks for a value this is a miss; it is told to who looks into the store.
fn undecodable() -> Group {
    let folder = Folder::new("errors");
    let store = || FileStore::new(FileConfig::new(folder.path())).unwrap();
    let raw = store();
    let write = |bytes: &[u8]| {
        futures_executor::block_on(raw.set(":1:task", bytes, None)).unwrap();
    };
    let told = |cache: CacheBuilder| {
        let cache = cache.build().unwrap().blocking();
        assert_eq!(cache.get::<Vec<u8>>("task").unwrap(), None);
        let inspection = cache.inspect("task").unwrap().unwrap();
        inspection.json().unwrap_err()
    };
    write(b"\x80\x04K\x01.");
    let native = told(Cache::builder().store(store()));
    let json = told(
        Cache::builder()
            .store(store())
            .format(cache_runtime::Format::Json),
    );
    let signed = told(Cache::builder().store(store()).signing_key([7; 32]));
    Group::new("run undecodable", [native, json, signed])
}

fn unencodable() -> Group {
    let (files, _folder) = in_files("");
    let by_pair: HashMap<(u8, u8), u8> = [((1, 2), 3)].into();
    Group::new(
        "run encode",
        [
            files.set("ratio", &f64::NAN, 60).unwrap_err(),
            files.set("pairs", &by_pair, 60).unwrap_err(),
        ],
    )
}

fn keys() -> Group {
    let memory = Cache::isolated().blocking();
    let long = "k".repeat(2_000);
    let too_long = memory.get::<u8>(&long).unwrap_err().to_string();
    let shown = "k".repeat(250);
    Group::new(
        "run key",
        [
            memory.get::<u8>("a\nb").unwrap_err().to_string(),
            too_long.replace(&shown, "kkk"),
        ],
    )
}

fn no_times() -> Group {
    let (json, _folder) = in_files("format=json");
    Group::new("run no_tags", [json.delete_tag("user:7").unwrap_err()])
}

fn facts() -> Group {
    let memory = Cache::isolated();
    let refused = futures_executor::block_on(memory.facts()).unwrap_err();
    Group::new("run facts", [refused])
}

fn unknown_keys() -> Group {
    let folder = Folder::new("errors");
    let store = FileStore::new(FileConfig::new(folder.path())).unwrap();
    let named = |key: &str, prefix: &str, version: i64| format!("{prefix}/{version}/{key}");
    let cache = Cache::builder().store(store).key_function(named);
    let cache = cache.build().unwrap().blocking();
    Group::new("run key_function", [cache.keys("*").unwrap_err()])
}

fn signed() -> Group {
    let folder = Folder::new("errors");
    let url = format!("file://{}", folder.path().display());
    let cache = CacheBuilder::from_url(&url).unwrap().signing_key([7; 32]);
    let cache = cache.build().unwrap().blocking();
    cache.set("visits", &1, 60).unwrap();
    let refused: CacheError = cache.incr("visits", 1).unwrap_err();
    Group::new("run incr_signed", [refused])
}
