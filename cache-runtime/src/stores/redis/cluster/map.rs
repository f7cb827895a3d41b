//! Which node has which slot: as reported by a node, and as known here.

use std::sync::Arc;

use redis::Value;

use super::super::config::RedisAddress;
use super::super::failure;
use super::node::Node;
use super::redirect::beside;
use super::slots::SLOTS;
use crate::error::{CacheError, ErrorKind};

/// No node has the slot.
const NOBODY: u16 = u16::MAX;

/// What a node answers to `CLUSTER SLOTS`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Layout {
    /// First slot, last slot, and their primary.
    ranges: Vec<(u16, u16, RedisAddress)>,
    replicas: Vec<RedisAddress>,
}

/// The nodes, and the slots of each.
#[derive(Debug)]
pub(super) struct Map {
    /// For each slot the position of its node in `nodes`.
    owners: Box<[u16]>,
    nodes: Vec<Arc<Node>>,
    replicas: Vec<RedisAddress>,
}

impl Layout {
    /// Parses the answer of the node at `said_by`. An error if that knows of no slots.
    pub(super) fn read(reply: &Value, said_by: &RedisAddress) -> Result<Self, CacheError> {
        let ranges = match reply {
            Value::Array(ranges) => ranges,
            Value::ServerError(error) => return Err(failure::describe(error.clone().into())),
            other => return Err(failure::unexpected(other)),
        };
        let mut layout = Self::default();
        for range in ranges {
            let Value::Array(parts) = range else {
                return Err(failure::unexpected(range));
            };
            let [Value::Int(first), Value::Int(last), primary, replicas @ ..] = &parts[..] else {
                return Err(failure::unexpected(range));
            };
            let slot = |slot: i64| u16::try_from(slot).ok().filter(|slot| *slot < SLOTS);
            let (Some(first), Some(last)) = (slot(*first), slot(*last)) else {
                return Err(failure::unexpected(range));
            };
            // A node that does not know a primary's address leaves its slots to those that do.
            if let Some(primary) = address(primary, said_by) {
                layout.ranges.push((first, last, primary));
            }
            let replicas = replicas.iter().filter_map(|node| address(node, said_by));
            layout.replicas.extend(replicas);
        }
        if layout.ranges.is_empty() {
            let text = "the node belongs to no redis cluster that has slots";
            return Err(CacheError::new(ErrorKind::Unavailable, text));
        }
        Ok(layout)
    }
}

/// Returns the host and port of `[host, port, id, [name, value, …]]`.
fn address(node: &Value, said_by: &RedisAddress) -> Option<RedisAddress> {
    let Value::Array(parts) = node else {
        return None;
    };
    let port = match parts.get(1) {
        Some(Value::Int(port)) => u16::try_from(*port).ok()?,
        _ => return None,
    };
    let host = match parts.first()? {
        Value::Nil => String::new(),
        // It should have a name, but was not told which.
        Value::BulkString(host) if host == b"?" => ip(parts.get(3)?)?,
        Value::BulkString(host) => text(host)?,
        _ => return None,
    };
    Some(beside(host, port, said_by))
}

/// Returns the address among a node's other properties.
fn ip(more: &Value) -> Option<String> {
    let of = |name: &Value, value: &Value| match (name, value) {
        (Value::BulkString(name), Value::BulkString(value)) if name == b"ip" => text(value),
        _ => None,
    };
    match more {
        Value::Array(more) => more.chunks(2).find_map(|pair| match pair {
            [name, value] => of(name, value),
            _ => None,
        }),
        // As in RESP3.
        Value::Map(more) => more.iter().find_map(|(name, value)| of(name, value)),
        _ => None,
    }
}

fn text(bytes: &[u8]) -> Option<String> {
    String::from_utf8(bytes.to_vec()).ok()
}

impl Map {
    /// Returns the map of this layout. Nodes that `known` has stay the same, with their connections; `make`
    /// makes the others.
    pub(super) fn new(
        layout: Layout,
        known: Option<&Map>,
        make: impl Fn(RedisAddress) -> Result<Arc<Node>, CacheError>,
    ) -> Result<Self, CacheError> {
        let mut map = Self {
            owners: vec![NOBODY; usize::from(SLOTS)].into(),
            nodes: Vec::new(),
            replicas: layout.replicas,
        };
        for (first, last, address) in layout.ranges {
            let at = match map.place(&address) {
                Some(at) => at,
                None => map.add(match known.and_then(|known| known.at(&address)) {
                    Some(node) => node,
                    None => make(address)?,
                }),
            };
            if first <= last {
                map.owners[usize::from(first)..=usize::from(last)].fill(at);
            }
        }
        Ok(map)
    }

    /// Returns the node that has this slot.
    pub(super) fn owner(&self, slot: u16) -> Option<Arc<Node>> {
        let at = *self.owners.get(usize::from(slot))?;
        self.nodes.get(usize::from(at)).cloned()
    }

    /// Returns the node at this address.
    pub(super) fn at(&self, address: &RedisAddress) -> Option<Arc<Node>> {
        let at = self.place(address)?;
        self.nodes.get(usize::from(at)).cloned()
    }

    /// Adds a node that has no slots yet; returns its position.
    pub(super) fn add(&mut self, node: Arc<Node>) -> u16 {
        self.nodes.push(node);
        // A cluster has at most a thousand nodes; one more than fit would have no slots.
        u16::try_from(self.nodes.len() - 1).unwrap_or(NOBODY)
    }

