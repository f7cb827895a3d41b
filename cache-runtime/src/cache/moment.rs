//! Keeping a value as of when its making began, for crates that learn only at the end where it belongs, or
//! whose text keys are of what is made again like a function's.

use std::convert::Infallible;

use super::handle::Cache;
use crate::context::scope::current;
use crate::error::CacheError;
use crate::keep::IfOk;
use crate::mode::Mode;
use crate::target::{Cause, Started};
use crate::timeout::Timeout;
use crate::value::CacheValue;

/// The time at which something began; see [`Cache::moment`].
#[doc(hidden)]
#[derive(Debug, Clone)]
pub struct Moment(Started);

impl Cache {
    /// Returns the present moment, to [keep](Self::keep_of) later what begins now.
    #[doc(hidden)]
    #[must_use]
    pub fn moment(&self) -> Moment {
        Moment(Started::now(self, false))
    }

    /// Keeps a value whose computation began at `began`, unless something has invalidated it since: for crates
    /// that learn the key of a value only at the end.
    #[doc(hidden)]
    pub async fn keep_of<T: CacheValue>(
        &self,
        began: &Moment,
        key: &str,
        timeout: impl Into<Timeout>,
        tags: impl IntoIterator<Item = String>,
        value: T,
    ) -> Result<(), CacheError> {
        let value = async move {
            let call = current();
            tags.into_iter().for_each(|tag| call.tag(tag));
            Ok::<_, Infallible>(value)
        };
        let (timeout, began) = (timeout.into(), (Some(began.0.clone()), Cause::Wanted));
        self.op_refresh::<_, IfOk>(Mode::Async, key, timeout, began, value)
            .await
            .map(drop)
    }

    /// As [`try_refresh`](Self::try_refresh), of what is [forgotten](Self::delete_made) in other processes
    /// too: what is forgotten since it was begun stays so, wherever that was.
    #[doc(hidden)]
    pub async fn try_remake<T: CacheValue, E>(
        &self,
        key: &str,
        timeout: impl Into<Timeout>,
        make: impl AsyncFnOnce() -> Result<T, E>,
    ) -> Result<Result<T, E>, CacheError> {
        let remade = (None, Cause::Remade);
        self.op_refresh::<_, IfOk>(Mode::Async, key, timeout.into(), remade, make())
            .await
    }

    /// Forgets what is [made](Self::try_remake) under a text key; for a minute no process keeps what it began
    /// before.
    #[doc(hidden)]
    pub async fn delete_made(&self, key: &str) -> Result<bool, CacheError> {
        self.op_delete_made(Mode::Async, key).await
    }
}
