//! The texts in the sources that users may read: none may be missing on the page.
//!
//! A text is a string of three words or more, outside of tests, docs, panics and quiet log lines.

use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use crate::page::Page;

/// Files whose strings are no messages: protocols, queries, keys, tests.
const LEFT_OUT: [&str; 17] = [
    "/testing/",
    "/tests/",
    "tests.rs",
    "fuzz",
    "/expand/docs.rs",
    "/batch/warmed.rs",
    "/batch/progress.rs",
    "/key/python.rs",
    "/key/json_number.rs",
    "/local/",
    "/news/message.rs",
    "/redis/commands.rs",
    "/redis/packed.rs",
    "/memcached/requests.rs",
    "/sql/dialect",
    "/sql/texts.rs",
    "/observe/",
];

/// Strings that are no messages, in files that have some.
const NO_MESSAGES: [&str; 14] = [
    // What a server says, to be understood.
    "Too many open connections",
    "SERVER_ERROR object too large",
    "value is not an integer",
    "no such table",
    "lru_crawler metadump all",
    // A name, as others write addresses.
    "the master {}",
    // A question that the database was never asked.
    "this database has no arrays",
    // Statements of SQL.
    "SELECT pg_notify(",
    "SET statement_timeout",
    "SET SESSION TRANSACTION",
    // Bytes of keys that are no tree, which only a fault of this library makes.
    "end without begin",
    "parameter inside a value",
    "text is not UTF-8",
    // Never told: a circle of entries that is asked no second time.
    "there are bytes behind the value",
];

/// Macros in which a string is no message of an error or a warning.
const QUIET: [&str; 14] = [
    "assert",
    "assert_eq",
    "assert_ne",
    "cfg",
    "debug",
    "debug_assert",
    "debug_assert_eq",
    "info",
    "panic",
    "quote",
    "quote_spanned",
    "trace",
    "unreachable",
    "unimplemented",
];

/// A string of the sources: the pieces between what varies.
struct Text {
    file: String,
    text: String,
    pieces: Vec<String>,
}

/// The texts that no block has.
pub(crate) fn missing(blocks: &[&str]) -> Vec<String> {
    let all = texts();
    assert!(all.len() > 300, "only {} texts were found", all.len());
    let is_missing = |text: &&Text| !blocks.iter().any(|block| text.is_in(block));
    let missing = all.iter().filter(is_missing);
    missing
        .map(|text| format!("{}: {}", text.file, text.text))
        .collect()
}

/// The lines of blocks that quote the sources, and that are not there.
pub(crate) fn unknown(page: &Page) -> Vec<String> {
    let all = texts();
    let blocks = page.blocks().filter(|block| block.is_of_the_sources());
    let lines = blocks.flat_map(|block| block.text.lines());
    let is_unknown = |line: &&str| !all.iter().any(|text| text.is_in(line));
    lines.filter(is_unknown).map(str::to_owned).collect()
}

impl Text {
    /// Whether all pieces are there, in this order.
    fn is_in(&self, block: &str) -> bool {
        let mut rest = block;
        self.pieces
            .iter()
            .all(|piece| match rest.find(piece.as_str()) {
                Some(at) => {
                    rest = &rest[at + piece.len()..];
                    true
                }
                None => false,
            })
    }
}

fn texts() -> Vec<Text> {
    let tests = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let root = tests.parent().unwrap();
    let mut files = Vec::new();
    for package in ["cache-macros/src", "cache-runtime/src"] {
        walk(&root.join(package), &mut files);
    }
    files.sort();
    let mut texts = Vec::new();
    for file in files {
        let name = file.strip_prefix(root).unwrap().display().to_string();
        if LEFT_OUT.iter().any(|part| name.contains(part)) {
            continue;
        }
        let source = fs::read_to_string(&file).unwrap();
        let tokens: TokenStream = source.parse().unwrap();
        let mut found = Vec::new();
        strings(tokens, &mut found);
        texts.extend(found.into_iter().filter_map(|text| Text::of(&name, text)));
    }
    texts
}

impl Text {
    fn of(file: &str, text: String) -> Option<Self> {
        let is_left_out = NO_MESSAGES.iter().any(|start| text.starts_with(start));
        // What a setting looks like is an example within other texts.
        let is_example = text.split(' ').nth(1) == Some("=");
        if text.split_whitespace().count() < 3 || is_left_out || is_example {
            return None;
        }
        let pieces = pieces(&text);
        Some(Self {
            file: file.to_owned(),
            text,
            pieces,
        })
    }
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, files);
        } else if path.extension().is_some_and(|end| end == "rs") {
            files.push(path);
        }
    }
}

