//! What is printed with its sources, as `{:#}` of `anyhow` does it, says nothing twice.

use cache_runtime::{Cache, CacheError, ErrorKind};
use cache_tests::process::{Folder, free_port};

fn is_told_once(error: CacheError) {
    let text = format!("{:#}", anyhow::Error::new(error));
    let parts: Vec<&str> = text.split(": ").collect();
    for (at, part) in parts.iter().enumerate() {
        assert!(
            !parts[at + 1..].contains(part),
            "{part} is told twice: {text}"
        );
    }
}

#[test]
fn chains_do_not_repeat_themselves() {
    let port = free_port();
    for url in [
        format!("redis://127.0.0.1:{port}"),
        format!("redis+sentinel://127.0.0.1:{port}/m"),
        format!("redis+cluster://127.0.0.1:{port}"),
        format!("memcached://127.0.0.1:{port}"),
        format!("postgres://me:pw@127.0.0.1:{port}/app"),
        format!("mysql://me:pw@127.0.0.1:{port}/app"),
    ] {
        let cache = Cache::from_url(&url).unwrap().blocking();
        is_told_once(cache.get::<u8>("task").unwrap_err());
    }
    let folder = Folder::new("errors");
    let inside = folder.path().join("file");
    std::fs::write(&inside, b"").unwrap();
    let cache = Cache::from_url(&format!("file://{}", inside.display())).unwrap();
    is_told_once(cache.blocking().set("task", &1, 60).unwrap_err());
}

#[test]
fn a_source_that_says_more_is_in_the_chain() {
    #[derive(Debug)]
    struct Why(&'static str);
    impl std::fmt::Display for Why {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str(self.0)
        }
    }
    impl std::error::Error for Why {}
    let chain = |detail: &str, why| {
        let error = CacheError::new(ErrorKind::Store, detail).with_source(Why(why));
        format!("{:#}", anyhow::Error::new(error))
    };
    assert_eq!(chain("it failed", "no room"), "it failed: no room");
    assert_eq!(chain("it failed: no room", "no room"), "it failed: no room");
}
