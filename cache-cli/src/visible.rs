//! Untrusted text, made safe for a terminal. Keys, values and the answers of servers can contain anything: characters
//! that would move the cursor, or change the reading direction, are shown escaped.

use std::borrow::Cow;

/// Returns the text on one line.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    escaped(text, acts, |c, into| into.extend(c.escape_default()))
}

/// Returns the same for JSON, which stays valid: such characters occur only in its strings. It may have several lines.
pub(crate) fn visible_json(json: &str) -> Cow<'_, str> {
    let is_escaped = |c| acts(c) && c != '\n';
    escaped(json, is_escaped, |c, into| {
        let mut units = [0; 2];
        for unit in c.encode_utf16(&mut units) {
            into.push_str(&format!("\\u{unit:04x}"));
        }
    })
}

fn escaped(
    text: &str,
    is_escaped: impl Fn(char) -> bool,
    escape: impl Fn(char, &mut String),
) -> Cow<'_, str> {
    if !text.contains(&is_escaped) {
        return text.into();
    }
    let mut all = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_escaped(c) {
            escape(c, &mut all);
        } else {
            all.push(c);
        }
    }
    all.into()
}

/// Returns whether a terminal acts on a character, or shows nothing for it. Not the joiners, without which some
/// scripts cannot be written.
fn acts(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'
                | '\u{200e}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

#[cfg(test)]
mod tests {
    use super::{visible, visible_json};

    #[test]
    fn what_acts_is_shown() {
        assert_eq!(visible("aufräumen ✓ a\\b"), "aufräumen ✓ a\\b");
        assert_eq!(visible("\u{1b}[2Ja\nb"), "\\u{1b}[2Ja\\nb");
        assert_eq!(visible("\u{9b}\u{202e}"), "\\u{9b}\\u{202e}");
    }

    #[test]
    fn json_stays_the_same() {
        let value = serde_json::json!({ "a\u{9b}": "\u{202e}\u{e0001}\u{7f}✓" });
        let text = format!("{value:#}");
        let shown = visible_json(&text);
        assert!(shown.contains("\\u202e\\udb40\\udc01\\u007f✓"), "{shown}");
        let read: serde_json::Value = serde_json::from_str(&shown).unwrap_or_default();
        assert_eq!(read, value);
    }
}
