//! Every message that a user can meet: made here, and held against `docs/errors.md`, which explains it.
//!
//! `ERRORS_UPDATE=1 cargo test -p cache-tests --test errors` writes the messages into the page; what is
//! said about them is written there by hand.

#![allow(clippy::unwrap_used, reason = "a test's panic is its report")]

mod chains;
mod compile;
mod group;
mod made;
mod page;
mod secrets;
mod sources;

use group::Group;
use page::Page;

/// All messages that a test makes.
fn all() -> Vec<Group> {
    let groups = [
        compile::groups(),
        made::urls::groups(),
        made::builders::groups(),
        made::operations::groups(),
        made::stores::groups(),
        made::servers::groups(),
        made::functions::groups(),
        made::log::groups(),
    ];
    groups.into_iter().flatten().collect()
}

#[test]
fn the_page_has_these_messages_and_no_others() {
    let groups = all();
    let mut page = Page::read();
    if std::env::var_os("ERRORS_UPDATE").is_some() {
        page.update(&groups);
    }
    let wrong = page.differences(&groups);
    assert!(
        wrong.is_empty(),
        "docs/errors.md is not what the errors are:\n\n{}\n\n`ERRORS_UPDATE=1 cargo test -p cache-tests \
         --test errors` writes the messages; their explanation is yours to write",
        wrong.join("\n\n")
    );
}

#[test]
fn every_message_is_explained() {
    let page = Page::read();
    let unexplained = page.unexplained();
    assert!(
        unexplained.is_empty(),
        "docs/errors.md says nothing below {unexplained:?}"
    );
}

#[test]
fn no_text_of_the_sources_is_missing_on_the_page() {
    let page = Page::read();
    let missing = sources::missing(&page.messages());
    assert!(
        missing.is_empty(),
        "these texts are not in docs/errors.md. Make the error in `tests/ui` or `tests/errors/made`, or, \
         if no test can, write it with `…` for what varies into a block `<!-- source … -->`:\n{}",
        missing.join("\n")
    );
}

#[test]
fn what_no_test_makes_is_a_text_of_the_sources() {
    let unknown = sources::unknown(&Page::read());
    assert!(
        unknown.is_empty(),
        "these lines of docs/errors.md are no longer in the sources:\n{}",
        unknown.join("\n")
    );
}
