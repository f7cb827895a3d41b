//! How rows that have expired, or are too many, are deleted: by the writer, or on the I/O thread.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::sleep;

use super::attempt::attempt;
use super::backend::Shared;
use super::growth::Growth;
use super::operations::{Count, DeleteSome};
use super::pool::Pool;
use super::texts::{Text, Texts};
use crate::error::CacheError;

/// How many rows are deleted with one statement; between two of them others can write.
const BATCH: u64 = 1_000;

/// The longest time of one statement that no caller waits for.
const PATIENCE: Duration = Duration::from_secs(10);

/// Sees to the table's size after `rows` were written. What was written is written: if this fails,
/// the next writer tries.
pub(super) async fn written(
    shared: &Arc<Shared>,
    pool: &Pool,
    rows: usize,
    key: &str,
    deadline: Instant,
) {
    let growth = &shared.growth;
    let mut is_cull_due = growth.is_count_due(rows);
    if is_cull_due && growth.is_small() && growth.is_culled_behind() {
        // That goes on until there is room, and a writer does not wait for it. (One of a large table never
        // does, and nobody else would be told that it is due.)
        is_cull_due = false;
    } else if is_cull_due && growth.is_small() {
        let _culling = growth.culling.lock().await;
        let tend = Tend::new(shared, pool, Some(deadline));
        is_cull_due = tend.cull(key).await.unwrap_or_default();
    }
    let is_purge_due = growth.begin_purge();
    if !is_cull_due && !is_purge_due {
        return;
    }
    let (again, spared) = (Arc::clone(shared), key.to_owned());
    let begun = shared.callers.begin(async move |pool: Arc<Pool>| {
        let tend = Tend::new(&again, &pool, None);
        let growth = &again.growth;
        let mut outcome = Ok(());
        if is_purge_due {
            outcome = tend.purge().await;
            growth.end_purge();
        }
        if is_cull_due {
            // Before its turn comes: writers do not wait behind it either.
            let _behind = growth.cull_behind();
            let _culling = growth.culling.lock().await;
            loop {
                let culled = tend.cull(&spared).await;
                if culled.is_err() {
                    growth.count_later();
                }
                outcome = outcome.and(culled.map(drop));
                // Meanwhile so much may have been written that it is time again.
                if !growth.is_overdue() {
                    break;
                }
            }
        }
        if let Err(error) = outcome {
            tracing::debug!(%error, "the cache's table could not be made smaller");
        }
    });
    if begun.is_err() && is_purge_due {
        growth.end_purge();
    }
}

/// The table, and what is needed to work on it.
struct Tend<'a> {
    pool: &'a Pool,
    texts: &'a Texts,
    growth: &'a Growth,
    /// When it has to be finished, if a caller waits for it.
    deadline: Option<Instant>,
}

impl<'a> Tend<'a> {
    fn new(shared: &'a Shared, pool: &'a Pool, deadline: Option<Instant>) -> Self {
        Self {
            pool,
            texts: &shared.texts,
            growth: &shared.growth,
            deadline,
        }
    }

    /// Deletes all rows that have expired.
    async fn purge(&self) -> Result<(), CacheError> {
        let rows = self.delete(|texts| &texts.purge, &[], u64::MAX).await?;
        if rows > 0 {
            tracing::debug!(rows, "expired rows of the cache's table are gone");
        }
        Ok(())
    }

    /// Brings the table below its limit. `spared` was just written, and stays.
    ///
    /// With a deadline, returns true if there is more to do than a caller should wait for.
    async fn cull(&self, spared: &str) -> Result<bool, CacheError> {
        loop {
            let before = self.growth.until_count();
            let mut count = self.count().await?;
            let is_all = count < self.growth.most();
            if !is_all && self.deadline.is_some() {
                return Ok(true);
            }
            let mut gone = 0;
            if count > self.growth.max_entries {
                gone += self.delete(|texts| &texts.purge, &[], count).await?;
                count = count.saturating_sub(gone);
            }
            let victims = self.growth.too_many(count);
            if victims > 0 {
                let spare = [spared.to_owned()];
                let expiring = self.delete(|texts| &texts.cull, &spare, victims).await?;
                let left = victims.saturating_sub(expiring);
                let lasting = self.delete(|texts| &texts.cull_lasting, &spare, left);
                let culled = expiring + lasting.await?;
                tracing::debug!(rows = culled, "the cache's table was full");
                count = count.saturating_sub(culled);
                gone += culled;
            }
            self.growth.counted(count, before);
            if is_all || gone == 0 {
                return Ok(false);
            }
        }
    }

    async fn count(&self) -> Result<u64, CacheError> {
        let most = i64::try_from(self.growth.most()).unwrap_or(i64::MAX);
        attempt(self.pool, self.texts, &Count { most }, self.until()).await
    }

    /// Deletes at most this many rows, in batches; returns how many there were.
    async fn delete(
        &self,
        text: fn(&Texts) -> &Text,
        keys: &[String],
        most: u64,
    ) -> Result<u64, CacheError> {
        let mut gone = 0;
        while gone < most {
            let batch = BATCH.min(most - gone);
            let some = DeleteSome {
                text,
                keys: keys.to_vec(),
                most: batch.cast_signed(),
            };
            let started = Instant::now();
            let rows = attempt(self.pool, self.texts, &some, self.until()).await?;
            gone += rows;
            if rows < batch {
                break;
            }
            if self.deadline.is_none() {
                // Half of the time is left to others.
                sleep(started.elapsed()).await;
            }
        }
        Ok(gone)
    }

    fn until(&self) -> Instant {
        self.deadline.unwrap_or_else(|| Instant::now() + PATIENCE)
    }
}
