//! What the server sent, cut into replies.
//!
//! First a reply is scanned until its end is there, which keeps only a position and
//! is never repeated; then it is parsed in one go.

use redis::Value;

use super::values::{DEEPEST, Malformed, look, read};
use crate::stores::inbox::Inbox;

const ROOM: usize = 64 << 10;
const LARGE: usize = 1 << 20;

/// What has arrived, and how far it was scanned.
#[derive(Debug)]
pub(super) struct Replies {
    pub(super) inbox: Inbox<ROOM, LARGE>,
    /// So much of the reply that comes next was looked through.
    seen: usize,
    /// How many values are missing to its end.
    missing: usize,
}

impl Default for Replies {
    fn default() -> Self {
        Self {
            inbox: Inbox::default(),
            seen: 0,
            missing: 1,
        }
    }
}

impl Replies {
    /// Returns the next reply, if all of it has arrived.
    pub(super) fn next(&mut self) -> Result<Option<Value>, Malformed> {
        while self.missing > 0 {
            let rest = &self.inbox.unread()[self.seen..];
            let Some((values, length)) = look(rest)? else {
                return Ok(None);
            };
            self.missing = self.missing.checked_add(values).ok_or(Malformed)? - 1;
            self.seen += length;
        }
        let mut reply = &self.inbox.unread()[..self.seen];
        let value = read(&mut reply, DEEPEST)?;
        self.inbox.read(self.seen);
        (self.seen, self.missing) = (0, 1);
        Ok(Some(value))
    }
}

#[cfg(test)]
mod tests {
    use redis::Value;

    use super::{LARGE, Malformed, ROOM, Replies};

    fn text(text: &[u8]) -> Value {
        Value::BulkString(text.to_vec())
    }

    #[test]
    fn replies_cut_anywhere_are_put_together() {
        let all = b"+OK\r\n:-7\r\n$5\r\na\r\nb\0\r\n$-1\r\n$0\r\n\r\n*2\r\n$1\r\nx\r\n*1\r\n:1\r\n*-1\r\n+PONG\r\n";
        let expected = [
            Value::Okay,
            Value::Int(-7),
            text(b"a\r\nb\0"),
            Value::Nil,
            text(b""),
            Value::Array(vec![text(b"x"), Value::Array(vec![Value::Int(1)])]),
            Value::Nil,
            Value::SimpleString("PONG".to_owned()),
        ];
        for piece in 1..all.len() {
            let mut replies = Replies::default();
            let mut found = Vec::new();
            for bytes in all.chunks(piece) {
                replies.inbox.feed(bytes);
                while let Some(value) = replies.next().unwrap() {
                    found.push(value);
                }
            }
            assert_eq!(found, expected, "in pieces of {piece}");
        }
    }

    #[test]
    fn an_error_of_the_server_is_a_reply() {
        let mut replies = Replies::default();
        replies.inbox.feed(b"-READONLY You can't write\r\n");
        let Some(Value::ServerError(error)) = replies.next().unwrap() else {
            panic!("an error was expected");
        };
        assert_eq!(error.kind(), Some(redis::ServerErrorKind::ReadOnly));
    }

    #[test]
    fn a_large_reply_leaves_no_large_buffer() {
        let large = vec![b'x'; 3 * LARGE];
        let mut replies = Replies::default();
        replies
            .inbox
            .feed(format!("${}\r\n", large.len()).as_bytes());
        replies.inbox.feed(&large);
        assert!(replies.next().unwrap().is_none());
        replies.inbox.feed(b"\r\n:1\r\n");
        assert_eq!(replies.next().unwrap(), Some(text(&large)));
        assert_eq!(replies.next().unwrap(), Some(Value::Int(1)));
        assert_eq!(replies.inbox.room().len(), ROOM);
    }

    #[test]
    fn what_is_no_reply_is_an_error_and_never_a_panic() {
        let deep = "*1\r\n".repeat(20) + ":1\r\n";
        let long = "+".repeat(1 << 17);
        for bytes in [
            "HTTP/1.1 400 Bad Request\r\n",
            "\r\n",
            "\n",
            "$-2\r\n",
            "$x\r\n",
            "$1\r\nabc\r\n",
            ":\r\n",
            "*99999999999999999999\r\n",
            &format!("*{0}\r\n*{0}\r\n*{0}\r\n", i64::MAX),
            &format!("${}\r\n", i64::MAX),
            &deep,
            &long,
        ] {
            let mut replies = Replies::default();
            replies.inbox.feed(bytes.as_bytes());
            // A length that never comes is no error yet.
            let waits = bytes == format!("${}\r\n", i64::MAX);
            match replies.next() {
                Err(Malformed) => assert!(!waits),
                Ok(found) => assert!(waits && found.is_none(), "{bytes:?}: {found:?}"),
            }
        }
    }
}
