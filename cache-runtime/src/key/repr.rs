//! One scalar exactly as Python writes it: the `repr` of a float, and JSON text in ASCII.

use std::fmt::Write;

/// Appends `repr(value)`, or the names that `json.dumps` uses for values that are not finite.
pub(super) fn float(out: &mut String, value: f64) {
    if value.is_nan() {
        return out.push_str("NaN");
    }
    if value.is_sign_negative() {
        out.push('-');
    }
    if value.is_infinite() {
        return out.push_str("Infinity");
    }
    // zmij only for the digits: on exact ties Rust's own differ from Python's, and serde_json's
    // layout changes between its versions.
    let mut buffer = zmij::Buffer::new();
    let (digits, point) = digits_and_point(buffer.format_finite(value.abs()));
    layout(out, &digits, point);
}

/// Returns the digits without zeros around them ("0" for zero), and where the point is:
/// `0.DIGITS * 10^point`.
fn digits_and_point(text: &str) -> (String, i32) {
    let (number, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let all = [whole, fraction].concat();
    let significant = all.trim_start_matches('0');
    if significant.is_empty() {
        return ("0".to_owned(), 1);
    }
    // Neither can fail: zmij writes at most 24 letters and exponents of three digits.
    let length = |text: &str| i32::try_from(text.len()).unwrap_or(0);
    let point =
        length(whole) - (length(&all) - length(significant)) + exponent.parse::<i32>().unwrap_or(0);
    (significant.trim_end_matches('0').to_owned(), point)
}

/// Lays it out as Python does: with an exponent if the point is more than 4 places before the digits or 16 after.
fn layout(out: &mut String, digits: &str, point: i32) {
    let zeros = |count: i32| "0".repeat(usize::try_from(count).unwrap_or(0));
    if point <= -4 || point > 16 {
        let (first, rest) = digits.split_at(1);
        out.push_str(first);
        if !rest.is_empty() {
            out.push('.');
            out.push_str(rest);
        }
        let exponent = point - 1;
        let sign = if exponent < 0 { '-' } else { '+' };
        // Writing to a String cannot fail.
        let _ = write!(out, "e{sign}{:02}", exponent.unsigned_abs());
    } else if point <= 0 {
        out.push_str("0.");
        out.push_str(&zeros(-point));
        out.push_str(digits);
    } else if let Some((whole, fraction)) = digits
        .split_at_checked(point.unsigned_abs() as usize)
        .filter(|(_, f)| !f.is_empty())
    {
        out.push_str(whole);
        out.push('.');
        out.push_str(fraction);
    } else {
        out.push_str(digits);
        let have = i32::try_from(digits.len()).unwrap_or(0);
        out.push_str(&zeros(point - have));
        out.push_str(".0");
    }
}

/// Appends a whole number: plain formatting takes several times as long.
pub(super) fn decimal(out: &mut String, value: i64) {
    if value < 0 {
        out.push('-');
    }
    unsigned(out, value.unsigned_abs());
}

/// Appends a whole number that is not negative.
pub(super) fn unsigned(out: &mut String, mut value: u64) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        // A digit, so nothing is truncated.
        digits[at] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            break;
        }
    }
    // They are all ASCII.
    out.push_str(std::str::from_utf8(&digits[at..]).unwrap_or_default());
}

/// Appends `text` in quotes, in ASCII: `ensure_ascii=True`, which is Python's default.
pub(super) fn quoted(out: &mut String, text: &str) {
    out.reserve(text.len() + 2);
    out.push('"');
    let mut rest = text;
    // Characters that stand for themselves are copied in one piece.
    while let Some(at) = rest.bytes().position(is_special) {
        let (plain, special) = rest.split_at(at);
        out.push_str(plain);
        let mut letters = special.chars();
        if let Some(letter) = letters.next() {
            escaped(out, letter);
        }
        rest = letters.as_str();
    }
    out.push_str(rest);
    out.push('"');
}

/// Returns whether this byte is, or begins, a character that is written differently.
fn is_special(byte: u8) -> bool {
    !matches!(byte, b' '..=b'~') || byte == b'"' || byte == b'\\'
}

fn escaped(out: &mut String, letter: char) {
    match letter {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\u{c}' => out.push_str("\\f"),
        '\u{8}' => out.push_str("\\b"),
        _ => {
            for unit in letter.encode_utf16(&mut [0; 2]) {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
    }
}
