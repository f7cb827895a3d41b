//! One reply's bytes as a value (RESP2 and RESP3).
//!
//! Two passes over the same bytes: [`look`] finds the end, value by value, as they arrive; [`read`] makes
//! the value when all of it is there.

use redis::{PushKind, Value, VerbatimFormat};

/// The longest line, be it a number or an error.
const LONGEST_LINE: usize = 64 << 10;

/// The deepest nesting of a reply that is requested here.
pub(super) const DEEPEST: usize = 8;

/// The server does not speak the protocol.
#[derive(Debug)]
pub(super) struct Malformed;

/// Scans the value at the beginning: how many values are inside it, and how long it is without them.
pub(super) fn look(bytes: &[u8]) -> Result<Option<(usize, usize)>, Malformed> {
    let Some(line) = line(bytes)? else {
        return Ok(None);
    };
    let header = line.len() + 2;
    Ok(match line.split_first() {
        Some((b'+' | b'-' | b':' | b'_' | b'#' | b',' | b'(', _)) => Some((0, header)),
        Some((b'*' | b'~' | b'>', count)) => Some((length(count)?.unwrap_or(0), header)),
        Some((b'%', count)) => Some((pairs(count)?, header)),
        // An attribute: what it describes comes after it.
        Some((b'|', count)) => Some((pairs(count)?.checked_add(1).ok_or(Malformed)?, header)),
        Some((b'$' | b'=' | b'!', count)) => match length(count)? {
            None => Some((0, header)),
            Some(length) => {
                let all = length.checked_add(header + 2).ok_or(Malformed)?;
                (bytes.len() >= all).then_some((0, all))
            }
        },
        _ => return Err(Malformed),
    })
}

/// Parses the value at the beginning, all of which is there.
pub(super) fn read(bytes: &mut &[u8], deepest: usize) -> Result<Value, Malformed> {
    let line = line(bytes)?.ok_or(Malformed)?;
    let (whole, rest) = bytes.split_at(line.len() + 2);
    *bytes = rest;
    match line {
        b"+OK" => Ok(Value::Okay),
        [b'+', text @ ..] => Ok(Value::SimpleString(
            String::from_utf8_lossy(text).into_owned(),
        )),
        [b'-', ..] => error(whole),
        [b':', digits @ ..] => number(digits).map(Value::Int),
        [b'$', count @ ..] => Ok(match blob(bytes, count)? {
            None => Value::Nil,
            Some(text) => Value::BulkString(text.to_vec()),
        }),
        [b'*', count @ ..] => match length(count)? {
            None => Ok(Value::Nil),
            Some(count) => several(bytes, count, deepest).map(Value::Array),
        },
        _ => read_newer(line, bytes, deepest),
    }
}

/// Parses what RESP3 added.
fn read_newer(line: &[u8], bytes: &mut &[u8], deepest: usize) -> Result<Value, Malformed> {
    match line {
        b"_" => Ok(Value::Nil),
        b"#t" => Ok(Value::Boolean(true)),
        b"#f" => Ok(Value::Boolean(false)),
        [b',', digits @ ..] => {
            let digits = std::str::from_utf8(digits).map_err(|_| Malformed)?;
            digits.parse().map(Value::Double).map_err(|_| Malformed)
        }
        [b'(', digits @ ..] => big_number(digits),
        [b'=', count @ ..] => verbatim(blob(bytes, count)?.ok_or(Malformed)?),
        [b'!', count @ ..] => {
            let text = blob(bytes, count)?.ok_or(Malformed)?;
            error(&[b"-", text, b"\r\n"].concat())
        }
        [b'~', count @ ..] => {
            let count = length(count)?.ok_or(Malformed)?;
            several(bytes, count, deepest).map(Value::Set)
        }
        [b'%', count @ ..] => {
            let items = several(bytes, pairs(count)?, deepest)?;
            Ok(Value::Map(in_pairs(items)))
        }
        [b'>', count @ ..] => {
            let count = length(count)?.ok_or(Malformed)?;
            push(several(bytes, count, deepest)?)
        }
        // An attribute of the value after it; no reply that is requested here has any.
        [b'|', count @ ..] => {
            several(bytes, pairs(count)?, deepest)?;
            read(bytes, deepest.checked_sub(1).ok_or(Malformed)?)
        }
        _ => Err(Malformed),
    }
}

