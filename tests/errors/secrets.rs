//! No password is in a message, or in what `{:?}` shows.

use cache_runtime::{Cache, CacheError};
use cache_tests::process::free_port;

const SECRET: &str = "hunter2";

fn check(what: &str, error: &CacheError) {
    for text in [
        format!("{error}"),
        format!("{error:?}"),
        format!("{error:#?}"),
    ] {
        assert!(!text.contains(SECRET), "{what}: {text}");
    }
    let source = std::error::Error::source(error);
    let sources = std::iter::successors(source, |error| error.source());
    for source in sources {
        let text = format!("{source} {source:?}");
        assert!(!text.contains(SECRET), "{what}: {text}");
    }
}

#[test]
fn a_wrong_url_does_not_show_its_password() {
    for scheme in [
        "redis",
        "rediss",
        "redis+cluster",
        "memcached",
        "postgres",
        "mysql",
        "reds",
    ] {
        for rest in [
            "",
            "/one",
            ":99999",
            "?timeot=1",
            "?format=djngo",
            "?timeout",
            "/%zz",
            ":port/a/b",
            "?a@b=1",
        ] {
            let url = format!("{scheme}://me:{SECRET}@localhost{rest}");
            if let Err(error) = Cache::from_url(&url) {
                check(&url, &error);
            }
        }
        let url = format!("{scheme}://localhost?password={SECRET}&sign_with={SECRET}");
        check(&url, &Cache::from_url(&url).unwrap_err());
    }
    let url = format!("me:{SECRET}@localhost");
    check(&url, &Cache::from_url(&url).unwrap_err());
}

#[test]
fn a_server_that_is_not_there_does_not_show_its_password() {
    let port = free_port();
    for url in [
        format!("redis://me:{SECRET}@127.0.0.1:{port}"),
        format!("redis+cluster://me:{SECRET}@127.0.0.1:{port}"),
        format!("redis+sentinel://me:{SECRET}@127.0.0.1:{port}/m?sentinel_password={SECRET}"),
        format!("postgres://me:{SECRET}@127.0.0.1:{port}/app"),
        format!("mysql://me:{SECRET}@127.0.0.1:{port}/app"),
    ] {
        let cache = Cache::from_url(&url).unwrap();
        let error = cache.blocking().get::<u8>("task").unwrap_err();
        check(&url, &error);
        assert!(!format!("{cache:?}").contains(SECRET), "{url}: {cache:?}");
    }
}
