//! Runs an operation until it has an answer: a missing table is created, a dead connection
//! replaced, a conflict retried; all within the operation's time limit.

use std::time::{Duration, Instant};

use tokio::time::sleep;

use super::failure::Failure;
use super::operations::{Create, Operation};
use super::pool::Pool;
use super::texts::Texts;
use crate::error::CacheError;

/// How long callers that were in each other's way stay apart.
const APART: Duration = Duration::from_millis(2);

/// Returns the answer to `operation`, by `deadline`.
pub(super) async fn attempt<O: Operation>(
    pool: &Pool,
    texts: &Texts,
    operation: &O,
    deadline: Instant,
) -> Result<O::Answer, CacheError> {
    let (mut made, mut again) = (false, false);
    loop {
        let mut lease = pool.lease(O::WRITES, deadline).await?;
        let was_used = lease.is_used();
        let failure = match lease.ask(operation, texts, deadline).await {
            Ok(answer) => return Ok(answer),
            Err(failure) => failure,
        };
        // Given back: creating the table takes SQLite's only pen.
        drop(lease);
        if failure.is_missing_table() && !made {
            made = true;
            create(pool, texts, deadline).await?;
        } else if failure.is_conflict() {
            // The database has undone it, whatever it was. The deadline ends this.
            sleep(APART).await;
            if Instant::now() >= deadline {
                return Err(failure.describe());
            }
        } else if O::REPEATABLE && was_used && !again && failure.connection_was_dead() {
            // The server was restarted, or closed an idle connection: once more, on a new one.
            again = true;
        } else {
            return Err(failure.describe());
        }
    }
}

/// Creates the table.
pub(super) async fn create(
    pool: &Pool,
    texts: &Texts,
    deadline: Instant,
) -> Result<(), CacheError> {
    let mut lease = pool.lease(true, deadline).await?;
    let made = lease.ask(&Create, texts, deadline).await;
    made.map_err(Failure::describe)
}
