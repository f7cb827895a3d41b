//! What a batch function returns must answer for its items.

use std::collections::HashMap;

use cache_runtime::cache_result;

#[cache_result(batch = named)]
fn load(id: u64) -> Option<String> {
    Some(id.to_string())
}

fn named(ids: &[u64]) -> HashMap<String, String> {
    let _ = ids;
    HashMap::new()
}

#[cache_result(batch = numbers)]
fn takes_text(id: u64) -> u64 {
    id
}

fn numbers(ids: &[String]) -> Vec<u64> {
    vec![0; ids.len()]
}

fn main() {}
