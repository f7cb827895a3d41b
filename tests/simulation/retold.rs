//! Where the simulation tells again what the library does, the library still does it.
//!
//! `life.rs`, `renewal.rs`, `timeout.rs` and `near/slots.rs` are the library's own. What stands in the
//! middle of things that wait, write and lock is not taken from there; when one of these fails, the
//! simulation and the figures in `docs/design/thousand-nodes.md` are to be looked at.

/// Whether these pieces of source stand there, whatever the layout.
fn stands(source: &str, pieces: &[&str]) {
    let words = |text: &str| text.split_whitespace().collect::<String>();
    let source = words(source);
    for piece in pieces {
        assert!(source.contains(&words(piece)), "no longer so: {piece}");
    }
}

#[test]
fn a_copy_lives_as_it_does_in_the_library() {
    stands(
        include_str!("../../cache-runtime/src/near.rs"),
        &[
            "const WITH_NEWS: Duration = Duration::from_secs(30);",
            "const WITHOUT_NEWS: Duration = Duration::from_secs(1);",
            "calm: of.calm.min(end), expires: of.expires.min(end), dead: of.dead.min(end),",
        ],
    );
}

#[test]
fn a_lock_is_asked_for_as_it_is_in_the_library() {
    stands(
        include_str!("../../cache-runtime/src/lock.rs"),
        &[
            "const FIRST_PAUSE: Duration = Duration::from_millis(5);",
            "const LONGEST_PAUSE: Duration = Duration::from_millis(50);",
            "let again = target.look(mode, how).await.unwrap_or(found);",
            "if found.is_some() { return Locked::Elsewhere(found); }",
            "pause = (pause * 2).min(LONGEST_PAUSE); match target.look(mode, how).await { Ok(None) => {}",
        ],
    );
}

#[test]
fn a_call_looks_as_it_does_in_the_library() {
    stands(
        include_str!("../../cache-runtime/src/call.rs"),
        &["Some(renewal) if found.is_late() => renewal,"],
    );
    stands(
        include_str!("../../cache-runtime/src/target/read.rs"),
        &[
            "let found = self.look_level(how); if found.is_some() || !self.is_shared(how) { return Ok(found); }",
        ],
    );
}

#[test]
fn news_overtakes_as_it_does_in_the_library() {
    stands(
        include_str!("../../cache-runtime/src/news.rs"),
        &["near.changed(made); } // A computation that began before is not what later callers are to get.
           core.flights.overtake_made(made);"],
    );
    stands(
        include_str!("../../cache-runtime/src/target/write.rs"),
        &[
            "let is_news = matches!(making.cause, Cause::Renewal | Cause::Wanted);",
            "if making.is_overtaken() {
                // The invalidation may have come to the store before this value did.
                let deleted = store.ask(mode, \"delete\", |store| store.delete(made)).await;",
        ],
    );
}
