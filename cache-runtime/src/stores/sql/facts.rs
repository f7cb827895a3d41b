//! What the database reports about itself and about the table.

use super::connection::Connection;
use super::failure::Failure;
use super::operations::{Count, Operation};
use super::texts::Texts;
use crate::store::facts::Facts;

/// Counting further would take the database's time for a number that nobody needs exactly.
const MOST: i64 = 1_000_000;

/// Looks without creating anything: a missing table stays missing.
pub(super) struct Look;

impl Operation for Look {
    type Answer = Facts;
    const WRITES: bool = false;

    async fn ask(&self, connection: &mut Connection, texts: &Texts) -> Result<Facts, Failure> {
        let version = connection.bytes(&texts.version, Vec::new()).await?;
        let mut facts = Facts {
            server: version
                .first()
                .map(|version| String::from_utf8_lossy(version).into_owned()),
            servers: 1,
            ..Facts::default()
        };
        match (Count { most: MOST }).ask(connection, texts).await {
            Ok(count) => facts.entries = Some(count),
            Err(failure) if failure.is_missing_table() => {
                facts.needs_prepare = true;
                return Ok(facts);
            }
            Err(failure) => return Err(failure),
        }
        let size = connection.number(&texts.size, Vec::new()).await?;
        let size = size.flatten().and_then(|size| u64::try_from(size).ok());
        facts.bytes = size;
        Ok(facts)
    }
}
