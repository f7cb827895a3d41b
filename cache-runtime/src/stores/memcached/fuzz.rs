//! What a server sends, however it is cut, and the names that it lists.

use super::listing::Line;
use super::names::{Found, Name, decoded, find};
use super::replies::{Malformed, Replies, Reply};
use crate::fuzz::{Target, memory};

pub(crate) const MEMCACHED: Target = Target {
    name: "memcached",
    run: run_replies,
    seeds: seeds_of_replies,
    words: &[
        b"HD",
        b"VA ",
        b"EN\r\n",
        b"NF\r\n",
        b"NS\r\n",
        b"EX\r\n",
        b"MN\r\n",
        b"SERVER_ERROR ",
        b"CLIENT_ERROR ",
        b"ERROR\r\n",
        b"\r\n",
        b"\n",
        b" f",
        b" c",
        b" t-1",
        b"key=",
        b"END\r\n",
        b"BUSY",
        b"18446744073709551615",
    ],
};

pub(crate) const NAMES: Target = Target {
    name: "memcached_names",
    run: run_names,
    seeds: seeds_of_names,
    words: &[
        b"%20",
        b"%",
        b"#",
        b"#d41d8cd98f00b204e9800998ecf8427e",
        b"\n",
        b" ",
        b"\x7f",
    ],
};

/// How it is cut, and what comes.
fn run_replies(bytes: &[u8]) {
    let Some((cut, bytes)) = bytes.split_first() else {
        return;
    };
    // The buffer, which may double, and a copy of what is in it.
    let most = (64 << 10) + 64 * bytes.len();
    let whole = memory::within(most, || replies(bytes, bytes.len()));
    assert_eq!(replies(bytes, usize::from(*cut)), whole);
    let mut again = in_pieces(crowded(*cut), bytes, usize::from(*cut), Replies::next);
    if !bytes.is_empty() {
        again.0.remove(0);
    }
    assert_eq!(again, whole);
    let whole = memory::within(most, || lines(bytes, bytes.len()));
    assert_eq!(lines(bytes, usize::from(*cut)), whole);
    for line in whole.0 {
        let _ = Line::read(&line, "app:1:");
    }
}

/// All replies of what comes in pieces, and whether it ended well.
fn replies(bytes: &[u8], piece: usize) -> (Vec<Reply>, Result<(), Malformed>) {
    in_pieces(Replies::default(), bytes, piece, Replies::next)
}

fn lines(bytes: &[u8], piece: usize) -> (Vec<Vec<u8>>, Result<(), Malformed>) {
    in_pieces(Replies::default(), bytes, piece, |replies| {
        replies.line().map(|line| line.map(<[u8]>::to_vec))
    })
}

fn in_pieces<T>(
    mut replies: Replies,
    bytes: &[u8],
    piece: usize,
    next: impl Fn(&mut Replies) -> Result<Option<T>, Malformed>,
) -> (Vec<T>, Result<(), Malformed>) {
    let mut found = Vec::new();
    for bytes in bytes.chunks(piece.max(1)) {
        replies.inbox.feed(bytes);
        loop {
            match next(&mut replies) {
                Ok(Some(one)) => found.push(one),
                Ok(None) => break,
                Err(error) => return (found, Err(error)),
            }
        }
    }
    (found, Ok(()))
}

/// What came before fills the buffer almost to its end.
fn crowded(left: u8) -> Replies {
    let mut replies = Replies::default();
    let length = (16 << 10) - 16 - usize::from(left % 128);
    replies
        .inbox
        .feed(format!("VA {}\r\n{}\r\n", length, " ".repeat(length)).as_bytes());
    replies
}

/// A prefix, a line end, and a key: ours, and a name that others wrote.
fn run_names(bytes: &[u8]) {
    let mut parts = bytes.splitn(2, |byte| *byte == b'\n');
    let prefix = String::from_utf8_lossy(parts.next().unwrap_or_default());
    let rest = parts.next().unwrap_or_default();
    // What goes into a command cannot end it.
    let is_safe = |name: &[u8]| name.iter().all(|byte| *byte > b' ' && *byte != 0x7f);
    match find(rest, &prefix) {
        Found::Foreign => {}
        Found::Key(key) => assert!(key.starts_with(&*prefix) && is_safe(rest), "{key}"),
        Found::Cut { .. } => assert!(is_safe(rest)),
    }
    let line = [b"key=", rest, b" exp=-1"].concat();
    if let Line::Ours(listed) = Line::read(&line, &prefix) {
        assert!(is_safe(&listed.name));
    }
    assert!(decoded(rest).len() <= rest.len());
    let key = String::from_utf8_lossy(rest);
    for key in [&*key, &format!("{prefix}{key}")] {
        ours(key, &prefix, rest);
    }
}

/// A key under its own name.
fn ours(key: &str, prefix: &str, value: &[u8]) {
    let name = Name::of(key);
    let bytes = name.bytes();
    assert!((1..=250).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_graphic));
    match find(bytes, "") {
        Found::Key(found) => assert_eq!(found, key),
        Found::Cut { is_sure } => assert!(is_sure && bytes.len() > 200, "{key:?}"),
        Found::Foreign => panic!("{key:?} is not found"),
    }
    let is_under = find(bytes, prefix);
    assert!(
        key.starts_with(prefix) <= (is_under != Found::Foreign),
        "{key:?} {prefix:?}"
    );
    let flags = name.flags(value);
    let front = name
        .front()
        .map(|(length, key)| [&length, key.as_bytes()].concat());
    let stored = [&*front.unwrap_or_default(), value].concat();
    assert_eq!(name.open(flags, stored).as_deref(), Some(value), "{key:?}");
}

fn seeds_of_replies() -> Vec<Vec<u8>> {
    let long = format!("VA 300 f0\r\n{}\r\nEN\r\n", "x".repeat(300));
    [
        "HD\r\nVA 4 f16 c7 t-1\r\na\r\nb\r\nEN\r\nNF\r\nNS\r\nEX\r\nVA 0 f0\r\n\r\n",
        "HD t60 x\r\nMN\r\nSERVER_ERROR object too large for cache\r\n",
        "CLIENT_ERROR bad command line format\r\nERROR\r\n",
        "key=app%3A1%3Ak exp=-1 la=1700000000 cas=1 fetch=no cls=1 size=63\r\nEND\r\n",
        "BUSY currently processing crawler request\r\n",
        &long,
    ]
    .iter()
    .flat_map(|text| [1, 2, 7, 255].map(|cut| [&[cut], text.as_bytes()].concat()))
    .collect()
}

fn seeds_of_names() -> Vec<Vec<u8>> {
    let long = format!("app:1:\napp:1:{}", "é".repeat(300));
    let hashed = |key: &str| [b"app:1:\n", Name::of(key).bytes()].concat();
    let mut seeds = [
        "app:1:\napp:1:key",
        "app:1:\napp:1:a b%",
        "app:2:\napp:1:key",
        "\n",
        "k\nk#d41d8cd98f00b204e9800998ecf8427e",
        "\n-42",
        &long,
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec();
    seeds.extend(["app:1:a b", "", &"ü".repeat(300)].map(hashed));
    seeds
}
