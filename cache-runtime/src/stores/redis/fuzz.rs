//! What a server sends, however it is cut, and how answers are read.

use redis::{PushKind, Value, VerbatimFormat};

use super::cluster::fuzz as cluster;
use super::replies::Replies;
use super::{commands, greeting, scan, sentinel};
use crate::fuzz::{Target, memory};
use crate::tools::glob::Glob;

pub(crate) const REDIS: Target = Target {
    name: "redis",
    run,
    seeds,
    words: &[
        b"\r\n",
        b"+OK\r\n",
        b"+",
        b"-ERR ",
        b"-MOVED 1 h:1\r\n",
        b"-ASK 1 :7\r\n",
        b":-1\r\n",
        b"$-1\r\n",
        b"$0\r\n\r\n",
        b"*-1\r\n",
        b"*2\r\n",
        b"_\r\n",
        b"#t\r\n",
        b",inf\r\n",
        b"(1\r\n",
        b"=7\r\ntxt:",
        b"!4\r\n",
        b"~1\r\n",
        b"%1\r\n",
        b">2\r\n",
        b"|1\r\n",
        b"$10\r\ninvalidate\r\n",
        b"9223372036854775807",
        b"4611686018427387904",
        b"$6\r\nmaster\r\n",
    ],
};

/// How it is cut, and what comes.
fn run(bytes: &[u8]) {
    let Some((cut, bytes)) = bytes.split_first() else {
        return;
    };
    // The buffer, which may double; a value of sixty bytes may be three on the wire.
    let most = (256 << 10) + 128 * bytes.len();
    let (values, is_well) =
        memory::within(most, || in_pieces(Replies::default(), bytes, bytes.len()));
    // As text, because no NaN is one.
    let as_text = format!("{:?}", (&values, is_well));
    let again = in_pieces(Replies::default(), bytes, usize::from(*cut));
    assert_eq!(format!("{again:?}"), as_text);
    let mut again = in_pieces(crowded(*cut), bytes, usize::from(*cut));
    if !bytes.is_empty() {
        again.0.remove(0);
    }
    assert_eq!(format!("{again:?}"), as_text);
    for value in values {
        round_trip(&value);
        answers(&value);
        cluster::answers(&value);
    }
    let prefix = String::from_utf8_lossy(bytes);
    let glob = Glob::new(&format!("{}*", scan::literal(&prefix)));
    assert!(glob.matches(&format!("{prefix}key")), "{prefix:?}");
}

/// All values of what comes in pieces, and whether it ended well.
fn in_pieces(mut replies: Replies, bytes: &[u8], piece: usize) -> (Vec<Value>, bool) {
    let mut found = Vec::new();
    for bytes in bytes.chunks(piece.max(1)) {
        replies.inbox.feed(bytes);
        loop {
            match replies.next() {
                Ok(Some(value)) => found.push(value),
                Ok(None) => break,
                Err(_) => return (found, false),
            }
        }
    }
    (found, true)
}

/// What came before fills the buffer almost to its end.
fn crowded(left: u8) -> Replies {
    let mut replies = Replies::default();
    let length = (64 << 10) - 16 - usize::from(left % 128);
    replies
        .inbox
        .feed(format!("${}\r\n{}\r\n", length, " ".repeat(length)).as_bytes());
    replies
}

/// The value, written as a server writes it, is the same value.
fn round_trip(value: &Value) {
    let mut bytes = Vec::new();
    if !write(value, &mut bytes) {
        return;
    }
    let (found, is_well) = in_pieces(Replies::default(), &bytes, bytes.len());
    assert!(is_well, "{value:?} {}", bytes.escape_ascii());
    assert_eq!(format!("{found:?}"), format!("{:?}", [value]));
}

