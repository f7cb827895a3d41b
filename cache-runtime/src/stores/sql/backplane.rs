//! Messages between the processes that share a PostgreSQL database: `NOTIFY`, and a connection
//! that listens. The other databases carry none.

use std::convert::Infallible;

use md5::{Digest, Md5};

use super::backend::SqlStore;
use super::connection::{Connection, Value};
use super::failure::Failure;
use super::operations::Operation;
use super::texts::{Text, Texts};
use crate::error::{CacheError, ErrorKind};
use crate::store::StoreFuture;
use crate::store::backplane::{Backplane, Heard};
use crate::stores::answer;

/// The longest name in PostgreSQL, in bytes.
const LONGEST_NAME: usize = 63;

/// Channels belong to the database. A listener has a connection of its own, directly to the server: through
/// a pooler that lends connections for each transaction, nothing is received.
impl Backplane for SqlStore {
    fn publish<'a>(&'a self, channel: &'a str, message: &'a str) -> StoreFuture<'a, ()> {
        let notify = Notify {
            text: "SELECT pg_notify(convert_from($1, 'UTF8'), convert_from($2, 'UTF8'))".into(),
            channel: name_of(channel),
            message: message.to_owned(),
        };
        answer::during("publish", self.ask(notify))
    }

    fn listen<'a>(
        &'a self,
        channel: &'a str,
        hear: &'a (dyn Fn(Heard<'_>) + Send + Sync),
    ) -> StoreFuture<'a, Infallible> {
        answer::during("listen", async move {
            match self.listening() {
                Some(listening) => listening.listen(&name_of(channel), hear).await,
                None => Err(CacheError::new(
                    ErrorKind::Unsupported,
                    "this database carries no news",
                )),
            }
        })
    }
}

struct Notify {
    text: Text,
    channel: String,
    message: String,
}

/// Receiving news twice does no harm.
impl Operation for Notify {
    type Answer = ();

    async fn ask(&self, connection: &mut Connection, _: &Texts) -> Result<(), Failure> {
        let values = vec![Value::Key(&self.channel), Value::Key(&self.message)];
        connection.execute(&self.text, values, true).await?;
        Ok(())
    }
}

/// Returns the channel's name in PostgreSQL: a hash if the name is too long for it, or has characters that
/// not every database supports.
fn name_of(channel: &str) -> String {
    let is_fine = |byte: u8| byte.is_ascii_graphic() || byte == b' ';
    if (1..=LONGEST_NAME).contains(&channel.len()) && channel.bytes().all(is_fine) {
        return channel.to_owned();
    }
    let hash: [u8; 16] = Md5::digest(channel).into();
    format!("cache:{:032x}", u128::from_be_bytes(hash))
}

#[cfg(test)]
mod tests {
    use super::{LONGEST_NAME, name_of};

    #[test]
    fn odd_channels_have_names_that_fit() {
        for fine in ["app:1", "Two words", &"c".repeat(63)] {
            assert_eq!(name_of(fine), fine);
        }
        for odd in [
            "",
            "a\0b",
            "gr\u{f6}\u{df}e",
            &"c".repeat(64),
            &"d".repeat(64),
        ] {
            let name = name_of(odd);
            assert!(name.len() <= LONGEST_NAME && name.starts_with("cache:"));
            assert_eq!(name_of(&name), name);
        }
        assert_ne!(name_of(&"c".repeat(64)), name_of(&"d".repeat(64)));
    }
}
