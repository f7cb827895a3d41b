//! `docs/arguments.md` has a section for every argument that the attribute knows, and for no other.

use std::collections::BTreeSet;

use crate::page::{headings, read};

/// What the attribute says that it knows, to who misspells one.
fn known() -> BTreeSet<String> {
    let said = read("tests/ui/attribute_unknown.stderr");
    let (_, rest) = said.split_once("known arguments: ").unwrap();
    let line = rest.lines().next().unwrap();
    line.split(", ")
        .map(|word| word.trim_matches('`').to_owned())
        .collect()
}

/// The words that stand as code in the headings of a part of the page.
fn described(part: &str) -> BTreeSet<String> {
    let page = read("docs/arguments.md");
    let from = page.split_once(&format!("\n## {part}\n")).unwrap().1;
    let of_part = from.split("\n## ").next().unwrap();
    let mut words = BTreeSet::new();
    for heading in headings(of_part) {
        for word in heading.split('`').skip(1).step_by(2) {
            words.insert(word.split('(').next().unwrap().to_owned());
        }
    }
    words
}

#[test]
fn every_argument_has_a_section_and_no_other_has() {
    assert_eq!(described("cache_result"), known());
}

#[test]
fn every_item_of_cache_put_and_cache_evict_has_one() {
    let items = ["entries", "tag", "clear", "cache", "crate"];
    let items = items.map(str::to_owned).into_iter().collect();
    assert_eq!(described("cache_put and cache_evict"), items);
}

/// The short list of the README names them all, too.
#[test]
fn the_readme_names_every_argument() {
    let readme = read("README.md");
    let is_missing = |word: &String| {
        let forms = [
            format!("`{word}`"),
            format!("`{word}("),
            format!("`{word} ="),
        ];
        !forms.iter().any(|form| readme.contains(form))
    };
    let missing: Vec<_> = known().into_iter().filter(is_missing).collect();
    assert!(missing.is_empty(), "README.md does not name {missing:?}");
}
