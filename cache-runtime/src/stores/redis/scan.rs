//! Listing and clearing by prefix: a walk with `SCAN`, which never blocks the server for long.

use std::collections::HashSet;

use super::backend::{Link, exchange};
use super::commands;
use super::servers::Servers;
use crate::error::CacheError;

/// How many keys are deleted with one command: enough to make round trips cheap, few enough
/// not to block the server.
const BATCH: usize = 500;

/// Returns the keys under `prefix` that match `pattern` after it, each once.
pub(super) async fn keys<L: Link>(
    link: &L,
    prefix: &str,
    pattern: &str,
) -> Result<Vec<String>, CacheError> {
    let glob = format!("{}{pattern}", literal(prefix));
    let mut found = HashSet::new();
    let mut cursor = 0;
    loop {
        let (next, keys) = step(link, cursor, &glob, prefix).await?;
        // A key that is not text does not belong to this cache.
        found.extend(
            keys.into_iter()
                .filter_map(|key| String::from_utf8(key).ok()),
        );
        cursor = next;
        if cursor == 0 {
            return Ok(found.into_iter().collect());
        }
    }
}

/// Deletes every key under `prefix` on the server behind `link`, through `servers`, and nothing
/// else.
///
/// Keys that are there from the first step to the last are found, as `SCAN` guarantees; deleting
/// on the way does not interfere with it.
pub(super) async fn clear<L: Link, S: Servers>(
    link: &L,
    servers: &S,
    prefix: &str,
) -> Result<(), CacheError> {
    let glob = format!("{}*", literal(prefix));
    let mut cursor = 0;
    loop {
        let (next, keys) = step(link, cursor, &glob, prefix).await?;
        for batch in keys.chunks(BATCH) {
            servers.delete_many(batch).await?;
        }
        cursor = next;
        if cursor == 0 {
            return Ok(());
        }
    }
}

async fn step<L: Link>(
    link: &L,
    cursor: u64,
    glob: &str,
    prefix: &str,
) -> Result<(u64, Vec<Vec<u8>>), CacheError> {
    let (next, mut keys) = exchange(link, &commands::scan(cursor, glob)).await?;
    // The glob should have ensured this. But what passes here may be deleted.
    keys.retain(|key| key.starts_with(prefix.as_bytes()));
    Ok((next, keys))
}

/// Returns `prefix` as a glob that matches only itself.
pub(super) fn literal(prefix: &str) -> String {
    let mut glob = String::with_capacity(prefix.len() + 8);
    for character in prefix.chars() {
        if matches!(character, '*' | '?' | '[' | ']' | '\\' | '^') {
            glob.push('\\');
        }
        glob.push(character);
    }
    glob
}
