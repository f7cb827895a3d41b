//! Which dependencies are compared, and the smallest program that uses each: one cached function,
//! written the way its documentation does, called twice.

/// Whose it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Ours,
    Rival,
    /// Promises less: no timeout.
    Limit,
}

/// What is compared with what.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Store {
    InProcess,
    Redis,
}

/// One dependency.
pub(super) struct Subject {
    pub(super) lane: &'static str,
    /// Its folder, and the name of its package.
    pub(super) folder: &'static str,
    pub(super) kind: Kind,
    pub(super) store: Store,
    /// Lines of its `[dependencies]`; `{runtime}` is this workspace's `cache-runtime`.
    pub(super) dependencies: &'static str,
    pub(super) program: &'static str,
    /// Whether it is built, or its crates are only counted.
    pub(super) built: bool,
    /// The size of the program is compared, too: a second build.
    pub(super) sized: bool,
    /// What stands above a cached function, for those which have an attribute.
    pub(super) attribute: Option<Attribute>,
}

/// An attribute: the line that imports it and itself.
#[derive(Clone, Copy)]
pub(super) struct Attribute {
    pub(super) import: &'static str,
    /// Above a function of owned arguments.
    pub(super) plain: Option<&'static str>,
    /// Above an async one with the arguments `user_id: u64, status: Option<&str>`.
    pub(super) borrowing: Option<&'static str>,
}

impl Subject {
    /// Everything but the two that must be said.
    const fn new(folder: &'static str, kind: Kind, program: &'static str) -> Self {
        Self {
            lane: folder,
            folder,
            kind,
            store: Store::InProcess,
            dependencies: "",
            program,
            built: true,
            sized: false,
            attribute: None,
        }
    }
}

