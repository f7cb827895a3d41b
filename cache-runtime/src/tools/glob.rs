//! Glob patterns for keys, with the same meaning as in Redis.

/// A pattern: `*`, `?`, `[abc]`, `[a-z]`, `[^a]`, and `\` before a character that stands for itself.
///
/// For stores of your own, whose [`keys`](crate::Store::keys) is given a pattern.
///
/// ```
/// use cache_runtime::Glob;
///
/// assert!(Glob::new("user:[0-9]*").matches("user:7"));
/// assert!(!Glob::new("user:?").matches("user:70"));
/// ```
#[derive(Debug, Clone)]
pub struct Glob(Vec<char>);

impl Glob {
    /// Returns the pattern in this text; every text is a valid one.
    #[must_use]
    pub fn new(pattern: &str) -> Self {
        Self(pattern.chars().collect())
    }

    /// Returns whether the whole of `text` matches.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        let text: Vec<char> = text.chars().collect();
        matches(&self.0, &text)
    }
}

// Without recursion on `*`: only the last star is ever retried, so this is quadratic at worst.
fn matches(pattern: &[char], text: &[char]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    loop {
        if pattern.get(p) == Some(&'*') {
            star = Some((p + 1, t));
            p += 1;
            continue;
        }
        if t == text.len() && p == pattern.len() {
            return true;
        }
        if let Some(length) = text.get(t).and_then(|c| one(&pattern[p..], *c)) {
            p += length;
            t += 1;
            continue;
        }
        match star {
            Some((after, at)) if at < text.len() => {
                p = after;
                t = at + 1;
                star = Some((after, at + 1));
            }
            _ => return false,
        }
    }
}

/// Returns how much of the pattern matches this one character.
fn one(pattern: &[char], c: char) -> Option<usize> {
    match pattern.first()? {
        '?' => Some(1),
        '\\' if pattern.len() > 1 => (pattern[1] == c).then_some(2),
        '[' => class(pattern, c),
        own => (*own == c).then_some(1),
    }
}

fn class(pattern: &[char], c: char) -> Option<usize> {
    let mut at = 1;
    let negated = pattern.get(at) == Some(&'^');
    at += usize::from(negated);
    let mut found = false;
    loop {
        match (pattern.get(at), pattern.get(at + 1), pattern.get(at + 2)) {
            (None, ..) => break,
            (Some(']'), ..) => {
                at += 1;
                break;
            }
            (Some('\\'), Some(own), _) => {
                found |= *own == c;
                at += 2;
            }
            // To Redis a `]` is the end of a range like any other character.
            (Some(from), Some('-'), Some(to)) => {
                let (low, high) = (from.min(to), from.max(to));
                found |= (low..=high).contains(&&c);
                at += 3;
            }
            (Some(own), ..) => {
                found |= *own == c;
                at += 1;
            }
        }
    }
    (found != negated).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::Glob;

    #[test]
    fn patterns_mean_what_they_mean_in_redis() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("*", "anything", true),
            ("user:*", "user:7", true),
            ("user:*", "users:7", false),
            ("*:7", "user:7:7", true),
            ("h?llo", "hallo", true),
            ("h?llo", "hllo", false),
            ("h[ae]llo", "hello", true),
            ("h[^e]llo", "hello", false),
            ("h[a-c]llo", "hbllo", true),
            ("a\\*b", "a*b", true),
            ("a\\*b", "axb", false),
            ("[*]", "*", true),
            ("h[a-]", "h]", true),
            ("h[a-]", "h-", false),
            ("h[a-]]", "h]", true),
            ("h[a-", "h-", true),
            ("h[]]", "h]", false),
            ("h[^]", "hx", true),
            ("*[cc-][*", "***", true),
            ("a*b*c", "a__b__b_c", true),
            ("a*b*c", "a__b__b_", false),
            ("", "", true),
            ("", "a", false),
        ] {
            assert_eq!(
                Glob::new(pattern).matches(text),
                expected,
                "{pattern} {text}"
            );
        }
    }
}
