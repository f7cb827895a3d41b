//! What one process tells the others: who, when, what, and which key; never a value.
//!
//! A message is a few lines, `1 <who> <what> <stamp> <key>`; what is not understood is skipped, so
//! that a newer version may say more.

use crate::markers::stamp::Stamp;

/// Below PostgreSQL's limit (8,000 bytes).
const MOST_BYTES: usize = 7_000;

/// What has happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Event {
    /// The value under this whole key has been changed, or is gone.
    Changed(String),
    /// The value under this whole key has been replaced by a newer one, without an invalidation: computations of
    /// it are as good as before.
    Renewed(String),
    /// The marker under this key has been set to this stamp.
    Marked(String, Stamp),
    /// More than can be listed: anything may have changed.
    Everything,
}

impl Event {
    fn write(&self, who: u64, text: &mut String) {
        let line = match self {
            Event::Changed(key) => format!("1 {who:016x} c - {key}\n"),
            Event::Renewed(key) => format!("1 {who:016x} r - {key}\n"),
            Event::Marked(key, stamp) => format!("1 {who:016x} m {} {key}\n", stamp.to_text()),
            Event::Everything => format!("1 {who:016x} e - \n"),
        };
        text.push_str(&line);
    }

    fn read(line: &str) -> Option<(u64, Event)> {
        let mut parts = line.splitn(5, ' ');
        let ("1", Some(who), Some(what), Some(stamp), Some(key)) = (
            parts.next()?,
            parts.next(),
            parts.next(),
            parts.next(),
            parts.next(),
        ) else {
            return None;
        };
        let who = u64::from_str_radix(who, 16).ok()?;
        let event = match what {
            "c" => Event::Changed(key.to_owned()),
            "r" => Event::Renewed(key.to_owned()),
            "m" => Event::Marked(key.to_owned(), Stamp::parse(stamp)?),
            "e" => Event::Everything,
            _ => return None,
        };
        Some((who, event))
    }
}

/// Writes as many of the events as fit into one message; returns it and how many those are.
pub(super) fn write(who: u64, events: &[Event]) -> (String, usize) {
    let mut text = String::new();
    let mut count = 0;
    for event in events {
        let before = text.len();
        event.write(who, &mut text);
        if text.len() > MOST_BYTES && count > 0 {
            text.truncate(before);
            break;
        }
        count += 1;
    }
    (text, count)
}

/// Parses the events of a message that are understood, and who sent them.
pub(super) fn read(text: &str) -> impl Iterator<Item = (u64, Event)> {
    text.lines().filter_map(Event::read)
}

#[cfg(test)]
mod tests {
    use super::{Event, MOST_BYTES, read, write};
    use crate::markers::stamp::Stamp;

    #[test]
    fn what_is_written_is_read_back() {
        let stamp = Stamp {
            at: 1_764_420_000_000_001,
            machine: 7,
        };
        let events = [
            Event::Changed("app:1:user tasks:9f3c".into()),
            Event::Marked("app:1::tag:user:7".into(), stamp),
            Event::Renewed("app:1:k".into()),
            Event::Everything,
        ];
        let (text, count) = write(0xBEEF, &events);
        assert_eq!(count, 4);
        let back: Vec<_> = read(&text).collect();
        assert!(back.iter().all(|(who, _)| *who == 0xBEEF));
        assert!(back.iter().map(|(_, event)| event).eq(&events));
        assert!(text.starts_with("1 000000000000beef c - app:1:user tasks:9f3c\n"));
    }

    #[test]
    fn what_is_not_understood_is_passed_over() {
        for text in [
            "",
            "\n",
            "hello",
            "2 00 c - k",
            "1 xx c - k",
            "1 00 z - k",
            "1 00 m - k",
        ] {
            assert_eq!(read(text).count(), 0, "{text:?}");
        }
    }

    #[test]
    fn a_message_has_a_bound() {
        let events: Vec<_> = (0..1000)
            .map(|n| Event::Changed(format!("key:{n}")))
            .collect();
        let (text, count) = write(1, &events);
        assert!(text.len() <= MOST_BYTES && count < 1000 && count > 100);
        let long = [Event::Changed("x".repeat(10_000))];
        assert_eq!(write(1, &long).1, 1, "one always goes");
    }
}
