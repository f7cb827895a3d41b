//! Which of a cluster's slots a key belongs to.

/// How many slots there are, in every cluster.
pub(super) const SLOTS: u16 = 16_384;

/// Returns the slot of `key`: that of its hash tag if it has one (`{user}:1` goes with `{user}:2`).
pub(super) fn slot_of(key: &[u8]) -> u16 {
    crc16(tag(key).unwrap_or(key)) % SLOTS
}

/// Returns what is between the first `{` and the next `}`, unless that is empty.
fn tag(key: &[u8]) -> Option<&[u8]> {
    let start = key.iter().position(|byte| *byte == b'{')? + 1;
    let length = key[start..].iter().position(|byte| *byte == b'}')?;
    (length > 0).then(|| &key[start..start + length])
}

/// CRC-16/XMODEM.
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc: u16, byte| {
        (crc << 8) ^ TABLE[usize::from((crc >> 8) as u8 ^ byte)]
    })
}

const TABLE: [u16; 256] = table();

const fn table() -> [u16; 256] {
    let mut table = [0; 256];
    let mut at = 0;
    while at < 256 {
        let mut crc = (at as u16) << 8;
        let mut bit = 0;
        while bit < 8 {
            let carry = if crc & 0x8000 == 0 { 0 } else { 0x1021 };
            crc = (crc << 1) ^ carry;
            bit += 1;
        }
        table[at] = crc;
        at += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::{crc16, slot_of};

    #[test]
    fn the_checksum_is_that_of_the_specification() {
        assert_eq!(crc16(b"123456789"), 0x31C3);
    }

    // What `CLUSTER KEYSLOT` says of them.
    #[test]
    fn slots_are_those_of_the_server() {
        for (key, slot) in [
            ("", 0),
            ("foo", 12_182),
            ("bar", 5061),
            ("somekey", 11_058),
            ("foo{hash_tag}", 2515),
            ("bar{hash_tag}", 2515),
        ] {
            assert_eq!(slot_of(key.as_bytes()), slot, "{key}");
        }
    }

    #[test]
    fn a_tag_is_the_first_pair_of_braces_with_something_in_it() {
        for (key, same_as) in [
            ("{user}:1", "user"),
            ("a{user}b{other}", "user"),
            ("a{{user}}b", "{user"),
        ] {
            assert_eq!(
                slot_of(key.as_bytes()),
                slot_of(same_as.as_bytes()),
                "{key}"
            );
        }
        for key in ["a{}b{user}", "a{user", "a}user{"] {
            assert_eq!(slot_of(key.as_bytes()), crc16(key.as_bytes()) % 16_384);
        }
    }
}
