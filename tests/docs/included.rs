//! Every page's code runs: each page of `docs` is named where pages become tests.

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

/// A program of the guide is for its readers to paste: it is whole, and no line of it is for rustdoc alone.
#[test]
fn the_programs_of_the_guide_can_be_pasted() {
    for page in pages() {
        if !page.starts_with("docs/guide") {
            continue;
        }
        let text = read(&page);
        for block in text.split("```rust").skip(1) {
            let code = block.split("```").next().unwrap();
            let hidden = code
                .lines()
                .find(|line| line.trim_start().starts_with("# "));
            let page = page.display();
            assert_eq!(hidden, None, "{page}: hidden from readers in rustdoc alone");
            assert!(code.contains("\nuse "), "{page}: not whole:\n{code}");
        }
    }
}
