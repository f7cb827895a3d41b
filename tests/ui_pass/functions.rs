//! Every kind of function, under lints that are errors.
#![deny(
    warnings,
    missing_docs,
    missing_debug_implementations,
    unreachable_pub,
    unused
)]

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use cache_runtime::cache_result;

/// Inner attributes stay at the top of the body.
#[cache_result]
pub fn inner_attribute(id: u64) -> u64 {
    #![allow(unused_variables)]
    let unused = 1;
    id
}

/// Patterns and `mut`.
#[cache_result(key(a, c), timeout = Duration::from_secs(b))]
pub fn patterns((a, mut b): (u64, u64), [c, _]: &[u64; 2], _: u8, mut d: u64) -> u64 {
    b += 1;
    d += 1;
    a + b + c + d
}

/// Generics, bounds, lifetimes and `impl Trait`.
#[cache_result]
pub async fn generic<'a, T, const N: usize>(
    items: &'a [T; N],
    more: impl serde::Serialize + Copy,
) -> Option<T>
where
    T: serde::Serialize + serde::de::DeserializeOwned + Clone + Send + Sync + 'static,
    [T; N]: serde::Serialize,
{
    let _ = more;
    items.first().cloned()
}

/// A return type that is a bare parameter.
#[cache_result]
pub fn bare<T>(text: &str) -> T
where
    T: Default + serde::Serialize + serde::de::DeserializeOwned + Clone + Send + Sync + 'static,
{
    let _ = text;
    T::default()
}

/// A boxed future, written by hand.
#[cache_result]
pub fn boxed(n: u64) -> Pin<Box<dyn Future<Output = u64> + Send>> {
    Box::pin(async move {
        if n < 2 {
            n
        } else {
            boxed(n - 1).await + boxed(n - 2).await
        }
    })
}

/// Closures own what they use.
#[cache_result(when = |page| page.len() > name.len(), timeout = |_| limit)]
pub async fn closures(name: String, limit: u64) -> Vec<String> {
    let owned = name;
    vec![owned; limit as usize]
}

/// Recursive.
#[cache_result]
pub fn fib(n: u64) -> u64 {
    if n < 2 { n } else { fib(n - 1) + fib(n - 2) }
}

/// Methods.
#[derive(Debug)]
pub struct Service {
    tenant: u64,
}

impl Service {
    /// With `&self`.
    #[cache_result(key(self.tenant, id))]
    pub async fn get(&self, id: u64) -> Option<u64> {
        Some(self.tenant + id)
    }

    /// With an `Arc`.
    #[cache_result(skip(self))]
    pub fn shared(self: &Arc<Self>, id: u64) -> u64 {
        self.tenant + id
    }

    /// By value.
    #[cache_result(key(self.tenant))]
    pub fn into_tenant(mut self) -> u64 {
        self.tenant += 1;
        self.tenant
    }

    /// Without `self`.
    #[cache_result(associated)]
    pub fn load(id: u64) -> u64 {
        Self::double(id)
    }

    #[cache_result(associated)]
    fn double(id: u64) -> u64 {
        id * 2
    }

    #[cache_result(skip(self), handle = hidden)]
    fn private(&self) -> u64 {
        1
    }
}

/// In traits there is no room for companions.
pub trait Tasks {
    /// A default body.
    #[cache_result(skip(self))]
    fn defaulted(&self, id: u64) -> u64 {
        id
    }

    /// An implementation.
    fn implemented(&self, id: u64) -> u64;
}

impl Tasks for Service {
    #[cache_result(key(self.tenant, id))]
    fn implemented(&self, id: u64) -> u64 {
        self.tenant + id
    }
}

/// `#[async_trait]` runs first.
#[async_trait::async_trait]
pub trait AsyncTasks {
    /// A default body.
    #[cache_result(skip(self))]
    async fn defaulted(&self, id: u64) -> u64 {
        id
    }

    /// An implementation.
    async fn implemented(&self, name: &str, pair: (u64, u64)) -> Result<u64, String>;
}

#[async_trait::async_trait]
impl AsyncTasks for Service {
    #[cache_result(key(self.tenant, name, a), timeout = b)]
    async fn implemented(&self, name: &str, (a, b): (u64, u64)) -> Result<u64, String> {
        if name.is_empty() {
            return Err("empty".to_owned());
        }
        Ok(self.tenant + a + b)
    }
}

fn is_send<T: Send>(value: T) -> T {
    value
}

fn main() {
    #[cache_result(handle = within_cache)]
    fn within(id: u64) -> u64 {
        id
    }
    assert_eq!(within(1) + within_cache::refresh(1), 2);
    assert_eq!(inner_attribute(1), 1);
    assert_eq!(patterns((1, 2), &[3, 0], 0, 4), 12);
    assert_eq!(patterns::refresh((1, 2), &[3, 0], 0, 4), 12);
    assert_eq!(bare::<u64>("a") + bare::refresh::<u64>("a"), 0);
    assert_eq!(fib(10), 55);
    let service = Arc::new(Service { tenant: 1 });
    assert_eq!(service.shared(1) + service.shared_uncached(1), 4);
    assert_eq!(service.private() + service.hidden_refresh(), 2);
    assert_eq!(Service::load(2) + Service::load_refresh(2), 8);
    assert_eq!(
        Tasks::defaulted(&*service, 1) + Tasks::implemented(&*service, 1),
        3
    );
    futures::executor::block_on(async {
        assert_eq!(is_send(generic(&[1, 2], 3)).await, Some(1));
        assert_eq!(is_send(generic::refresh(&[1, 2], 3)).await, Some(1));
        assert_eq!(is_send(boxed(9)).await + boxed::uncached(9).await, 68);
        assert_eq!(is_send(closures("a".to_owned(), 2)).await, ["a", "a"]);
        assert_eq!(is_send(service.get(1)).await, Some(2));
        assert_eq!(is_send(service.get_refresh(1)).await, Some(2));
        assert_eq!(is_send(AsyncTasks::defaulted(&*service, 1)).await, 1);
        assert_eq!(AsyncTasks::implemented(&*service, "a", (1, 2)).await, Ok(4));
    });
    assert_eq!(Service { tenant: 1 }.into_tenant(), 2);
}
