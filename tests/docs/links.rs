//! The links of pages to pages, files and headings lead somewhere.

use std::path::{Path, PathBuf};

use crate::page::{anchors, links, pages, read, root};

/// What is wrong with a link of `page`, if anything.
fn mistake(page: &Path, link: &str) -> Option<String> {
    if link.contains("://") || link.starts_with("mailto:") {
        return None;
    }
    let (path, anchor) = match link.split_once('#') {
        Some((path, anchor)) => (path, Some(anchor)),
        None => (link, None),
    };
    let target = match path {
        "" => page.to_owned(),
        path => page.parent().unwrap_or(Path::new("")).join(path),
    };
    let place = format!("{}: {link}", page.display());
    if !root().join(&target).exists() {
        return Some(format!("{place}: there is no such file"));
    }
    let anchor = anchor?;
    let has_it = anchors(&read(&target)).iter().any(|is| is == anchor);
    (!has_it).then(|| format!("{place}: there is no such heading"))
}

#[test]
fn every_link_leads_somewhere() {
    let others = ["README.md", "fuzz/README.md"].map(PathBuf::from);
    let mut mistakes = Vec::new();
    for page in pages().into_iter().chain(others) {
        let links = links(&read(&page));
        mistakes.extend(links.iter().filter_map(|link| mistake(&page, link)));
    }
    assert!(mistakes.is_empty(), "{}", mistakes.join("\n"));
}

#[test]
fn what_leads_nowhere_is_found() {
    let page = Path::new("docs/stores.md");
    assert_eq!(mistake(page, "patterns.md#warming"), None);
    assert_eq!(mistake(page, "#redis-valkey"), None);
    assert!(mistake(page, "patterns.md#cooling").is_some());
    assert!(mistake(page, "nowhere.md").is_some());
}
