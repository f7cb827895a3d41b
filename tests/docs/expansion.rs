//! `docs/expansion.md` shows what the macros write: each block that names a snapshot is a part of it.

use crate::page::read;

/// Blocks of code, with the snapshot that the line before them names.
fn blocks(text: &str) -> Vec<(String, String)> {
    let mut blocks = Vec::new();
    for part in text.split("<!-- snapshot: ").skip(1) {
        let (name, rest) = part.split_once(" -->\n").unwrap();
        let (_, rest) = rest.split_once("```rust,ignore\n").unwrap();
        let (code, _) = rest.split_once("```").unwrap();
        blocks.push((name.to_owned(), code.to_owned()));
    }
    blocks
}

#[test]
fn what_is_shown_is_what_is_written() {
    let blocks = blocks(&read("docs/expansion.md"));
    assert!(blocks.len() >= 3, "there is something to compare");
    for (name, code) in blocks {
        let snapshot = read(format!("cache-macros/src/snapshots/{name}.snap"));
        // A method's expansion is shown without the `impl` around it.
        let snapshot = format!("{snapshot}\n{}", snapshot.replace("\n    ", "\n"));
        assert!(
            snapshot.contains(&code),
            "the block of {name} is no part of its snapshot:\n{code}"
        );
    }
}
