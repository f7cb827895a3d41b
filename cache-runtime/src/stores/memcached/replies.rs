//! What the server sent, cut into replies of the meta protocol.

use crate::stores::inbox::Inbox;

const ROOM: usize = 16 << 10;
const LARGE: usize = 256 << 10;

/// No line is longer.
const LONGEST_LINE: usize = 8 << 10;

/// One reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reply {
    /// Done, with what was asked for (`HD`, `VA`).
    Done(Item),
    /// There is no such entry (`EN`, `NF`).
    Missing,
    /// The entry is there already (`NS`).
    NotStored,
    /// The entry is another than it was (`EX`).
    Changed,
    /// The server refuses, with this text.
    Refused(String),
}

/// What the server says about an entry.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) value: Vec<u8>,
    pub(super) flags: u32,
    /// A number that changes when the entry does.
    pub(super) version: u64,
    /// The seconds it still lives; -1: for ever.
    pub(super) ttl: Option<i64>,
}

impl Reply {
    /// Returns whether the server did not take the line for a command, so that it is unknown what it takes for one
    /// next.
    pub(super) fn spoils_connection(&self) -> bool {
        matches!(self, Reply::Refused(text) if !text.starts_with("SERVER_ERROR"))
    }
}

/// What came on a connection.
#[derive(Debug, Default)]
pub(super) struct Replies {
    pub(super) inbox: Inbox<ROOM, LARGE>,
}

/// The server does not speak the protocol.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Malformed;

impl Replies {
    /// Returns the next line of a list without its end, if all of it came. Lists end their lines with less
    /// than replies do.
    pub(super) fn line(&mut self) -> Result<Option<&[u8]>, Malformed> {
        let came = self.inbox.unread();
        let head = &came[..came.len().min(LONGEST_LINE)];
        match head.iter().position(|byte| *byte == b'\n') {
            Some(end) => Ok(Some(self.inbox.read(end + 1).trim_ascii_end())),
            None if head.len() == LONGEST_LINE => Err(Malformed),
            None => Ok(None),
        }
    }

    /// Returns the next reply, if all of it came.
    pub(super) fn next(&mut self) -> Result<Option<Reply>, Malformed> {
        let came = self.inbox.unread();
        let Some(length) = line(came)? else {
            return Ok(None);
        };
        let (head, mut used) = (&came[..length], length + 2);
        let mut words = head.split(|byte| *byte == b' ').filter(|w| !w.is_empty());
        let reply = match words.next().ok_or(Malformed)? {
            b"HD" => Reply::Done(item(words)?),
            b"VA" => {
                let length: usize = number(words.next().ok_or(Malformed)?)?;
                let end = used.checked_add(length).ok_or(Malformed)?;
                let Some(value) = came.get(used..end) else {
                    return Ok(None);
                };
                match came.get(end..).and_then(|rest| rest.get(..2)) {
                    None => return Ok(None),
                    Some(b"\r\n") => used = end + 2,
                    Some(_) => return Err(Malformed),
                }
                Reply::Done(Item {
                    value: value.to_vec(),
                    ..item(words)?
                })
            }
            b"EN" | b"NF" => Reply::Missing,
            b"NS" => Reply::NotStored,
            b"EX" => Reply::Changed,
            b"MN" => Reply::Done(Item::default()),
            b"SERVER_ERROR" | b"CLIENT_ERROR" | b"ERROR" => {
                Reply::Refused(String::from_utf8_lossy(head).into_owned())
            }
            _ => return Err(Malformed),
        };
        self.inbox.read(used);
        Ok(Some(reply))
    }
}

/// Returns the length of the first line, without its end.
fn line(bytes: &[u8]) -> Result<Option<usize>, Malformed> {
    let head = &bytes[..bytes.len().min(LONGEST_LINE)];
    match head.iter().position(|byte| *byte == b'\n') {
        Some(end) => match head[..end].strip_suffix(b"\r") {
            Some(line) => Ok(Some(line.len())),
            None => Err(Malformed),
        },
        None if head.len() == LONGEST_LINE => Err(Malformed),
        None => Ok(None),
    }
}

