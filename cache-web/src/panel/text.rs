//! Text for people and for HTML: everything that is not written here is escaped.

use std::fmt::{self, Display, Write};
use std::time::Duration;

use cache_runtime::{Timeout, Ttl};

/// Displays its content with the characters escaped that are special in HTML text and quoted attributes.
pub(super) struct Text<T>(pub(super) T);

impl<T: Display> Display for Text<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(Escaping(f), "{}", self.0)
    }
}

struct Escaping<'f, 'b>(&'f mut fmt::Formatter<'b>);

impl Write for Escaping<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for c in text.chars() {
            match c {
                '&' => self.0.write_str("&amp;")?,
                '<' => self.0.write_str("&lt;")?,
                '>' => self.0.write_str("&gt;")?,
                '"' => self.0.write_str("&quot;")?,
                '\'' => self.0.write_str("&#39;")?,
                c => self.0.write_char(c)?,
            }
        }
        Ok(())
    }
}

/// Formats a time as `1.25 ms`: three digits and a unit, always equally wide.
pub(super) fn time(time: Duration) -> String {
    let nanos = time.as_secs_f64() * 1e9;
    let (value, unit) = match nanos {
        n if n < 1e3 => (n, "ns"),
        n if n < 1e6 => (n / 1e3, "µs"),
        n if n < 1e9 => (n / 1e6, "ms"),
        n if n < 120e9 => (n / 1e9, "s"),
        n if n < 7200e9 => (n / 60e9, "min"),
        n => (n / 3600e9, "h"),
    };
    let digits = match value {
        _ if unit == "ns" => 0,
        v if v < 10.0 => 2,
        v if v < 100.0 => 1,
        _ => 0,
    };
    format!("{value:.digits$} {unit}")
}

/// `1.2 MiB`.
pub(super) fn bytes(count: usize) -> String {
    let count = count as f64;
    match count {
        n if n < 1024.0 => format!("{n} B"),
        n if n < 1024.0 * 1024.0 => format!("{:.1} KiB", n / 1024.0),
        n => format!("{:.1} MiB", n / 1024.0 / 1024.0),
    }
}

/// `83.3 %`.
pub(super) fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// Formats a timeout, as an attribute or a URL would say it.
pub(super) fn timeout(timeout: Timeout) -> String {
    match timeout {
        Timeout::Default => "default".to_owned(),
        Timeout::Never => "never".to_owned(),
        Timeout::Expired => "0 s".to_owned(),
        Timeout::After(time) => format!("{time:?}"),
    }
}

/// Formats how long an entry is still fresh.
pub(super) fn left(left: Ttl) -> String {
    match left {
        Ttl::Missing => "its timeout is over".to_owned(),
        Ttl::Never => "for ever".to_owned(),
        Ttl::After(left) => time(left),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Text, bytes, time};

    #[test]
    fn nothing_in_a_text_is_html() {
        let text = Text("<a href='x' title=\"y\">&amp;</a>").to_string();
        assert_eq!(
            text,
            "&lt;a href=&#39;x&#39; title=&quot;y&quot;&gt;&amp;amp;&lt;/a&gt;"
        );
    }

    #[test]
    fn times_and_sizes_are_short() {
        for (nanos, text) in [
            (0, "0 ns"),
            (999, "999 ns"),
            (1_500, "1.50 µs"),
            (12_340_000, "12.3 ms"),
            (119_000_000_000, "119 s"),
            (600_000_000_000, "10.0 min"),
        ] {
            assert_eq!(time(Duration::from_nanos(nanos)), text);
        }
        assert_eq!((bytes(12), bytes(1536)), ("12 B".into(), "1.5 KiB".into()));
    }
}
