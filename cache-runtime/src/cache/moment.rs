//! Keeping a value as of when its computation began, for crates that learn its key only at the end.

use std::convert::Infallible;

use super::handle::Cache;
use crate::context::scope::current;
use crate::error::CacheError;
use crate::keep::IfOk;
use crate::mode::Mode;
use crate::target::Started;
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
        let (timeout, began) = (timeout.into(), Some(began.0.clone()));
        self.op_refresh::<_, IfOk>(Mode::Async, key, timeout, began, value)
            .await
            .map(drop)
    }
}
