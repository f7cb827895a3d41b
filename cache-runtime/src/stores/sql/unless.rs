//! A write that something newer forbids: checked and written in one transaction, during which nobody else
//! writes either row.

use super::connection::Connection;
use super::failure::Failure;
use super::operations::{Operation, Set};
use super::texts::Texts;
use crate::markers::tombstone::Unless;

/// Three messages: the first begins the transaction, takes its lock and reads the stamp.
pub(super) struct SetUnless {
    pub(super) set: Set,
    /// The key of the stamp.
    pub(super) beside: String,
    pub(super) unless: Unless<'static>,
}

impl SetUnless {
    pub(super) fn new(set: Set, unless: Unless<'_>) -> Self {
        Self {
            set,
            beside: unless.key.to_owned(),
            unless: unless.under(""),
        }
    }

    async fn write(&self, connection: &mut Connection, texts: &Texts) -> Result<bool, Failure> {
        let begin = texts.begin(&self.set.key, &self.beside);
        let stamp = connection.begin(&begin).await?;
        if self.unless.forbids(stamp.as_deref()) {
            connection.end(false).await?;
            return Ok(false);
        }
        self.set.ask(connection, texts).await?;
        connection.end(true).await?;
        Ok(true)
    }
}

impl Operation for SetUnless {
    /// Whether it was kept. If it is run twice, it may report that the first run forbids the second; what was
    /// written then is there.
    type Answer = bool;

    async fn ask(&self, connection: &mut Connection, texts: &Texts) -> Result<bool, Failure> {
        let written = self.write(connection, texts).await;
        if let Err(failure) = &written
            && !failure.ends_connection()
        {
            // The connection will be lent again, which must not be in the middle of this.
            connection.undo().await?;
        }
        written
    }

    fn added(&self, is_kept: &bool) -> Option<(usize, &str)> {
        is_kept.then_some((1, &self.set.key))
    }
}
