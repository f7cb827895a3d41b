//! What a node may answer about where a key is.

use redis::Value;

use super::super::commands;
use super::super::config::RedisAddress;
use super::asking::answered;
use super::map::Layout;
use super::redirect::{Direction, direction};

/// Reads the value as every answer that a cluster gives.
pub(in super::super) fn answers(value: &Value) {
    let here = RedisAddress::tcp("here", 7000);
    let _ = Layout::read(value, &here);
    for request in [
        commands::get("k").request,
        commands::touch("k", None).request,
    ] {
        match direction(&request, value) {
            Direction::Moved(target) | Direction::Ask(target) => {
                assert!(!target.address(&here).to_string().is_empty());
            }
            Direction::Here | Direction::Nowhere(_) => {}
        }
        let _ = answered(&request, value.clone());
    }
}
