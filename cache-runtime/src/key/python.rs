//! A tree as the text that Python's `json.dumps` writes for the same arguments or the same value.

use std::cmp::Ordering;
use std::fmt::{Display, Write};

use serde::Serialize;

use super::buffer::Tree;
use super::error::{KeyError, Reason};
use super::repr;
use super::tree::{MAX_DEPTH, Reader, Token};

/// Returns the text of one value as used in a key: `json.dumps(value, sort_keys=True)`, with `Some(None)`
/// distinguished from `None`.
#[cfg(any(test, cache_fuzz))]
pub(crate) fn to_python_key(bytes: &[u8]) -> Result<String, KeyError> {
    text_of(bytes, Rules::Key)
}

/// Returns the text of a value as it is stored: `json.dumps(value)`, with maps in their own order.
pub(crate) fn value_text<T: Serialize + ?Sized>(value: &T) -> Result<String, KeyError> {
    let mut tree = Tree::default();
    tree.push_unsorted(value)?;
    text_of(tree.as_bytes(), Rules::Value)
}

/// Returns the text of a call: `{"args": [...], "func": "...", "kwargs": {...}}`.
///
/// Type and const parameters, which Python does not have, are added to the function's name.
pub(crate) fn call_text(
    func: &str,
    tree: &Tree,
    type_name: &dyn Fn(u32) -> String,
) -> Result<String, KeyError> {
    let mut writer = Writer::new(tree.as_bytes(), Rules::Key);
    // All their values, one after the other, and where each is.
    let mut values = String::new();
    let mut kwargs = Vec::new();
    let mut parameters = Vec::new();
    writer.out.push_str("{\"args\": [");
    let args_start = writer.out.len();
    while !writer.reader.is_empty() {
        match writer.reader.token()? {
            Token::Kwarg(name) => {
                let start = values.len();
                writer.aside(&mut values)?;
                kwargs.push((name, start..values.len()));
            }
            Token::Type(id) => parameters.push(type_name(id)),
            Token::Const => parameters.push(writer.parameter()?),
            value => {
                if writer.out.len() > args_start {
                    writer.out.push_str(", ");
                }
                writer.value(value, 0)?;
            }
        }
    }
    let mut out = writer.out;
    out.push_str("], \"func\": ");
    if parameters.is_empty() {
        repr::quoted(&mut out, func);
    } else {
        repr::quoted(&mut out, &format!("{func}<{}>", parameters.join(", ")));
    }
    out.push_str(", \"kwargs\": {");
    kwargs.sort_by_key(|(name, _)| *name);
    for (index, (name, value)) in kwargs.iter().enumerate() {
        if index > 0 {
            if kwargs[index - 1].0 == *name {
                return Err(KeyError::new(Reason::DuplicateKwarg));
            }
            out.push_str(", ");
        }
        repr::quoted(&mut out, name);
        out.push_str(": ");
        out.push_str(&values[value.clone()]);
    }
    out.push_str("}}");
    Ok(out)
}

/// Keys and values are written differently in two respects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rules {
    /// Maps sorted, as with `sort_keys=True`; `Some(None)` is not `None`.
    Key,
    /// Maps in their own order; `Some(None)` is `null`, as in any JSON.
    Value,
}

/// What a value was, as far as a `Some` around it has to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Null,
    Some,
    Other,
}

/// The beginning of a `Some` whose value would otherwise look like `None`.
const WRAPPED: &str = "{\"Some\": ";

fn text_of(bytes: &[u8], rules: Rules) -> Result<String, KeyError> {
    let mut writer = Writer::new(bytes, rules);
    let token = writer.reader.token()?;
    writer.value(token, 0)?;
    if writer.reader.is_empty() {
        Ok(writer.out)
    } else {
        Err(KeyError::garbage("more than one value"))
    }
}

struct Writer<'a> {
    reader: Reader<'a>,
    out: String,
    rules: Rules,
}

impl<'a> Writer<'a> {
    fn new(bytes: &'a [u8], rules: Rules) -> Self {
        Self {
            reader: Reader::new(bytes),
            out: String::with_capacity(64 + bytes.len()),
            rules,
        }
    }

    /// Writes the next value to the end of `beside` instead of into the text.
    fn aside(&mut self, beside: &mut String) -> Result<(), KeyError> {
        std::mem::swap(&mut self.out, beside);
        let token = self.reader.token();
        let written = token.and_then(|token| self.value(token, 0));
        std::mem::swap(&mut self.out, beside);
        written.map(drop)
    }

    /// Returns a const parameter: text without quotes, since the name that it becomes part of gets them.
    fn parameter(&mut self) -> Result<String, KeyError> {
        let mut ahead = self.reader.clone();
        if let Token::Str(text) = ahead.token()? {
            self.reader = ahead;
            return Ok(text.to_owned());
        }
        let mut text = String::new();
        self.aside(&mut text)?;
        Ok(text)
    }

