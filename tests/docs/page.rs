//! A page: its text, its headings with the anchors that they get, and its links.

use std::fs;
use std::path::{Path, PathBuf};

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

/// The text of a file, by its path from the root.
pub(crate) fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every page in `docs`, by its path from the root.
pub(crate) fn pages() -> Vec<PathBuf> {
    let mut found = Vec::new();
    gather(&root().join("docs"), &mut found);
    found.sort();
    found
}

fn gather(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            gather(&path, found);
        } else if path.extension().is_some_and(|of| of == "md") {
            found.push(path.strip_prefix(root()).unwrap().to_owned());
        }
    }
}

/// The lines outside of blocks of code, each without its pieces of code.
fn prose(text: &str) -> impl Iterator<Item = String> + '_ {
    let mut in_code = false;
    text.lines().filter_map(move |line| {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
            return None;
        }
        (!in_code).then(|| line.to_owned())
    })
}

/// The headings, in their order, without the marks before them.
pub(crate) fn headings(text: &str) -> Vec<String> {
    let heading = |line: String| {
        let rest = line.trim_start_matches('#');
        let is_heading = rest.len() < line.len() && rest.starts_with(' ');
        is_heading.then(|| rest.trim().to_owned())
    };
    prose(text).filter_map(heading).collect()
}

/// The anchors of a page's headings, as GitHub makes them.
pub(crate) fn anchors(text: &str) -> Vec<String> {
    let mut anchors: Vec<String> = Vec::new();
    for heading in headings(text) {
        let kept = |c: char| match c {
            ' ' => Some('-'),
            c if c.is_alphanumeric() || c == '-' || c == '_' => Some(c),
            _ => None,
        };
        let anchor: String = heading.to_lowercase().chars().filter_map(kept).collect();
        let same = |n: usize| match n {
            0 => anchor.clone(),
            n => format!("{anchor}-{n}"),
        };
        let free = (0..).map(same).find(|name| !anchors.contains(name));
        anchors.extend(free);
    }
    anchors
}

/// Where a page's links lead, as they are written.
pub(crate) fn links(text: &str) -> Vec<String> {
    let mut links = Vec::new();
    for line in prose(text) {
        // A piece of code may look like a link, and a link's text may be one.
        let without_code: String = line.split('`').step_by(2).collect();
        for piece in without_code.split("](").skip(1) {
            let target = piece.split(')').next().unwrap_or_default();
            links.push(target.to_owned());
        }
    }
    links
}

#[test]
fn anchors_are_those_of_github() {
    let text = "# A `b(…)`, and c\n```text\n# no heading\n```\n## Same\n## Same\n#hash\n";
    assert_eq!(anchors(text), ["a-b-and-c", "same", "same-1"]);
}

#[test]
fn links_are_found_and_code_is_not() {
    let text = "[`a`](b.md#c) and [d](e), `[f](g)`\n```text\n[h](i)\n```\n";
    assert_eq!(links(text), ["b.md#c", "e"]);
}