    /// Assigns this slot to the node at `address`, which is known.
    pub(super) fn assign(&mut self, slot: u16, address: &RedisAddress) {
        if let (Some(at), Some(owner)) =
            (self.place(address), self.owners.get_mut(usize::from(slot)))
        {
            *owner = at;
        }
    }

    /// Returns the nodes that have slots.
    pub(super) fn primaries(&self) -> Vec<Arc<Node>> {
        let mut has_slots = vec![false; self.nodes.len()];
        for owner in &self.owners {
            if let Some(has_slots) = has_slots.get_mut(usize::from(*owner)) {
                *has_slots = true;
            }
        }
        let nodes = self.nodes.iter().zip(has_slots);
        nodes
            .filter(|(_, has_slots)| *has_slots)
            .map(|(node, _)| Arc::clone(node))
            .collect()
    }

    pub(super) fn nodes(&self) -> &[Arc<Node>] {
        &self.nodes
    }

    pub(super) fn replicas(&self) -> &[RedisAddress] {
        &self.replicas
    }

    /// Returns whether every slot has the same node in both.
    pub(super) fn is_like(&self, other: &Map) -> bool {
        let mut owners = self.owners.iter().zip(&other.owners);
        owners.all(|(mine, others)| {
            let mine = self.nodes.get(usize::from(*mine)).map(Arc::as_ptr);
            mine == other.nodes.get(usize::from(*others)).map(Arc::as_ptr)
        })
    }

    fn place(&self, address: &RedisAddress) -> Option<u16> {
        let at = self.nodes.iter().position(|node| node.address() == address);
        at.and_then(|at| u16::try_from(at).ok())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use redis::Value;

    use super::{Layout, Map};
    use crate::error::{CacheError, ErrorKind};
    use crate::stores::redis::cluster::node::Node;
    use crate::stores::redis::{RedisAddress, RedisConfig};

    fn text(text: &str) -> Value {
        Value::BulkString(text.as_bytes().to_vec())
    }

    fn node(host: Value, port: i64, more: Vec<Value>) -> Value {
        Value::Array(vec![host, Value::Int(port), text("id"), Value::Array(more)])
    }

    fn range(first: i64, last: i64, nodes: impl IntoIterator<Item = Value>) -> Value {
        let mut parts = vec![Value::Int(first), Value::Int(last)];
        parts.extend(nodes);
        Value::Array(parts)
    }

    fn read(ranges: Vec<Value>) -> Result<Layout, CacheError> {
        Layout::read(&Value::Array(ranges), &RedisAddress::tcp("asked", 1))
    }

    fn make(address: RedisAddress) -> Result<Arc<Node>, CacheError> {
        Node::new(RedisConfig::new(address)).map(Arc::new)
    }

    #[test]
    fn slots_and_addresses_are_read() {
        let layout = read(vec![
            range(
                0,
                5,
                [node(text("a"), 7000, vec![]), node(text("r"), 7001, vec![])],
            ),
            range(6, 6, [node(Value::Nil, 7002, vec![])]),
            range(
                8,
                9,
                [node(text("?"), 7003, vec![text("ip"), text("10.0.0.1")])],
            ),
            range(10, 16_383, [node(text("?"), 7004, vec![])]),
        ]);
        let map = Map::new(layout.unwrap(), None, make).unwrap();
        let owner = |slot| map.owner(slot).map(|node| node.address().to_string());
        for (slot, expected) in [
            (0, Some("a:7000")),
            (5, Some("a:7000")),
            (6, Some("asked:7002")),
            (7, None),
            (9, Some("10.0.0.1:7003")),
            (10, None),
            (16_383, None),
        ] {
            assert_eq!(owner(slot).as_deref(), expected, "{slot}");
        }
        assert_eq!(map.replicas(), [RedisAddress::tcp("r", 7001)]);
        assert_eq!(map.primaries().len(), 3);
    }

    #[test]
    fn what_is_no_map_is_an_error() {
        let a = || node(text("a"), 7000, vec![]);
        for ranges in [
            vec![Value::Nil],
            vec![range(0, 16_384, [a()])],
            vec![range(-1, 5, [a()])],
            vec![range(0, 5, [])],
        ] {
            assert_eq!(read(ranges).unwrap_err().kind(), ErrorKind::Store);
        }
        // A node that was started anew and has not met the others yet.
        assert_eq!(read(vec![]).unwrap_err().kind(), ErrorKind::Unavailable);
        let backwards = Map::new(read(vec![range(5, 0, [a()])]).unwrap(), None, make).unwrap();
        assert!(backwards.owner(5).is_none());
    }

    #[test]
    fn a_new_map_keeps_the_nodes_that_are_known() {
        let a = || node(text("a"), 7000, vec![]);
        let b = || node(text("b"), 7001, vec![]);
        let layout = |middle| read(vec![range(0, middle, [a()]), range(middle + 1, 9, [b()])]);
        let mut old = Map::new(layout(4).unwrap(), None, make).unwrap();
        let same = Map::new(layout(4).unwrap(), Some(&old), make).unwrap();
        assert!(same.is_like(&old));
        assert!(Arc::ptr_eq(&old.owner(0).unwrap(), &same.owner(0).unwrap()));
        let moved = Map::new(layout(5).unwrap(), Some(&old), make).unwrap();
        assert!(!moved.is_like(&old));
        old.assign(5, &RedisAddress::tcp("a", 7000));
        assert!(moved.is_like(&old), "as a redirection would have said");
    }
}