fn several(bytes: &mut &[u8], count: usize, deepest: usize) -> Result<Vec<Value>, Malformed> {
    let deepest = deepest.checked_sub(1).ok_or(Malformed)?;
    (0..count).map(|_| read(bytes, deepest)).collect()
}

fn in_pairs(items: Vec<Value>) -> Vec<(Value, Value)> {
    let mut items = items.into_iter();
    let mut pairs = Vec::with_capacity(items.len() / 2);
    while let (Some(key), Some(value)) = (items.next(), items.next()) {
        pairs.push((key, value));
    }
    pairs
}

/// Parses an error; the client knows which codes there are.
fn error(line: &[u8]) -> Result<Value, Malformed> {
    redis::parse_redis_value(line).map_err(|_| Malformed)
}

fn push(items: Vec<Value>) -> Result<Value, Malformed> {
    let mut items = items.into_iter();
    let kind = match items.next() {
        Some(Value::BulkString(kind)) => String::from_utf8_lossy(&kind).into_owned(),
        Some(Value::SimpleString(kind)) => kind,
        _ => return Err(Malformed),
    };
    Ok(Value::Push {
        kind: match &*kind {
            "invalidate" => PushKind::Invalidate,
            _ => PushKind::Other(kind),
        },
        data: items.collect(),
    })
}

/// Parses a verbatim text: three characters for its kind, and after a colon the text.
fn verbatim(text: &[u8]) -> Result<Value, Malformed> {
    let text = std::str::from_utf8(text).map_err(|_| Malformed)?;
    let (format, text) = text.split_once(':').ok_or(Malformed)?;
    Ok(Value::VerbatimString {
        format: match format {
            "txt" => VerbatimFormat::Text,
            "mkd" => VerbatimFormat::Markdown,
            other => VerbatimFormat::Unknown(other.to_owned()),
        },
        text: text.to_owned(),
    })
}

/// Keeps it as text: how the client holds such numbers depends on features that others enable in it.
fn big_number(digits: &[u8]) -> Result<Value, Malformed> {
    let sign = usize::from(matches!(digits.first(), Some(b'-' | b'+')));
    let is_number = digits.len() > sign && digits[sign..].iter().all(u8::is_ascii_digit);
    is_number
        .then(|| Value::BulkString(digits.to_vec()))
        .ok_or(Malformed)
}

/// Returns the text whose length was given; `None` means nothing.
fn blob<'a>(bytes: &mut &'a [u8], count: &[u8]) -> Result<Option<&'a [u8]>, Malformed> {
    let Some(length) = length(count)? else {
        return Ok(None);
    };
    let (text, rest) = bytes.split_at_checked(length).ok_or(Malformed)?;
    *bytes = rest.strip_prefix(b"\r\n").ok_or(Malformed)?;
    Ok(Some(text))
}

/// Returns the first line without its end.
fn line(bytes: &[u8]) -> Result<Option<&[u8]>, Malformed> {
    let head = &bytes[..bytes.len().min(LONGEST_LINE)];
    match head.iter().position(|byte| *byte == b'\n') {
        Some(end) => head[..end].strip_suffix(b"\r").map(Some).ok_or(Malformed),
        None if head.len() == LONGEST_LINE => Err(Malformed),
        None => Ok(None),
    }
}

/// Returns how many values this many pairs are.
fn pairs(digits: &[u8]) -> Result<usize, Malformed> {
    let count = length(digits)?.ok_or(Malformed)?;
    count.checked_mul(2).ok_or(Malformed)
}

/// Parses a length; `None` means nothing (-1).
fn length(digits: &[u8]) -> Result<Option<usize>, Malformed> {
    match number(digits)? {
        -1 => Ok(None),
        length => usize::try_from(length).map(Some).map_err(|_| Malformed),
    }
}

fn number(digits: &[u8]) -> Result<i64, Malformed> {
    let digits = std::str::from_utf8(digits).map_err(|_| Malformed)?;
    digits.parse().map_err(|_| Malformed)
}

#[cfg(test)]
mod tests {
    use redis::{PushKind, Value, VerbatimFormat};

    use super::{DEEPEST, look, read};

    fn text(text: &[u8]) -> Value {
        Value::BulkString(text.to_vec())
    }

