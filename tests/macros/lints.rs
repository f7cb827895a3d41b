//! Cached functions are as clean as the functions themselves, with every lint an error.
#![deny(
    warnings,
    missing_docs,
    missing_debug_implementations,
    unused,
    clippy::all,
    clippy::pedantic
)]

use std::sync::Arc;

use cache_runtime::{Cache, CacheError, cache_evict, cache_put, cache_result};

/// A free function with one of each.
#[cache_result(
    timeout = 60,
    key_prefix = "lints",
    name = "all",
    key(a, b.len()),
    version = 2,
    when = |value| *value > 0,
    cache_none,
    jitter = 0.1,
    wait = 5,
    cache = Cache::isolated(),
)]
#[must_use]
pub fn all(a: u64, b: &str, mut c: Vec<u8>) -> u64 {
    c.push(1);
    a + b.len() as u64 + c.len() as u64
}

/// An async function.
///
/// # Errors
///
/// Never.
#[cache_result(timeout = |text| text.len() as u64, kwargs(lang))]
pub async fn asynchronous(id: u64, lang: Option<&str>) -> Result<String, std::fmt::Error> {
    Ok(format!("{id} {lang:?}"))
}

/// A type.
#[derive(Debug)]
pub struct Service;

impl Service {
    /// A method.
    #[cache_result(skip(self))]
    #[must_use]
    pub fn method(&self, id: u64) -> Option<u64> {
        Some(id)
    }

    /// An associated function.
    #[cache_result(associated, timeout = never)]
    pub async fn associated(id: u64) -> u64 {
        id
    }
}

/// One with a function for many.
#[cache_result(batch = for_many, skip(_lang), timeout = u64::from(*id), when = |n| *n > 1)]
#[must_use]
pub fn one_of_many(_lang: &str, id: &u32, names: &[&str]) -> u64 {
    u64::from(*id) + names.len() as u64
}

fn for_many(_lang: &str, items: &[(&u32, &[&str])]) -> Vec<u64> {
    let items = items.iter();
    items
        .map(|(id, names)| u64::from(**id) + names.len() as u64)
        .collect()
}

/// One that may go on behind its call.
///
/// # Errors
///
/// When it takes too long.
#[cache_result(
    timeout = 60,
    stale = "1h",
    refresh_ahead = 0.8,
    soft_timeout = "1s",
    hard_timeout = "2s",
    lock,
    when = |text| text.len() < limit,
)]
pub async fn behind(mut names: Vec<String>, limit: usize) -> Result<String, CacheError> {
    names.sort();
    Ok(names.concat())
}

/// The same, blocking and generic.
///
/// # Errors
///
/// When it takes too long.
#[cache_result(timeout = |values| values.len() as u64, hard_timeout = 2, lock = "1m")]
pub fn behind_sync<T>(value: T, count: usize) -> Result<Vec<T>, CacheError>
where
    T: Clone + Send + Sync + serde::Serialize + serde::de::DeserializeOwned + 'static,
{
    Ok(vec![value; count])
}

/// One that is dropped when it takes too long.
///
/// # Errors
///
/// When it takes too long.
#[cache_result(hard_timeout = "1s", early)]
pub async fn within(text: &str) -> Result<String, CacheError> {
    Ok(text.to_uppercase())
}

impl Service {
    /// A method that may go on behind its call.
    #[cache_result(skip(self), stale = 60, soft_timeout = 0)]
    #[must_use]
    pub fn arc(self: Arc<Self>, id: u64) -> u64 {
        id
    }
}

/// A name with tags.
///
/// # Errors
///
/// Never.
#[cache_result(tags("names", "name:{id:03}", "length:{result}", ..Some(id)))]
pub async fn tagged(id: u64, mut lang: String) -> Result<String, CacheError> {
    lang.push('!');
    Ok(lang)
}

/// It changes what others have kept.
///
/// # Errors
///
/// Never.
#[cache_put(tagged::entry(id, lang))]
#[cache_evict(
    tagged::entry(id, lang.clone()),
    [1, 2].map(|id| tagged::entry(id, lang)),
    tagged::entry(result.len() as u64, lang),
    tag("names", "length:{result}:{lang}"),
    clear(tagged, all),
    cache = Cache::isolated(),
)]
pub async fn changing(id: u64, mut lang: String, (a, _): (u64, u64)) -> Result<String, CacheError> {
    lang.push_str("!!");
    let _ = (id, a);
    Ok(lang)
}

/// The same, blocking, with nothing to say.
#[cache_evict(tagged::entry(id, String::new()), clear(all))]
pub fn changing_sync(id: u64) {
    let _ = id;
}

#[deprecated = "there is a better one"]
#[cache_result]
fn old(id: u64) -> u64 {
    id
}

#[test]
fn they_work() {
    assert_eq!(all(1, "ab", Vec::new()), 4);
    #[expect(deprecated, reason = "it is to stay so")]
    let old = old(1);
    assert_eq!(old, 1);
    assert_eq!(Service.method(1), Some(1));
    let text = futures_executor::block_on(asynchronous(1, None));
    assert_eq!(text.as_deref(), Ok("1 None"));
    assert_eq!(futures_executor::block_on(Service::associated(1)), 1);
    assert_eq!(one_of_many::many([("de", &1, &["a", "b"][..])]), [3]);
    let report = futures_executor::block_on(async {
        let warm = asynchronous::warm([(1, None), (2, Some("de"))]).concurrency(2);
        crate::support::is_send(std::future::IntoFuture::into_future(warm)).await
    });
    assert_eq!((report.there, report.warmed), (1, 1));
    let names = vec!["b".to_owned(), "a".to_owned()];
    let behind = futures_executor::block_on(crate::support::is_send(behind(names, 9)));
    assert_eq!(behind.unwrap(), "ab");
    assert_eq!(behind_sync("a".to_owned(), 2).unwrap(), ["a", "a"]);
    let within = futures_executor::block_on(within("a"));
    assert_eq!(within.unwrap(), "A");
    assert_eq!(Arc::new(Service).arc(3), 3);
    let changed = futures_executor::block_on(changing(1, "a".to_owned(), (1, 2)));
    assert_eq!(changed.unwrap(), "a!!");
    changing_sync(1);
    let tagged = futures_executor::block_on(tagged(1, "a".to_owned()));
    assert_eq!(tagged.unwrap(), "a!!", "it was put");
}
