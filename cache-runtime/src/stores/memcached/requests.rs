//! What is sent for each operation: commands of the meta protocol.

use std::io::Write;

use super::names::Name;

/// How much of a batch is written before the first replies are read.
const PIECE: usize = 16 << 10;

/// Some commands to one server; each has one reply.
#[derive(Debug, Clone, Default)]
pub(super) struct Request {
    pub(super) bytes: Vec<u8>,
    /// How many replies are expected.
    pub(super) replies: usize,
    /// Where a batch is cut.
    pieces: Vec<Piece>,
    /// Whether it must be sent only once: `add` and sums have another effect if they are sent twice.
    pub(super) is_once_only: bool,
}

/// A part of a batch ends here.
#[derive(Debug, Clone, Copy)]
struct Piece {
    end: usize,
    replies: usize,
}

/// What a write depends on.
#[derive(Debug, Clone, Copy)]
pub(super) enum Condition {
    None,
    /// There is no such entry.
    Missing,
    /// The entry was not changed since it had this number.
    Unchanged(u64),
}

impl Request {
    /// One command.
    pub(super) fn one(add: impl FnOnce(&mut Self)) -> Self {
        let mut request = Self::default();
        add(&mut request);
        request
    }

    pub(super) fn once_only(mut self) -> Self {
        self.is_once_only = true;
        self
    }

    /// Returns how much may be written once this many replies have come: the piece that is being answered, and the
    /// next. A server that waits for the client to read does not read itself, so that writing everything first
    /// could wait for ever.
    pub(super) fn window(&self, answered: usize) -> usize {
        let at = self
            .pieces
            .partition_point(|piece| piece.replies <= answered);
        let next = self.pieces.get(at + 1);
        next.map_or(self.bytes.len(), |piece| piece.end)
    }

    /// The value and its flags.
    pub(super) fn get(&mut self, name: &Name<'_>) {
        self.line(&[b"mg ", name.bytes(), b" v f"]);
    }

    /// The same, by the name that the server listed.
    pub(super) fn get_by_name(&mut self, name: &[u8]) {
        self.line(&[b"mg ", name, b" v f"]);
    }

    /// The same, and what a later write needs to know.
    pub(super) fn get_for_change(&mut self, name: &Name<'_>) {
        self.line(&[b"mg ", name.bytes(), b" v f c t"]);
    }

    /// How long it still lives.
    pub(super) fn ttl(&mut self, name: &Name<'_>) {
        self.line(&[b"mg ", name.bytes(), b" t"]);
    }

    pub(super) fn touch(&mut self, name: &Name<'_>, expiry: u32) {
        let expiry = format!(" T{expiry}");
        self.line(&[b"mg ", name.bytes(), expiry.as_bytes()]);
    }

    pub(super) fn delete(&mut self, name: &[u8]) {
        self.line(&[b"md ", name]);
    }

    /// Only if it still is what it was.
    pub(super) fn delete_unchanged(&mut self, name: &Name<'_>, unchanged: u64) {
        let unchanged = format!(" C{unchanged}");
        self.line(&[b"md ", name.bytes(), unchanged.as_bytes()]);
    }

    pub(super) fn noop(&mut self) {
        self.line(&[b"mn"]);
    }

    pub(super) fn set(
        &mut self,
        name: &Name<'_>,
        value: &[u8],
        expiry: u32,
        flags: u32,
        condition: Condition,
    ) {
        let front = name.front();
        let length = value.len() + front.map_or(0, |(length, key)| length.len() + key.len());
        self.bytes.reserve(name.bytes().len() + length + 64);
        self.bytes.extend_from_slice(b"ms ");
        self.bytes.extend_from_slice(name.bytes());
        self.text(format_args!(" {length} T{expiry} F{flags}"));
        match condition {
            Condition::None => {}
            Condition::Missing => self.bytes.extend_from_slice(b" ME"),
            Condition::Unchanged(number) => self.text(format_args!(" C{number}")),
        }
        self.bytes.extend_from_slice(b"\r\n");
        if let Some((length, key)) = front {
            self.bytes.extend_from_slice(&length);
            self.bytes.extend_from_slice(key.as_bytes());
        }
        self.bytes.extend_from_slice(value);
        self.end();
    }

    /// Adds to the number, or takes away from it; with `unchanged` only if it still is what it
    /// was.
    pub(super) fn count(&mut self, name: &Name<'_>, by: i64, unchanged: Option<u64>) {
        let mode = if by < 0 { 'D' } else { 'I' };
        self.bytes.extend_from_slice(b"ma ");
        self.bytes.extend_from_slice(name.bytes());
        self.text(format_args!(" v M{mode} D{}", by.unsigned_abs()));
        if let Some(number) = unchanged {
            self.text(format_args!(" C{number}"));
        }
        self.end();
    }

    fn line(&mut self, parts: &[&[u8]]) {
        for part in parts {
            self.bytes.extend_from_slice(part);
        }
        self.end();
    }

    fn text(&mut self, text: std::fmt::Arguments<'_>) {
        // Writing into a vector does not fail.
        let _ = self.bytes.write_fmt(text);
    }

    fn end(&mut self) {
        self.bytes.extend_from_slice(b"\r\n");
        self.replies += 1;
        let end = self.bytes.len();
        if end - self.pieces.last().map_or(0, |piece| piece.end) >= PIECE {
            self.pieces.push(Piece {
                end,
                replies: self.replies,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_what_the_protocol_says() {
        let (name, long) = (Name::of("k"), Name::of("a b"));
        let mut request = Request::default();
        request.get(&name);
        request.set(&name, b"v\r\n", 60, 16, Condition::Missing);
        request.set(&long, b"v", 0, 3, Condition::Unchanged(7));
        request.touch(&name, 0);
        request.count(&name, -5, Some(9));
        request.count(&name, i64::MIN, None);
        request.delete(b"k");
        let expected = "mg k v f\r\nms k 3 T60 F16 ME\r\nv\r\n\r\n\
            ms a%20b#0cc9cd4dd26c5137b675a0d819cb9ab0 8 T0 F3 C7\r\n\0\0\0\x03a bv\r\n\
            mg k T0\r\nma k v MD D5 C9\r\nma k v MD D9223372036854775808\r\nmd k\r\n";
        assert_eq!(String::from_utf8(request.bytes).unwrap(), expected);
        assert_eq!(request.replies, 7);
    }

    #[test]
    fn a_batch_is_written_two_pieces_ahead() {
        let key = "k".repeat(100);
        let name = Name::of(&key);
        let mut request = Request::default();
        for _ in 0..1000 {
            request.get(&name);
        }
        let all = request.bytes.len();
        assert!((2 * PIECE..3 * PIECE).contains(&request.window(0)));
        assert_eq!(request.window(1000), all);
        let mut last = 0;
        for answered in 0..=1000 {
            let window = request.window(answered);
            assert!(window >= last && window <= all);
            let sent = window / (all / 1000);
            assert!(sent > answered || window == all, "somebody has to go on");
            last = window;
        }
        assert_eq!(Request::one(|request| request.get(&name)).window(0), 109);
    }
}