    /// The value, its end found first, as it is when bytes come from a server.
    fn value(bytes: &[u8]) -> Value {
        let (mut missing, mut seen) = (1, 0);
        while missing > 0 {
            let (inside, length) = look(&bytes[seen..]).unwrap().unwrap();
            missing += inside;
            missing -= 1;
            seen += length;
        }
        assert_eq!(seen, bytes.len(), "the end of {bytes:?}");
        let mut rest = bytes;
        let value = read(&mut rest, DEEPEST).unwrap();
        assert!(rest.is_empty(), "all of {bytes:?} is read");
        value
    }

    #[test]
    fn every_kind_of_value() {
        let pairs = Value::Map(vec![
            (text(b"a"), Value::Int(1)),
            (text(b"b"), Value::Set(vec![Value::Boolean(true)])),
        ]);
        for (bytes, expected) in [
            ("_\r\n", Value::Nil),
            ("#t\r\n", Value::Boolean(true)),
            ("#f\r\n", Value::Boolean(false)),
            (",1.5\r\n", Value::Double(1.5)),
            (",-inf\r\n", Value::Double(f64::NEG_INFINITY)),
            (",1e3\r\n", Value::Double(1000.0)),
            (
                "(-3492890328409238509324850943850943825024385\r\n",
                text(b"-3492890328409238509324850943850943825024385"),
            ),
            ("%2\r\n$1\r\na\r\n:1\r\n$1\r\nb\r\n~1\r\n#t\r\n", pairs),
            ("%0\r\n", Value::Map(vec![])),
            (
                "~2\r\n:1\r\n:2\r\n",
                Value::Set(vec![Value::Int(1), Value::Int(2)]),
            ),
            (
                "=7\r\ntxt:a\r\n\r\n",
                Value::VerbatimString {
                    format: VerbatimFormat::Text,
                    text: "a\r\n".into(),
                },
            ),
            (
                ">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk\r\n",
                Value::Push {
                    kind: PushKind::Invalidate,
                    data: vec![Value::Array(vec![text(b"k")])],
                },
            ),
            (
                ">1\r\n+news\r\n",
                Value::Push {
                    kind: PushKind::Other("news".into()),
                    data: vec![],
                },
            ),
            ("|1\r\n+ttl\r\n:3\r\n$1\r\nx\r\n", text(b"x")),
            (
                "*1\r\n|1\r\n+ttl\r\n:3\r\n$1\r\nx\r\n",
                Value::Array(vec![text(b"x")]),
            ),
        ] {
            assert_eq!(value(bytes.as_bytes()), expected, "{bytes:?}");
        }
        assert!(matches!(value(b",nan\r\n"), Value::Double(nan) if nan.is_nan()));
        let Value::ServerError(error) = value(b"!21\r\nSYNTAX invalid syntax\r\n") else {
            panic!("an error was expected");
        };
        assert_eq!(error.code(), "SYNTAX");
    }

    #[test]
    fn what_is_no_value_is_refused() {
        for bytes in [
            "#x\r\n",
            "#\r\n",
            "_x\r\n",
            ",one\r\n",
            "(1.5\r\n",
            "(\r\n",
            "(-\r\n",
            "=1\r\na\r\n",
            "=-1\r\n",
            "!-1\r\n",
            "~-1\r\n",
            ">0\r\n",
            ">1\r\n:1\r\n",
            "?\r\n",
            "$?\r\n",
            "%?\r\n",
            "%4611686018427387904\r\n",
            "|9223372036854775807\r\n",
            "%-1\r\n",
        ] {
            let bytes = bytes.as_bytes();
            let refused = look(bytes).is_err() || read(&mut &*bytes, DEEPEST).is_err();
            assert!(refused, "{bytes:?}");
        }
        // As deep as it gets, and one deeper; attributes count.
        for (open, close) in [
            ("*1\r\n", ":1\r\n"),
            ("~1\r\n", ":1\r\n"),
            ("|0\r\n", ":1\r\n"),
        ] {
            let at_most = open.repeat(DEEPEST) + close;
            assert!(
                read(&mut at_most.as_bytes(), DEEPEST).is_ok(),
                "{at_most:?}"
            );
            let deeper = open.repeat(DEEPEST + 1) + close;
            assert!(read(&mut deeper.as_bytes(), DEEPEST).is_err(), "{deeper:?}");
        }
    }
}
