//! Patterns mean what they mean in Redis.

use super::Target;
use crate::tools::glob::Glob;

pub(super) const GLOB: Target = Target {
    name: "glob",
    run,
    seeds,
    words: &[
        b"*", b"**", b"?", b"[a-c]", b"[^a]", b"[", b"]", b"\\", b"\\*", b"-", b"\n",
    ],
};

/// A pattern, a line end, and a text. Both in ASCII: Redis goes by bytes, and we by characters.
fn run(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (pattern, text) = text.split_once('\n').unwrap_or((&text, ""));
    let found = Glob::new(pattern).matches(text);
    // Redis goes back to every star, which takes for ever where there are many.
    let stars = pattern.matches('*').count();
    if pattern.is_ascii() && text.is_ascii() && stars <= 3 && text.len() < 100 {
        let in_redis = matches(pattern.as_bytes(), text.as_bytes());
        assert_eq!(found, in_redis, "{pattern:?} {text:?}");
    }
}

fn seeds() -> Vec<Vec<u8>> {
    [
        "*\nanything",
        "user:*\nuser:7",
        "*:7\nuser:7:7",
        "h?llo\nhallo",
        "h[ae]llo\nhello",
        "h[^e]llo\nhello",
        "h[a-c]llo\nhbllo",
        "h[c-a]llo\nhbllo",
        "a\\*b\na*b",
        "[a\\]]\n]",
        "[a-\nb",
        "h[a-]\nh]",
        "a*b*c\na__b__b_c",
    ]
    .map(|line| line.as_bytes().to_vec())
    .to_vec()
}

/// `stringmatchlen` of Redis, in the order of its lines.
fn matches(mut pattern: &[u8], mut text: &[u8]) -> bool {
    while let (Some(sign), Some(first)) = (pattern.first(), text.first()) {
        match sign {
            b'*' => {
                while pattern.get(1) == Some(&b'*') {
                    pattern = &pattern[1..];
                }
                let after = &pattern[1..];
                return after.is_empty() || (0..=text.len()).any(|at| matches(after, &text[at..]));
            }
            b'?' => {}
            b'[' => {
                pattern = &pattern[1..];
                let negated = pattern.first() == Some(&b'^');
                pattern = &pattern[usize::from(negated)..];
                let mut found = false;
                loop {
                    match pattern {
                        [b'\\', own, ..] => {
                            found |= own == first;
                            pattern = &pattern[1..];
                        }
                        [] | [b']', ..] => break,
                        [from, b'-', to, ..] => {
                            found |= (from.min(to)..=from.max(to)).contains(&first);
                            pattern = &pattern[2..];
                        }
                        [own, ..] => found |= own == first,
                    }
                    pattern = &pattern[1..];
                }
                if found == negated {
                    return false;
                }
            }
            _ => {
                if *sign == b'\\' && pattern.len() >= 2 {
                    pattern = &pattern[1..];
                }
                if pattern[0] != *first {
                    return false;
                }
            }
        }
        text = &text[1..];
        // A class that is not closed has used up the pattern.
        pattern = pattern.get(1..).unwrap_or_default();
    }
    while pattern.first() == Some(&b'*') {
        pattern = &pattern[1..];
    }
    pattern.is_empty() && text.is_empty()
}
