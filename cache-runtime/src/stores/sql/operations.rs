//! What each operation sends to the database, and how the answer is read.

use std::future::Future;
use std::time::Duration;

use super::connection::{Connection, Value};
use super::failure::Failure;
use super::texts::{Text, Texts};
use crate::error::CacheError;
use crate::store::Ttl;
use crate::store::counting::{not_an_integer, sum};

/// One operation. It may be run more than once, until it has an answer.
pub(super) trait Operation: Send + Sync + 'static {
    type Answer: Send + 'static;

    /// Whether it writes.
    const WRITES: bool = true;

    /// Whether running it twice has the same effect and answer as running it once. That is not so for `add` and
    /// `incr`: if the first answer was lost, the second is wrong.
    const REPEATABLE: bool = true;

    fn ask(
        &self,
        connection: &mut Connection,
        texts: &Texts,
    ) -> impl Future<Output = Result<Self::Answer, Failure>> + Send;

    /// Returns how many rows it may have added, and one of their keys.
    fn added(&self, answer: &Self::Answer) -> Option<(usize, &str)> {
        let _ = answer;
        None
    }
}

pub(super) struct Get {
    pub(super) key: String,
}

impl Operation for Get {
    type Answer = Option<Vec<u8>>;
    const WRITES: bool = false;

    async fn ask(
        &self,
        connection: &mut Connection,
        texts: &Texts,
    ) -> Result<Self::Answer, Failure> {
        let values = vec![Value::Key(&self.key)];
        let rows = connection.bytes(&texts.get, values).await?;
        Ok(rows.into_iter().next())
    }
}

/// `set`, and `add`, which keeps an existing row.
pub(super) struct Set {
    pub(super) key: String,
    pub(super) value: Vec<u8>,
    pub(super) life: Option<i64>,
}

impl Set {
    fn values(&self) -> Vec<Value<'_>> {
        vec![
            Value::Key(&self.key),
            Value::Bytes(&self.value),
            Value::Number(self.life),
        ]
    }
}

impl Operation for Set {
    type Answer = ();

    async fn ask(&self, connection: &mut Connection, texts: &Texts) -> Result<(), Failure> {
        connection.execute(&texts.set, self.values(), true).await?;
        Ok(())
    }

    fn added(&self, (): &()) -> Option<(usize, &str)> {
        Some((1, &self.key))
    }
}

pub(super) struct Add(pub(super) Set);

impl Operation for Add {
    type Answer = bool;
    const REPEATABLE: bool = false;

    async fn ask(&self, connection: &mut Connection, texts: &Texts) -> Result<bool, Failure> {
        let done = connection
            .execute(&texts.add, self.0.values(), true)
            .await?;
        Ok(done.rows > 0 && done.remark == 0)
    }

    fn added(&self, is_added: &bool) -> Option<(usize, &str)> {
        is_added.then_some((1, &self.0.key))
    }
}

pub(super) struct Delete {
    pub(super) key: String,
}

impl Operation for Delete {
    type Answer = bool;

    async fn ask(&self, connection: &mut Connection, texts: &Texts) -> Result<bool, Failure> {
        let values = vec![Value::Key(&self.key)];
        let done = connection.execute(&texts.delete, values, true).await?;
        Ok(done.rows > 0)
    }
}

/// Deletes only a row that still has this value.
pub(super) struct DeleteIf {
    pub(super) key: String,
    pub(super) value: Vec<u8>,
}

impl Operation for DeleteIf {
    type Answer = bool;
    const REPEATABLE: bool = false;

    async fn ask(&self, connection: &mut Connection, texts: &Texts) -> Result<bool, Failure> {
        let values = vec![Value::Key(&self.key), Value::Bytes(&self.value)];
        let done = connection.execute(&texts.delete_if, values, true).await?;
        Ok(done.rows > 0)
    }
}

pub(super) struct Touch {
    pub(super) key: String,
    pub(super) life: Option<i64>,
}

impl Operation for Touch {
    type Answer = bool;

    async fn ask(&self, connection: &mut Connection, texts: &Texts) -> Result<bool, Failure> {
        let values = vec![Value::Number(self.life), Value::Key(&self.key)];
        let done = connection.execute(&texts.touch, values, true).await?;
        Ok(done.rows > 0)
    }
}

pub(super) struct Left {
    pub(super) key: String,
}

impl Operation for Left {
    type Answer = Ttl;
    const WRITES: bool = false;

    async fn ask(&self, connection: &mut Connection, texts: &Texts) -> Result<Ttl, Failure> {
        let values = vec![Value::Key(&self.key)];
        Ok(match connection.number(&texts.ttl, values).await? {
            None => Ttl::Missing,
            Some(None) => Ttl::Never,
            Some(Some(left)) => Ttl::After(Duration::from_millis(left.max(0).unsigned_abs())),
        })
    }
}

