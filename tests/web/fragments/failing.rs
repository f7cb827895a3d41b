//! Errors of the rendering are not kept; errors of the cache are not noticed.

use std::time::Duration;

use cache_runtime::testing::{Fault, FaultyStore, When};
use cache_runtime::{Cache, ErrorKind, Format};
use cache_web::fragment::{Fragment, Fragments};

use crate::store::OwnStore;

fn faulty() -> (FaultyStore<OwnStore>, Cache) {
    let store = FaultyStore::new(OwnStore::default());
    let builder = Cache::builder().store(store.clone());
    let cache = builder.op_timeout(Duration::from_millis(200)).build();
    (store, cache.unwrap())
}

async fn render(fragment: &Fragment, text: &str) -> String {
    let text = text.to_owned();
    fragment
        .render(async || Ok::<_, ()>(text))
        .await
        .unwrap()
        .to_string()
}

#[tokio::test]
async fn an_error_comes_back_as_it_is_and_is_not_kept() {
    let fragments = Fragments::new().cache(Cache::isolated());
    let broken = fragments.fragment("broken");
    for n in 0..2 {
        let failed: Result<_, u32> = broken.render(async || Err::<String, _>(n)).await;
        assert_eq!(failed, Err(n));
        let failed: Result<_, u32> = broken.render_blocking(|| Err::<String, _>(n));
        assert_eq!(failed, Err(n));
    }
    assert_eq!(render(&broken, "mended").await, "mended");
    assert_eq!(render(&broken, "not run").await, "mended");
}

#[tokio::test]
async fn a_cache_that_is_down_renders_each_time_and_comes_back() {
    let (store, cache) = faulty();
    let sidebar = Fragments::new().cache(cache).fragment("sidebar");
    store.inject(Fault::Error(ErrorKind::Store), When::Always);
    assert_eq!(render(&sidebar, "one").await, "one");
    assert_eq!(render(&sidebar, "two").await, "two");
    let three = sidebar.render_blocking(|| Ok::<_, ()>("three"));
    assert_eq!(three.as_deref(), Ok("three"));
    assert!(store.hit() > 0);
    store.heal();
    assert!(sidebar.delete().await.is_ok());
    assert_eq!(render(&sidebar, "four").await, "four");
    assert_eq!(render(&sidebar, "five").await, "four");
}

#[tokio::test]
async fn an_alias_that_nobody_knows_renders_each_time() {
    let lost = Fragments::new().using("no_such_alias").fragment("lost");
    assert_eq!(render(&lost, "one").await, "one");
    assert_eq!(render(&lost, "two").await, "two");
    assert_eq!(
        lost.delete().await.unwrap_err().kind(),
        ErrorKind::UnknownCache
    );
}

#[tokio::test]
async fn a_key_that_cannot_be_used_renders_each_time() {
    let name = "x".repeat(1_000_000);
    let fragments = Fragments::new().cache(faulty().1);
    let long = fragments.fragment(name);
    assert_eq!(long.delete().await.unwrap_err().kind(), ErrorKind::Key);
    assert_eq!(render(&long, "one").await, "one");
    assert_eq!(render(&long, "two").await, "two");
    let three = long.render_blocking(|| Ok::<_, ()>("three"));
    assert_eq!(three.as_deref(), Ok("three"));
}

#[tokio::test]
async fn tags_in_a_format_that_has_no_place_for_them_render_each_time() {
    let store = FaultyStore::new(OwnStore::default());
    let builder = Cache::builder().store(store).format(Format::Json);
    let fragments = Fragments::new().cache(builder.build().unwrap());
    let plain = fragments.fragment("plain");
    assert_eq!(render(&plain, "one").await, "one");
    assert_eq!(render(&plain, "two").await, "one");
    let tagged = fragments.fragment("tagged").tag("user:7");
    assert_eq!(render(&tagged, "one").await, "one");
    assert_eq!(render(&tagged, "two").await, "two");
}
