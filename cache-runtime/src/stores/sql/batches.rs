//! Many keys at once: in one statement, as far as that is possible.

use std::collections::HashMap;

use super::connection::Connection;
use super::failure::Failure;
use super::operations::Operation;
use super::texts::Texts;

/// How many keys are in one statement: a power of two below SQLite's 32,766 values, the lowest limit of
/// the databases.
const KEYS: usize = 16_384;

/// How many rows are written with one statement, of three values each.
const ROWS: usize = 1_000;

/// And about how many bytes: servers reject statements that are much larger.
const BYTES: usize = 4 << 20;

/// One query for each 16,384 keys.
pub(super) struct GetMany {
    pub(super) keys: Vec<String>,
}

impl Operation for GetMany {
    type Answer = Vec<Option<Vec<u8>>>;
    const WRITES: bool = false;

    async fn ask(
        &self,
        connection: &mut Connection,
        texts: &Texts,
    ) -> Result<Self::Answer, Failure> {
        let mut found = HashMap::with_capacity(self.keys.len());
        for keys in self.keys.chunks(KEYS) {
            let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
            let (text, values) = texts.get_many(&keys);
            found.extend(connection.pairs(&text, values).await?);
        }
        // A key may have been requested twice.
        let values = self
            .keys
            .iter()
            .map(|key| found.get(key.as_bytes()).cloned());
        Ok(values.collect())
    }
}

/// One statement for each 16,384 keys.
pub(super) struct DeleteMany {
    pub(super) keys: Vec<String>,
}

impl Operation for DeleteMany {
    type Answer = u64;

    async fn ask(&self, connection: &mut Connection, texts: &Texts) -> Result<u64, Failure> {
        let mut count = 0;
        for keys in self.keys.chunks(KEYS) {
            let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
            let (text, values) = texts.delete_many(&keys);
            count += connection.execute(&text, values, true).await?.rows;
        }
        Ok(count)
    }
}

/// One statement for each 1,000 rows. There is no transaction around them: what was written before
/// a failure stays written, as when rows are written one by one.
pub(super) struct SetMany {
    pub(super) items: Vec<(String, Vec<u8>)>,
    pub(super) life: Option<i64>,
}

impl Operation for SetMany {
    /// The positions of those that the database refused.
    type Answer = Vec<usize>;

    async fn ask(
        &self,
        connection: &mut Connection,
        texts: &Texts,
    ) -> Result<Self::Answer, Failure> {
        // If a key occurs twice, the last value counts. In the order of the keys, so that two
        // callers that write the same rows do not wait for each other in a circle.
        let mut order: Vec<usize> = (0..self.items.len()).collect();
        order.sort_by_key(|at| (&self.items[*at].0, std::cmp::Reverse(*at)));
        order.dedup_by_key(|at| &self.items[*at].0);
        let mut failed = Vec::new();
        for some in self.chunks(&order) {
            match self.write(connection, texts, some).await {
                Ok(()) => {}
                Err(failure) if some.len() > 1 && failure.is_refusal() => {
                    // One by one, to find out which.
                    for one in some.chunks(1) {
                        match self.write(connection, texts, one).await {
                            Ok(()) => {}
                            Err(failure) if failure.is_refusal() => failed.extend(one),
                            Err(failure) => return Err(failure),
                        }
                    }
                }
                Err(failure) if failure.is_refusal() => failed.extend(some),
                Err(failure) => return Err(failure),
            }
        }
        failed.sort_unstable();
        Ok(failed)
    }

    fn added(&self, _: &Self::Answer) -> Option<(usize, &str)> {
        let (key, _) = self.items.last()?;
        Some((self.items.len(), key))
    }
}

impl SetMany {
    /// Returns parts of `order` that are few enough, and small enough, for one statement.
    fn chunks<'a>(&self, order: &'a [usize]) -> Vec<&'a [usize]> {
        let mut chunks = Vec::new();
        let (mut start, mut bytes) = (0, 0);
        for (end, at) in order.iter().enumerate() {
            let (key, value) = &self.items[*at];
            let more = key.len() + value.len();
            if end > start && (end - start == ROWS || bytes + more > BYTES) {
                chunks.push(&order[start..end]);
                (start, bytes) = (end, 0);
            }
            bytes += more;
        }
        chunks.push(&order[start..]);
        chunks
    }

    async fn write(
        &self,
        connection: &mut Connection,
        texts: &Texts,
        some: &[usize],
    ) -> Result<(), Failure> {
        let items: Vec<(&str, &[u8])> = some
            .iter()
            .map(|at| (self.items[*at].0.as_str(), self.items[*at].1.as_slice()))
            .collect();
        let (text, values) = texts.set_many(&items, self.life);
        connection.execute(&text, values, false).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_short_and_small() {
        let of = |sizes: &[usize]| {
            let item = |size: &usize| (String::new(), vec![0; *size]);
            let many = SetMany {
                items: sizes.iter().map(item).collect(),
                life: None,
            };
            let order: Vec<usize> = (0..sizes.len()).collect();
            let chunks = many.chunks(&order);
            assert_eq!(chunks.concat(), order);
            chunks.iter().map(|chunk| chunk.len()).collect::<Vec<_>>()
        };
        assert_eq!(of(&[0]), [1]);
        assert_eq!(of(&[1; 1000]), [1000]);
        assert_eq!(of(&[1; 2001]), [1000, 1000, 1]);
        assert_eq!(of(&[BYTES, 1, BYTES - 1, BYTES + 1, 1]), [1, 2, 1, 1]);
    }
}