/// Reads, adds, and writes if nobody has written meanwhile; repeated until nobody has.
pub(super) struct Incr {
    pub(super) key: String,
    pub(super) by: i64,
}

impl Operation for Incr {
    type Answer = Option<i64>;
    const REPEATABLE: bool = false;

    async fn ask(
        &self,
        connection: &mut Connection,
        texts: &Texts,
    ) -> Result<Self::Answer, Failure> {
        loop {
            let values = vec![Value::Key(&self.key)];
            let rows = connection.bytes(&texts.get, values).await?;
            let Some(old) = rows.into_iter().next() else {
                return Ok(None);
            };
            let sum = sum(read_number(&old)?, self.by)?;
            let new = sum.to_string();
            let values = vec![
                Value::Bytes(new.as_bytes()),
                Value::Key(&self.key),
                Value::Bytes(&old),
            ];
            if connection.execute(&texts.swap, values, true).await?.rows > 0 {
                return Ok(Some(sum));
            }
        }
    }
}

/// Parses a number as it is written, and no other text that could be read as one.
fn read_number(bytes: &[u8]) -> Result<i64, CacheError> {
    std::str::from_utf8(bytes)
        .ok()
        .and_then(|text| Some((text, text.parse::<i64>().ok()?)))
        .filter(|(text, number)| number.to_string() == *text)
        .map(|(_, number)| number)
        .ok_or_else(not_an_integer)
}

/// Checks that the database answers; the table is not used.
pub(super) struct Ping;

impl Operation for Ping {
    type Answer = ();
    const WRITES: bool = false;

    async fn ask(&self, connection: &mut Connection, _: &Texts) -> Result<(), Failure> {
        Ok(connection.ping().await?)
    }
}

/// Creates the table if it does not exist.
pub(super) struct Create;

impl Operation for Create {
    type Answer = ();

    async fn ask(&self, connection: &mut Connection, texts: &Texts) -> Result<(), Failure> {
        for text in &texts.create {
            while let Err(error) = connection.execute(text, Vec::new(), false).await {
                let failure = Failure::from(error);
                // By another process, at the same moment: the next check sees it.
                if !failure.is_made() {
                    return Err(failure);
                }
            }
        }
        Ok(())
    }
}

/// Counts the rows, but not further than `most`.
pub(super) struct Count {
    pub(super) most: i64,
}

impl Operation for Count {
    type Answer = u64;
    const WRITES: bool = false;

    async fn ask(&self, connection: &mut Connection, texts: &Texts) -> Result<u64, Failure> {
        let values = vec![Value::Number(Some(self.most))];
        let count = connection.number(&texts.count, values).await?;
        Ok(count.flatten().unwrap_or_default().max(0).unsigned_abs())
    }
}

/// Deletes rows, at most `most`; returns how many.
pub(super) struct DeleteSome {
    pub(super) text: fn(&Texts) -> &Text,
    /// What precedes the number of rows: limits, or a key that is spared.
    pub(super) keys: Vec<String>,
    pub(super) most: i64,
}

impl Operation for DeleteSome {
    type Answer = u64;

    async fn ask(&self, connection: &mut Connection, texts: &Texts) -> Result<u64, Failure> {
        let mut values: Vec<Value<'_>> = self.keys.iter().map(|key| Value::Key(key)).collect();
        values.push(Value::Number(Some(self.most)));
        let done = connection.execute((self.text)(texts), values, true).await?;
        Ok(done.rows)
    }
}

/// One page of keys, in order.
pub(super) struct Page {
    pub(super) from: String,
    pub(super) before: String,
    pub(super) most: i64,
}

impl Operation for Page {
    type Answer = Vec<Vec<u8>>;
    const WRITES: bool = false;

    async fn ask(
        &self,
        connection: &mut Connection,
        texts: &Texts,
    ) -> Result<Self::Answer, Failure> {
        let values = vec![
            Value::Key(&self.from),
            Value::Key(&self.before),
            Value::Number(Some(self.most)),
        ];
        Ok(connection.bytes(&texts.page, values).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::read_number;

    #[test]
    fn a_number_is_written_in_one_way() {
        for (text, number) in [("0", 0), ("-8", -8), ("9223372036854775807", i64::MAX)] {
            assert_eq!(read_number(text.as_bytes()).unwrap(), number);
        }
        for text in [
            "",
            "+1",
            "01",
            "-0",
            " 1",
            "1 ",
            "1.0",
            "9223372036854775808",
            "\u{661}",
        ] {
            let error = read_number(text.as_bytes()).unwrap_err();
            assert_eq!(error.kind(), crate::ErrorKind::Decode, "{text}");
        }
    }
}
