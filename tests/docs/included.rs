//! Every page's code runs: each page of `docs` is named where pages become tests.

use std::path::PathBuf;

use crate::page::{pages, read};

/// Where they are named.
const PLACES: [&str; 2] = ["tests/src/pages.rs", "tests/web/lib.rs"];

#[test]
fn no_page_is_forgotten() {
    let places = PLACES.map(read).concat();
    let is_named = |page: &str| {
        let quoted = format!("\"{}\"", page.strip_prefix("docs/").unwrap());
        places.contains(&quoted) || places.contains(&format!("/{page}\""))
    };
    let forgotten: Vec<_> = pages()
        .into_iter()
        .map(|page| page.to_str().unwrap().to_owned())
        .filter(|page| !is_named(page))
        .collect();
    assert!(
        forgotten.is_empty(),
        "the code of these pages does not run, name them in {PLACES:?}: {forgotten:?}"
    );
}

#[test]
fn the_contents_name_every_page() {
    let contents = read("docs/README.md");
    let is_missing =
        |page: &String| *page != "README.md" && !contents.contains(&format!("({page}"));
    let missing: Vec<_> = pages()
        .into_iter()
        .map(|page| page.strip_prefix("docs").unwrap().display().to_string())
        .filter(is_missing)
        .collect();
    assert!(
        missing.is_empty(),
        "docs/README.md does not name {missing:?}"
    );
}

/// The blocks of Rust of every page, each with its page.
fn programs() -> Vec<(PathBuf, String)> {
    let blocks_of = |page: PathBuf| {
        let text = read(&page);
        let blocks = text.split("```rust").skip(1);
        let code = blocks.map(|block| block.split("```").next().unwrap().to_owned());
        code.map(|code| (page.clone(), code)).collect::<Vec<_>>()
    };
    let others = ["README.md", "fuzz/README.md"].map(PathBuf::from);
    pages()
        .into_iter()
        .chain(others)
        .flat_map(blocks_of)
        .collect()
}

/// What rustdoc hides, GitHub shows: no line of a block is for rustdoc alone.
#[test]
fn no_line_of_a_program_is_hidden() {
    for (page, code) in programs() {
        let is_hidden = |line: &&str| *line == "#" || line.starts_with("# ");
        let hidden = code.lines().map(str::trim_start).find(is_hidden);
        assert_eq!(hidden, None, "{}: for rustdoc alone", page.display());
    }
}

/// A program of the guide is for its readers to paste: it is whole.
#[test]
fn the_programs_of_the_guide_can_be_pasted() {
    for (page, code) in programs() {
        let is_whole = !page.starts_with("docs/guide") || code.contains("\nuse ");
        assert!(is_whole, "{}: not whole:\n{code}", page.display());
    }
}