/// Whether it can be.
fn write(value: &Value, out: &mut Vec<u8>) -> bool {
    let mut blob = |sign: &str, text: &[u8]| {
        out.extend_from_slice(format!("{sign}{}\r\n", text.len()).as_bytes());
        out.extend_from_slice(text);
        out.extend_from_slice(b"\r\n");
        true
    };
    let line = |text: String, out: &mut Vec<u8>| {
        out.extend_from_slice(format!("{text}\r\n").as_bytes());
        true
    };
    match value {
        Value::Nil => line("_".into(), out),
        Value::Okay => line("+OK".into(), out),
        Value::Int(number) => line(format!(":{number}"), out),
        Value::Double(number) => line(format!(",{number:?}"), out),
        Value::Boolean(value) => line(if *value { "#t" } else { "#f" }.into(), out),
        Value::SimpleString(text) => line(format!("+{text}"), out),
        Value::BulkString(text) => blob("$", text),
        Value::VerbatimString { format, text } => {
            let format = match format {
                VerbatimFormat::Text => "txt",
                VerbatimFormat::Markdown => "mkd",
                VerbatimFormat::Unknown(other) => other,
                _ => return false,
            };
            blob("=", format!("{format}:{text}").as_bytes())
        }
        Value::Array(items) => {
            line(format!("*{}", items.len()), out) && items.iter().all(|item| write(item, out))
        }
        Value::Set(items) => {
            line(format!("~{}", items.len()), out) && items.iter().all(|item| write(item, out))
        }
        Value::Map(pairs) => {
            line(format!("%{}", pairs.len()), out)
                && pairs
                    .iter()
                    .all(|(key, value)| write(key, out) && write(value, out))
        }
        Value::Push { kind, data } => {
            let kind = match kind {
                PushKind::Invalidate => "invalidate".into(),
                other => other.to_string(),
            };
            line(format!(">{}", data.len() + 1), out)
                && write(&Value::BulkString(kind.into_bytes()), out)
                && data.iter().all(|item| write(item, out))
        }
        // An error is text to us, and its parts are the client's.
        _ => false,
    }
}

/// Whatever is asked, any value may be the answer.
fn answers(value: &Value) {
    let key = || "k".to_owned();
    let _ = (commands::get("k").read)(value.clone());
    let _ = (commands::set("k", b"v", None).read)(value.clone());
    let _ = (commands::delete("k").read)(value.clone());
    let _ = (commands::add("k", b"v", None).read)(value.clone());
    let _ = (commands::touch("k", None).read)(value.clone());
    let _ = (commands::ttl("k").read)(value.clone());
    let _ = (commands::incr("k", 1).read)(value.clone());
    let _ = (commands::get_many(&[key()]).read)(value.clone());
    let _ = (commands::set_many(&[(key(), Vec::new())], None).read)(value.clone());
    let _ = (commands::delete_many(&[key()]).read)(value.clone());
    let _ = (commands::scan(0, "*").read)(value.clone());
    let _ = (commands::ping().read)(value.clone());
    let _ = (sentinel::where_is("m").read)(value.clone());
    let _ = (sentinel::role().read)(value.clone());
    let config = super::RedisConfig {
        password: Some("s3cr3t".to_owned()),
        ..super::RedisConfig::new(super::RedisAddress::tcp("h", 1))
    };
    let _ = (greeting::hello(&config).read)(value.clone());
    for call in greeting::greeting(&config, false) {
        let _ = (call.read)(value.clone());
    }
}

fn seeds() -> Vec<Vec<u8>> {
    let slots = "*1\r\n*4\r\n:0\r\n:16383\r\n*3\r\n$1\r\nh\r\n:7000\r\n$2\r\nid\r\n\
                 *4\r\n$1\r\n?\r\n:7001\r\n$2\r\nid\r\n*2\r\n$2\r\nip\r\n$3\r\n::1\r\n";
    [
        "+OK\r\n:-7\r\n$5\r\na\r\nb\0\r\n$-1\r\n$0\r\n\r\n*2\r\n$1\r\nx\r\n*1\r\n:1\r\n*-1\r\n+PONG\r\n",
        "_\r\n#t\r\n,1.5\r\n,-inf\r\n,nan\r\n(-349289032840923850932485094385\r\n",
        "%2\r\n$1\r\na\r\n:1\r\n$1\r\nb\r\n~1\r\n#t\r\n=7\r\ntxt:a\r\n\r\n",
        ">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk\r\n>1\r\n+news\r\n",
        "|1\r\n+ttl\r\n:3\r\n$1\r\nx\r\n*1\r\n|1\r\n+ttl\r\n:3\r\n$1\r\nx\r\n",
        "!21\r\nSYNTAX invalid syntax\r\n-READONLY You can't write\r\n-WRONGPASS no\r\n",
        "-MOVED 3999 127.0.0.1:6381\r\n-ASK 1 :7001\r\n-CLUSTERDOWN Hash slot not served\r\n",
        "*2\r\n$1\r\n7\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n",
        "*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n*2\r\n$9\r\n127.0.0.1\r\n$4\r\n6379\r\n",
        "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n",
        slots,
    ]
    .iter()
    .flat_map(|text| [1, 3, 255].map(|cut| [&[cut], text.as_bytes()].concat()))
    .collect()
}