fn item<'a>(words: impl Iterator<Item = &'a [u8]>) -> Result<Item, Malformed> {
    let mut item = Item::default();
    for word in words {
        match word {
            [b'f', digits @ ..] => item.flags = number(digits)?,
            [b'c', digits @ ..] => item.version = number(digits)?,
            [b't', digits @ ..] => item.ttl = Some(number(digits)?),
            // Not requested: that of a later version.
            _ => {}
        }
    }
    Ok(item)
}

fn number<N: std::str::FromStr>(digits: &[u8]) -> Result<N, Malformed> {
    let digits = std::str::from_utf8(digits).map_err(|_| Malformed)?;
    digits.parse().map_err(|_| Malformed)
}

#[cfg(test)]
mod tests {
    use super::{Item, LARGE, LONGEST_LINE, Malformed, ROOM, Replies, Reply};

    #[test]
    fn replies_cut_anywhere_are_put_together() {
        let all = b"HD\r\nVA 4 f16 c7 t-1\r\na\r\nb\r\nEN\r\nNF\r\nNS\r\nEX\r\nVA 0 f0\r\n\r\n\
            HD t60 x\r\nMN\r\nSERVER_ERROR object too large for cache\r\n";
        let done = |value: &[u8], flags, version, ttl| {
            Reply::Done(Item {
                value: value.to_vec(),
                flags,
                version,
                ttl,
            })
        };
        let expected = [
            done(b"", 0, 0, None),
            done(b"a\r\nb", 16, 7, Some(-1)),
            Reply::Missing,
            Reply::Missing,
            Reply::NotStored,
            Reply::Changed,
            done(b"", 0, 0, None),
            done(b"", 0, 0, Some(60)),
            done(b"", 0, 0, None),
            Reply::Refused("SERVER_ERROR object too large for cache".to_owned()),
        ];
        for piece in 1..all.len() {
            let mut replies = Replies::default();
            let mut found = Vec::new();
            for bytes in all.chunks(piece) {
                replies.inbox.feed(bytes);
                while let Some(reply) = replies.next().unwrap() {
                    found.push(reply);
                }
            }
            assert_eq!(found, expected, "in pieces of {piece}");
            assert!(replies.inbox.is_empty());
        }
    }

    #[test]
    fn a_large_reply_leaves_no_large_buffer() {
        let large = vec![b'x'; 3 * LARGE];
        let mut replies = Replies::default();
        replies
            .inbox
            .feed(format!("VA {}\r\n", large.len()).as_bytes());
        replies.inbox.feed(&large);
        assert_eq!(replies.next(), Ok(None));
        replies.inbox.feed(b"\r\nEN\r\n");
        assert!(matches!(replies.next(), Ok(Some(Reply::Done(item))) if item.value == large));
        assert_eq!(replies.next(), Ok(Some(Reply::Missing)));
        assert_eq!(replies.inbox.room().len(), ROOM);
    }

    #[test]
    fn what_is_no_reply_is_an_error_and_never_a_panic() {
        for bytes in [
            "HTTP/1.1 400 Bad Request\r\n",
            "\r\n",
            "\n",
            "HD\n",
            "VA\r\n",
            "VA x\r\n",
            "VA -1\r\n",
            "VA 1\r\nabc\r\n",
            "VA 1 fx\r\na\r\n",
            "HD t\r\n",
            "VA 99999999999999999999\r\n",
            &"x".repeat(LONGEST_LINE),
            &format!("VA {}\r\n", usize::MAX),
        ] {
            let mut replies = Replies::default();
            replies.inbox.feed(bytes.as_bytes());
            assert_eq!(replies.next(), Err(Malformed), "{bytes:?}");
        }
        // A length that never comes is no error yet.
        let mut replies = Replies::default();
        replies.inbox.feed(b"VA 1000000\r\nabc");
        assert_eq!(replies.next(), Ok(None));
    }
}
