//! A race of the table, step by step. Not in its own file, which the models include with other types.

use std::time::Duration;

use crate::clock::Clock;
use crate::flight::{Join, Table};
use crate::key::Tree;
use crate::local::{FullKey, Header};
use crate::mode::{Mode, block_on};

#[test]
fn a_lead_that_was_taken_over_late_is_still_overtaken() {
    let header = Header {
        binding: 1,
        version: 1,
    };
    let key = FullKey::new(header, Tree::default());
    let limit = Duration::from_secs(1);
    let table = Table::new(limit, Clock::system());
    let Join::Lead(first) = table.join(&key) else {
        panic!("nobody else is there");
    };
    let Join::Wait(flight) = table.join(&key) else {
        panic!("the first one leads");
    };
    // It goes before the second one has begun to wait.
    drop(first);
    let waited = block_on(table.wait(Mode::Blocking, &flight, limit));
    let Some((_, Some(lead))) = waited else {
        panic!("the lead was free");
    };
    drop(block_on(table.overtake(Mode::Blocking, &key)));
    assert!(lead.flight().is_overtaken());
    drop(lead);
    assert_eq!(table.len(), 0);
}
