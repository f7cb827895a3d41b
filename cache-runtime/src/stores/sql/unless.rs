//! A write that something newer forbids: looked for and written in one transaction, in which nobody is at
//! the same time who writes the one or the other.

use super::connection::Connection;
use super::failure::Failure;
use super::operations::{Operation, Set};
use super::texts::Texts;
use crate::markers::tombstone::Unless;

/// Three messages: the transaction is begun, its lock taken and the stamp read by the first.
pub(super) struct SetUnless {
    pub(super) set: Set,
    /// Where the stamp stands.
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
    /// Whether it was kept. Asked twice, it may say that the first time forbids the second; what was
    /// written then is there.
    type Answer = bool;

    async fn ask(&self, connection: &mut Connection, texts: &Texts) -> Result<bool, Failure> {
        let written = self.write(connection, texts).await;
        if let Err(failure) = &written
            && !failure.ends_connection()
        {
            // The connection will be lent again, and not in the middle of this.
            connection.undo().await?;
        }
        written
    }

    fn added(&self, is_kept: &bool) -> Option<(usize, &str)> {
        is_kept.then_some((1, &self.set.key))
    }
}