    /// Writes the value that begins with `token`.
    fn value(&mut self, token: Token<'a>, depth: usize) -> Result<Shape, KeyError> {
        match token {
            Token::Null | Token::None => {
                self.out.push_str("null");
                return Ok(Shape::Null);
            }
            Token::Some => return self.some(inside(depth)?),
            Token::Bool(value) => self.out.push_str(if value { "true" } else { "false" }),
            Token::UInt(value) => repr::unsigned(&mut self.out, value),
            Token::NInt(value) => repr::decimal(&mut self.out, value),
            Token::BigUInt(value) => self.number(value),
            Token::BigNInt(value) => self.number(value),
            Token::Float(value) => repr::float(&mut self.out, value),
            Token::Str(text) => repr::quoted(&mut self.out, text),
            Token::Seq => self.seq(inside(depth)?)?,
            Token::Map if self.rules == Rules::Key => self.sorted_map(inside(depth)?)?,
            Token::Map => self.map(inside(depth)?)?,
            Token::SeqEnd | Token::MapEnd => return Err(KeyError::garbage("end without begin")),
            Token::Kwarg(_) | Token::Type(_) | Token::Const => {
                return Err(KeyError::garbage("parameter inside a value"));
            }
        }
        Ok(Shape::Other)
    }

    fn number(&mut self, value: impl Display) {
        // Writing to a String cannot fail.
        let _ = write!(self.out, "{value}");
    }

    fn some(&mut self, depth: usize) -> Result<Shape, KeyError> {
        let start = self.out.len();
        let token = self.reader.token()?;
        let wrap = match self.value(token, depth)? {
            Shape::Null => true,
            Shape::Some => self.out[start..].starts_with(WRAPPED),
            Shape::Other => false,
        };
        if wrap && self.rules == Rules::Key {
            self.out.insert_str(start, WRAPPED);
            self.out.push('}');
        }
        Ok(Shape::Some)
    }

    fn seq(&mut self, depth: usize) -> Result<(), KeyError> {
        self.out.push('[');
        let start = self.out.len();
        loop {
            match self.reader.token()? {
                Token::SeqEnd => break,
                token => {
                    self.comma(start);
                    self.value(token, depth)?;
                }
            }
        }
        self.out.push(']');
        Ok(())
    }

    fn map(&mut self, depth: usize) -> Result<(), KeyError> {
        self.out.push('{');
        let start = self.out.len();
        loop {
            match self.reader.token()? {
                Token::MapEnd => break,
                key => {
                    self.comma(start);
                    self.entry(key, depth)?;
                }
            }
        }
        self.out.push('}');
        Ok(())
    }

    fn sorted_map(&mut self, depth: usize) -> Result<(), KeyError> {
        let mut entries = Vec::new();
        loop {
            match self.reader.token()? {
                Token::MapEnd => break,
                key => {
                    let class = key.sort_class();
                    if entries
                        .first()
                        .is_some_and(|(first, _): &(Token<'_>, _)| first.sort_class() != class)
                    {
                        return Err(KeyError::new(Reason::MixedMapKeys));
                    }
                    entries.push((key, self.reader.clone()));
                    self.reader.skip_value()?;
                }
            }
        }
        let after = self.reader.clone();
        entries.sort_by(|(a, _), (b, _)| compare_keys(*a, *b));
        self.out.push('{');
        let start = self.out.len();
        for (key, value) in entries {
            self.comma(start);
            self.reader = value;
            self.entry(key, depth)?;
        }
        self.out.push('}');
        self.reader = after;
        Ok(())
    }

    fn entry(&mut self, key: Token<'a>, depth: usize) -> Result<(), KeyError> {
        match key {
            Token::Str(text) => repr::quoted(&mut self.out, text),
            key if key.sort_class().is_some() => {
                self.out.push('"');
                self.value(key, depth)?;
                self.out.push('"');
            }
            _ => return Err(KeyError::garbage("not a map key")),
        }
        self.out.push_str(": ");
        let token = self.reader.token()?;
        self.value(token, depth)?;
        Ok(())
    }

    /// Writes a separator, unless nothing was written since `start`.
    fn comma(&mut self, start: usize) {
        if self.out.len() > start {
            self.out.push_str(", ");
        }
    }
}

fn inside(depth: usize) -> Result<usize, KeyError> {
    if depth >= MAX_DEPTH {
        return Err(KeyError::new(Reason::TooDeep));
    }
    Ok(depth + 1)
}

/// Compares keys of one class in Python's order: numbers as numbers, text by code point.
fn compare_keys(a: Token<'_>, b: Token<'_>) -> Ordering {
    match (a, b) {
        // UTF-8 bytes have the order of their code points.
        (Token::Str(a), Token::Str(b)) => a.cmp(b),
        (Token::Bool(a), Token::Bool(b)) => a.cmp(&b),
        // -0.0 and 0.0 are one number, but an order that depends on nothing else is worth more here.
        (Token::Float(a), Token::Float(b)) => a.total_cmp(&b),
        _ => whole(a).cmp(&whole(b)),
    }
}

/// Returns a whole number as a sort key, larger than any integer type: first the extremes, then the rest.
fn whole(token: Token<'_>) -> (u8, i128, u128) {
    match token {
        Token::BigNInt(value) => (0, value, 0),
        Token::NInt(value) => (1, value.into(), 0),
        Token::UInt(value) => (2, 0, value.into()),
        Token::BigUInt(value) => (3, 0, value),
        _ => (4, 0, 0),
    }
}