pub(super) const ALL: &[Subject] = &[
    Subject {
        lane: "nothing, the empty program",
        sized: true,
        ..Subject::new("nothing", Kind::Limit, NOTHING)
    },
    Subject {
        lane: "cache-runtime",
        dependencies: "cache-runtime = { path = {runtime} }",
        sized: true,
        attribute: Some(Attribute {
            import: "use cache_runtime::cache_result;",
            plain: Some(r#"#[cache_result(timeout = 600, key_prefix = "user_tasks")]"#),
            borrowing: Some(r#"#[cache_result(timeout = 600, key_prefix = "user_tasks")]"#),
        }),
        ..Subject::new("ours", Kind::Ours, OURS)
    },
    Subject {
        dependencies: r#"cached = "4.1""#,
        sized: true,
        attribute: Some(Attribute {
            import: "use cached::macros::cached;",
            plain: Some("#[cached(max_size = 100_000, ttl_secs = 600)]"),
            // Async functions are a feature of its own; the Redis one brings it.
            borrowing: None,
        }),
        ..Subject::new("cached", Kind::Rival, CACHED)
    },
    Subject {
        lane: "moka, sync",
        dependencies: r#"moka = { version = "0.12", features = ["sync"] }"#,
        sized: true,
        ..Subject::new("moka", Kind::Rival, MOKA)
    },
    Subject {
        dependencies: r#"memoize = "0.6""#,
        attribute: Some(Attribute {
            import: "use {memoize::memoize, std::time::Duration};",
            plain: Some(
                "#[memoize(SharedCache, Capacity: 100_000, TimeToLive: Duration::from_secs(600))]",
            ),
            // It does neither async functions nor borrowed arguments.
            borrowing: None,
        }),
        ..Subject::new("memoize", Kind::Rival, MEMOIZE)
    },
    Subject {
        dependencies: r#"quick_cache = "0.7""#,
        ..Subject::new("quick_cache", Kind::Limit, QUICK_CACHE)
    },
    Subject {
        lane: "hitbox-fn, hitbox-moka",
        dependencies: r#"hitbox = "0.2"
hitbox-fn = { version = "0.2", features = ["derive"] }
hitbox-moka = "0.2"
serde = { version = "1", features = ["derive"] }
tokio = { version = "1", features = ["rt"] }"#,
        // It does build; that takes twice the CPU time of all the others in process together.
        built: false,
        ..Subject::new("hitbox", Kind::Rival, HITBOX)
    },
    Subject {
        lane: "cache-runtime, redis",
        store: Store::Redis,
        dependencies: r#"cache-runtime = { path = {runtime}, features = ["redis"] }
tokio = { version = "1", features = ["rt"] }"#,
        ..Subject::new("ours-redis", Kind::Ours, OURS_REDIS)
    },
    Subject {
        lane: "cached, redis_store and redis_tokio",
        store: Store::Redis,
        dependencies: r#"cached = { version = "4.1", features = ["redis_store", "redis_tokio"] }
tokio = { version = "1", features = ["rt"] }"#,
        attribute: Some(Attribute {
            import: "use cached::macros::cached;",
            plain: None,
            borrowing: Some(
                r#"#[cached(max_size = 100_000, ttl_secs = 600, key = "(u64, Option<String>)", convert = { (user_id, status.map(str::to_owned)) })]"#,
            ),
        }),
        ..Subject::new("cached-redis", Kind::Rival, CACHED_REDIS)
    },
];

const NOTHING: &str = r#"
fn number(n: u64) -> u64 {
    n * 2
}

fn main() {
    println!("{}", number(7) + number(7));
}
"#;

const OURS: &str = r#"
use cache_runtime::cache_result;

#[cache_result(timeout = 600, key_prefix = "number")]
fn number(n: u64) -> u64 {
    n * 2
}

fn main() {
    println!("{}", number(7) + number(7));
}
"#;

const CACHED: &str = r#"
use cached::macros::cached;

#[cached(max_size = 100_000, ttl_secs = 600)]
fn number(n: u64) -> u64 {
    n * 2
}

fn main() {
    println!("{}", number(7) + number(7));
}
"#;

const MOKA: &str = r#"
use std::sync::LazyLock;
use std::time::Duration;

use moka::sync::Cache;

static NUMBERS: LazyLock<Cache<u64, u64>> = LazyLock::new(|| {
    Cache::builder()
        .max_capacity(100_000)
        .time_to_live(Duration::from_secs(600))
        .build()
});

fn number(n: u64) -> u64 {
    NUMBERS.get_with(n, || n * 2)
}

fn main() {
    println!("{}", number(7) + number(7));
}
"#;

const MEMOIZE: &str = r#"
use std::time::Duration;

use memoize::memoize;

#[memoize(SharedCache, Capacity: 100_000, TimeToLive: Duration::from_secs(600))]
fn number(n: u64) -> u64 {
    n * 2
}

fn main() {
    println!("{}", number(7) + number(7));
}
"#;

const QUICK_CACHE: &str = r#"
use std::convert::Infallible;
use std::sync::LazyLock;

use quick_cache::sync::Cache;

static NUMBERS: LazyLock<Cache<u64, u64>> = LazyLock::new(|| Cache::new(100_000));

fn number(n: u64) -> u64 {
    let Ok(value) = NUMBERS.get_or_insert_with(&n, || Ok::<_, Infallible>(n * 2));
    value
}

fn main() {
    println!("{}", number(7) + number(7));
}
"#;

const HITBOX: &str = r#"
use std::time::Duration;

use hitbox::policy::PolicyConfig;
use hitbox_fn::prelude::*;
use hitbox_moka::MokaBackend;

#[cached]
async fn number(n: u64) -> Result<u64, String> {
    Ok(n * 2)
}

async fn twice() -> Result<u64, String> {
    let cache = Cache::builder()
        .backend(MokaBackend::builder().max_entries(100_000).build())
        .policy(PolicyConfig::builder().ttl(Duration::from_secs(600)).build())
        .build();
    Ok(number(7).cache(&cache).await? + number(7).cache(&cache).await?)
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    println!("{:?}", runtime.expect("a runtime").block_on(twice()));
}
"#;

const OURS_REDIS: &str = r#"
use cache_runtime::cache_result;

#[cache_result(timeout = 600, key_prefix = "number")]
async fn number(n: u64) -> Result<u64, String> {
    Ok(n * 2)
}

async fn twice() -> Result<u64, String> {
    Ok(number(7).await? + number(7).await?)
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    println!("{:?}", runtime.expect("a runtime").block_on(twice()));
}
"#;

const CACHED_REDIS: &str = r#"
use cached::macros::concurrent_cached;

#[concurrent_cached(redis = true, ttl_secs = 600, map_error = |e| format!("{e:?}"))]
async fn number(n: u64) -> Result<u64, String> {
    Ok(n * 2)
}

async fn twice() -> Result<u64, String> {
    Ok(number(7).await? + number(7).await?)
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    println!("{:?}", runtime.expect("a runtime").block_on(twice()));
}
"#;
