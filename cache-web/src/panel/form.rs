//! Names and values as a browser writes them into a query or submits them in a form.

/// The pairs of `a=1&b=x+y`; a name without `=` has an empty value.
#[derive(Debug, Default)]
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    pub(super) fn parse(text: &str) -> Self {
        let pairs = text.split('&').filter(|pair| !pair.is_empty());
        Self(
            pairs
                .map(|pair| {
                    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                    (decode(name), decode(value))
                })
                .collect(),
        )
    }

    /// Returns the first value of this name.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let pair = self.0.iter().find(|(known, _)| known == name);
        pair.map(|(_, value)| value.as_str())
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }
}

/// Encodes `text` as a value in a query.
pub(super) fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

/// Decodes a value; what cannot be decoded stays as it is, and is then the key of nothing.
fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        let byte = tail.get(..2).and_then(hex);
        match (first, byte) {
            (b'+', _) => bytes.push(b' '),
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            (first, _) => bytes.push(*first),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Parses two digits; `from_str_radix` would accept a sign for one.
fn hex(digits: &[u8]) -> Option<u8> {
    let text = std::str::from_utf8(digits).ok()?;
    let is_hex = digits.iter().all(u8::is_ascii_hexdigit);
    u8::from_str_radix(text, 16).ok().filter(|_| is_hex)
}

#[cfg(test)]
mod tests {
    use super::{Form, encode};

    #[test]
    fn what_is_encoded_comes_back() {
        for text in ["", "a b", "user:7&x=1", "100%", "ä+<script>\n"] {
            let form = Form::parse(&format!("x=1&key={}&y", encode(text)));
            assert_eq!(form.get("key"), Some(text));
            assert!(form.has("y") && !form.has("z"));
        }
    }

    #[test]
    fn what_is_torn_stays_as_it_is() {
        let form = Form::parse("a=%&b=%4&c=%zz&d=%+1");
        for (name, value) in [("a", "%"), ("b", "%4"), ("c", "%zz"), ("d", "% 1")] {
            assert_eq!(form.get(name), Some(value));
        }
    }
}
