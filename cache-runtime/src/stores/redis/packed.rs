//! Commands as the bytes that go to the server (RESP).

/// Some commands, one after the other.
#[derive(Debug, Clone, Default)]
pub(super) struct Packed {
    pub(super) bytes: Vec<u8>,
    pub(super) commands: usize,
}

/// The most digits of a number or a length.
const DIGITS: usize = 20;

impl Packed {
    /// One command: its name and its arguments.
    pub(super) fn one(parts: &[&[u8]]) -> Self {
        let mut packed = Self::default();
        packed.add(parts);
        packed
    }

    /// Adds a command.
    pub(super) fn add(&mut self, parts: &[&[u8]]) {
        self.begin(parts.len(), parts.iter().map(|part| part.len()).sum());
        for part in parts {
            self.part(part);
        }
    }

    /// Adds the head of a command, whose parts must follow; they have this many bytes in all.
    pub(super) fn begin(&mut self, parts: usize, bytes: usize) {
        const AROUND: usize = "$\r\n\r\n".len();
        // Lengths of four digits are the longest that are common.
        self.bytes.reserve((parts + 1) * (AROUND + 4) + bytes);
        self.head(b'*', parts);
        self.commands += 1;
    }

    /// Adds a part of the command that was begun.
    pub(super) fn part(&mut self, part: &[u8]) {
        self.head(b'$', part.len());
        self.bytes.extend_from_slice(part);
        self.bytes.extend_from_slice(b"\r\n");
    }

    fn head(&mut self, kind: u8, number: usize) {
        self.bytes.push(kind);
        self.bytes
            .extend_from_slice(decimal(number as u64, &mut [0; DIGITS]));
        self.bytes.extend_from_slice(b"\r\n");
    }
}

/// Returns the digits of a number, without using the heap.
pub(super) fn decimal(mut number: u64, digits: &mut [u8; DIGITS]) -> &[u8] {
    let mut at = DIGITS;
    loop {
        at -= 1;
        digits[at] = b"0123456789"[(number % 10) as usize];
        number /= 10;
        if number == 0 {
            return &digits[at..];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Packed, decimal};

    #[test]
    fn commands_are_packed_as_the_protocol_says() {
        let mut packed = Packed::one(&[b"GET", b"key:1"]);
        packed.add(&[b"SET", b"", &[b'x'; 12]]);
        assert_eq!(packed.commands, 2);
        let expected = "*2\r\n$3\r\nGET\r\n$5\r\nkey:1\r\n*3\r\n$3\r\nSET\r\n$0\r\n\r\n$12\r\nxxxxxxxxxxxx\r\n";
        assert_eq!(packed.bytes, expected.as_bytes());
    }

    #[test]
    fn numbers_have_all_their_digits() {
        for number in [0, 9, 10, 1_234_567_890, u64::MAX] {
            assert_eq!(decimal(number, &mut [0; 20]), number.to_string().as_bytes());
        }
    }
}