/// The string literals of these tokens.
fn strings(tokens: TokenStream, found: &mut Vec<String>) {
    let mut tokens = tokens.into_iter().peekable();
    let mut last = [String::new(), String::new()];
    while let Some(token) = tokens.next() {
        match &token {
            TokenTree::Group(group) => {
                let is_attribute = group.delimiter() == Delimiter::Bracket && last[1] == "#";
                let is_quiet = last[1] == "!" && QUIET.contains(&&*last[0])
                    || matches!(&*last[1], "expect" | "parse_quote");
                if is_attribute {
                    let inside = group.stream().to_string();
                    if inside.starts_with("cfg") && inside.contains("test") {
                        // The item behind it: up to its body, or its end.
                        for token in tokens.by_ref() {
                            match token {
                                TokenTree::Group(group)
                                    if group.delimiter() == Delimiter::Brace =>
                                {
                                    break;
                                }
                                TokenTree::Punct(punct) if punct.as_char() == ';' => break,
                                _ => {}
                            }
                        }
                    } else if inside.starts_with("diagnostic") {
                        heading(group.stream(), found);
                    }
                } else if !is_quiet {
                    strings(group.stream(), found);
                }
            }
            TokenTree::Literal(literal) => {
                let text = literal.to_string();
                if text.starts_with('"') {
                    found.push(unescaped(&text[1..text.len() - 1]));
                }
            }
            _ => {}
        }
        last.swap(0, 1);
        // `#![…]` is an attribute too.
        if !(token.to_string() == "!" && last[0] == "#") {
            last[1] = token.to_string();
        } else {
            last[1] = "#".to_owned();
        }
    }
}

/// The `message` of `on_unimplemented`.
fn heading(tokens: TokenStream, found: &mut Vec<String>) {
    let mut is_next = false;
    for token in tokens {
        match token {
            TokenTree::Group(group) => heading(group.stream(), found),
            TokenTree::Ident(word) => is_next = word == "message",
            TokenTree::Literal(literal) if is_next => {
                let text = literal.to_string();
                found.push(unescaped(&text[1..text.len() - 1]));
            }
            _ => {}
        }
    }
}

fn unescaped(literal: &str) -> String {
    let mut text = String::new();
    let mut letters = literal.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            text.push(letter);
            continue;
        }
        match letters.next() {
            Some('n') => text.push('\n'),
            Some('\n') => while letters.next_if(|next| next.is_whitespace()).is_some() {},
            Some(other) => text.push(other),
            None => {}
        }
    }
    text
}

/// What stands between the holes, as in `format!`; a hole may also be `{user_id}` of an example.
fn pieces(text: &str) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let last = pieces.len() - 1;
        match letter {
            '{' if letters.next_if_eq(&'{').is_some() => pieces.push(String::new()),
            '}' if letters.next_if_eq(&'}').is_some() => pieces.push(String::new()),
            '{' => {
                while letters.next().is_some_and(|next| next != '}') {}
                pieces.push(String::new());
            }
            '\n' => pieces.push(String::new()),
            other => pieces[last].push(other),
        }
    }
    let trimmed = pieces.iter().map(|piece| piece.trim().to_owned());
    trimmed.filter(|piece| !piece.is_empty()).collect()
}

#[test]
fn strings_are_found_in_code_and_not_in_tests() {
    let source = r#"
        //! Docs of a file.
        fn f() { bad("one of {these} is \
                      wrong\nhere"); panic!("no message at all"); }
        #[cfg(test)] mod tests { fn g() { bad("this is a test"); } }
        #[diagnostic::on_unimplemented(message = "`{Self}` cannot be", label = "not this one")]
        trait T {}
    "#;
    let mut found = Vec::new();
    strings(source.parse().unwrap(), &mut found);
    assert_eq!(
        found,
        ["one of {these} is wrong\nhere", "`{Self}` cannot be"]
    );
    assert_eq!(pieces(&found[0]), ["one of", "is wrong", "here"]);
    let text = Text::of("f", found.remove(0)).unwrap();
    assert!(text.is_in("one of 5 is wrong\n  here"));
    assert!(!text.is_in("one of 5 is right\n  here"));
}
