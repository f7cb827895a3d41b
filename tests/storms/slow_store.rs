//! A store in a map that answers late, so that calls are dropped in the middle of its operations.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cache_runtime::{Store, StoreFuture};
use tokio::task::yield_now;

use crate::dice::Dice;

#[derive(Clone)]
pub(crate) struct SlowStore {
    kept: Arc<Mutex<HashMap<String, Vec<u8>>>>,
    dice: Arc<Dice>,
}

impl SlowStore {
    pub(crate) fn new(dice: Arc<Dice>) -> Self {
        let kept = Arc::default();
        Self { kept, dice }
    }

    fn put(&self, key: &str, value: &[u8]) {
        let mut kept = self.kept.lock().unwrap();
        kept.insert(key.to_owned(), value.to_vec());
    }

    async fn later(&self) {
        match self.dice.below(4) {
            0 => {}
            1 => yield_now().await,
            _ => tokio::time::sleep(Duration::from_micros(self.dice.below(2000))).await,
        }
    }
}

impl Store for SlowStore {
    fn name(&self) -> &'static str {
        "slow"
    }

    fn get<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Vec<u8>>> {
        Box::pin(async move {
            self.later().await;
            let value = self.kept.lock().unwrap().get(key).cloned();
            self.later().await;
            Ok(value)
        })
    }

    fn set<'a>(
        &'a self,
        key: &'a str,
        value: &'a [u8],
        _: Option<Duration>,
    ) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            self.later().await;
            self.put(key, value);
            self.later().await;
            Ok(())
        })
    }

    fn delete<'a>(&'a self, key: &'a str) -> StoreFuture<'a, bool> {
        Box::pin(async move {
            self.later().await;
            let was_there = self.kept.lock().unwrap().remove(key).is_some();
            self.later().await;
            Ok(was_there)
        })
    }

    fn clear<'a>(&'a self, prefix: &'a str) -> StoreFuture<'a, ()> {
        let mut kept = self.kept.lock().unwrap();
        kept.retain(|key, _| !key.starts_with(prefix));
        Box::pin(std::future::ready(Ok(())))
    }
}
