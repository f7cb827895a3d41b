//! A real Redis Cluster for tests: nodes that are killed and started again, slots that move.

use std::cell::Cell;
use std::collections::HashMap;
use std::thread;
use std::time::{Duration, Instant};

use crate::process::{free_port, is_installed, may_skip};
use crate::redis_server::RedisServer;

/// The slots of every cluster.
const SLOTS: usize = 16_384;

/// How long the nodes may take until they agree.
const LIMIT: Duration = Duration::from_secs(30);

/// A cluster of nodes on the loopback interface, with nothing but their own configuration kept on
/// disk. The primaries come first, in the order of their slots; then a replica for each, if there
/// are any.
///
/// ```no_run
/// use cache_tests::redis_cluster::RedisCluster;
///
/// let cluster = RedisCluster::start(3, 0, &[]);
/// assert_eq!(cluster.command(&["SET", "key", "value"]), "OK");
/// println!("{}", cluster.url());
/// ```
#[derive(Debug)]
pub struct RedisCluster {
    nodes: Vec<RedisServer>,
    bus_ports: Vec<u16>,
    primaries: usize,
}

impl RedisCluster {
    /// A cluster of so many primaries, each with so many replicas; `arguments` are given to every
    /// node, as `["--cluster-require-full-coverage", "no"]`. A node is taken for dead after half
    /// a second.
    ///
    /// # Panics
    ///
    /// If `redis-server` is not installed, or the nodes do not find together.
    #[must_use]
    pub fn start(primaries: usize, replicas: usize, arguments: &[&str]) -> Self {
        let count = primaries * (1 + replicas);
        let (bus_ports, nodes) = (0..count).map(|_| start_node(arguments)).unzip();
        let cluster = Self {
            nodes,
            bus_ports,
            primaries,
        };
        cluster.share_out_slots();
        cluster.introduce();
        cluster.replicate();
        cluster.wait_until_ok();
        cluster
    }

    /// A cluster; or `None` if there is no `redis-server` and `CACHE_TESTS_SKIP`, a list with
    /// commas, holds `redis`.
    ///
    /// # Panics
    ///
    /// As [`start`](Self::start), if it was not allowed to skip.
    #[must_use]
    pub fn start_or_skip(primaries: usize, replicas: usize, arguments: &[&str]) -> Option<Self> {
        if !is_installed("redis-server") && may_skip("redis") {
            println!("skipped: redis");
            return None;
        }
        Some(Self::start(primaries, replicas, arguments))
    }

    /// The URL, every node a seed.
    #[must_use]
    pub fn url(&self) -> String {
        let hosts = self
            .nodes
            .iter()
            .map(|node| format!("127.0.0.1:{}", node.port()));
        format!("redis+cluster://{}", hosts.collect::<Vec<_>>().join(","))
    }

    /// A node, for what is asked of it alone.
    #[must_use]
    pub fn node(&self, at: usize) -> &RedisServer {
        &self.nodes[at]
    }

    /// All nodes, primaries first.
    #[must_use]
    pub fn nodes(&self) -> &[RedisServer] {
        &self.nodes
    }

    /// Kills a node.
    pub fn kill(&mut self, at: usize) {
        self.nodes[at].kill();
    }

    /// Starts a node again where it was; it knows the cluster still, and has no keys.
    ///
    /// # Panics
    ///
    /// If it does not come up.
    pub fn restart(&mut self, at: usize) {
        self.nodes[at].restart();
    }

    /// Which node has the key's slot.
    ///
    /// # Panics
    ///
    /// If none says so within half a minute.
    #[must_use]
    pub fn owner(&self, key: &str) -> usize {
        self.owner_of(self.slot(key))
    }

    /// The key's slot.
    ///
    /// # Panics
    ///
    /// If no node is alive.
    #[must_use]
    pub fn slot(&self, key: &str) -> usize {
        let first = self.alive().next();
        let first = first.unwrap_or_else(|| panic!("no node is alive"));
        let slot = first.command(&["CLUSTER", "KEYSLOT", key]);
        slot.parse().unwrap_or_else(|_| panic!("no slot: {slot}"))
    }

    /// Which node has the slot, by its own words: the others hear of it later.
    ///
    /// # Panics
    ///
    /// If none says so within half a minute.
    #[must_use]
    pub fn owner_of(&self, slot: usize) -> usize {
        let owner = || {
            let has_it = |node: &RedisServer| node.is_running() && has_slot(node, slot);
            self.nodes.iter().position(has_it)
        };
        // Kept as it was seen: a node that is asked again may be too busy to say it.
        let seen = Cell::new(None);
        self.wait("the slot has an owner", || {
            seen.set(owner());
            seen.get().is_some()
        });
        let seen = seen.get();
        seen.unwrap_or_else(|| panic!("nobody has the slot {slot}"))
    }

    /// Runs a command about the key that is its second word, at the node that has it.
    ///
    /// # Panics
    ///
    /// If the node cannot be reached.
    #[must_use]
    pub fn command(&self, arguments: &[&str]) -> String {
        self.nodes[self.owner(arguments[1])].command(arguments)
    }

    /// How often a node ran the command, by its own count.
    #[must_use]
    pub fn calls(&self, at: usize, command: &str) -> usize {
        let stats = self.nodes[at].command(&["INFO", "commandstats"]);
        let begin = format!("cmdstat_{command}:calls=");
        let line = stats.lines().find_map(|line| line.strip_prefix(&begin));
        let count = line.and_then(|rest| rest.split(',').next());
        count.and_then(|count| count.parse().ok()).unwrap_or(0)
    }

    /// Moves a slot with its keys to another node, as `redis-cli --cluster reshard` does.
    ///
    /// # Panics
    ///
    /// If a node refuses.
    pub fn move_slot(&self, slot: usize, to: usize) {
        let from = self.owner_of(slot);
        self.begin_move(slot, from, to);
        self.move_keys(slot, from, to, SLOTS);
        self.end_move(slot, from, to);
    }

    /// The slot is on its way, its keys still where they were.
    ///
    /// # Panics
    ///
    /// If a node refuses.
    pub fn begin_move(&self, slot: usize, from: usize, to: usize) {
        let slot = slot.to_string();
        let set = |at: usize, what: &str, other: usize| {
            let set = ["CLUSTER", "SETSLOT", &slot, what, &self.id(other)];
            assert_eq!(self.nodes[at].command(&set), "OK");
        };
        set(to, "IMPORTING", from);
        set(from, "MIGRATING", to);
    }

    /// So many of its keys go.
    ///
    /// # Panics
    ///
    /// If a node refuses.
    pub fn move_keys(&self, slot: usize, from: usize, to: usize, count: usize) {
        let get = [
            "CLUSTER",
            "GETKEYSINSLOT",
            &slot.to_string(),
            &count.to_string(),
        ];
        let keys = self.nodes[from].command(&get);
        let port = self.nodes[to].port().to_string();
        for key in keys.lines() {
            let migrate = ["MIGRATE", "127.0.0.1", &port, key, "0", "5000"];
            assert_eq!(self.nodes[from].command(&migrate), "OK");
        }
    }

    /// The slot has arrived.
    ///
    /// # Panics
    ///
    /// If a node refuses.
    pub fn end_move(&self, slot: usize, from: usize, to: usize) {
        // Moved in the same moment, two slots may have two owners for ever.
        self.wait_until_agreed();
        let id = self.id(to);
        let set = ["CLUSTER", "SETSLOT", &slot.to_string(), "NODE", &id];
        let others = (0..self.primaries).filter(|at| *at != from && *at != to);
        for at in [to, from].into_iter().chain(others) {
            assert_eq!(self.nodes[at].command(&set), "OK");
        }
        self.wait_until_agreed();
    }

    /// Waits until all living nodes say that the cluster works.
    ///
    /// # Panics
    ///
    /// If that takes longer than half a minute.
    pub fn wait_until_ok(&self) {
        let is_ok = |node: &&RedisServer| {
            node.command(&["CLUSTER", "INFO"])
                .contains("cluster_state:ok")
        };
        self.wait("the cluster works", || {
            self.alive().all(|node| is_ok(&node))
        });
    }

    /// Waits until all living nodes say the same of every node: its slots, and how new that is.
    fn wait_until_agreed(&self) {
        let says = |node: &RedisServer| {
            let nodes = node.command(&["CLUSTER", "NODES"]);
            let known = |line: &str| {
                let mut words: Vec<_> = line.split(' ').map(str::to_owned).collect();
                // Its flags ("myself"), times, and what is on its way, which only it knows.
                words.retain(|word| !word.starts_with('['));
                words.drain(7..8);
                words.drain(1..6);
                words
            };
            let mut known: Vec<_> = nodes.lines().map(known).collect();
            known.sort();
            known
        };
        self.wait("the nodes agree", || {
            let mut all = self.alive().map(says);
            let first = all.next();
            all.all(|other| Some(other) == first)
        });
    }

    fn share_out_slots(&self) {
        for (at, node) in self.nodes.iter().enumerate() {
            let epoch = (at + 1).to_string();
            assert_eq!(node.command(&["CLUSTER", "SET-CONFIG-EPOCH", &epoch]), "OK");
        }
        for at in 0..self.primaries {
            let first = (SLOTS * at / self.primaries).to_string();
            let last = (SLOTS * (at + 1) / self.primaries - 1).to_string();
            let add = ["CLUSTER", "ADDSLOTSRANGE", &first, &last];
            assert_eq!(self.nodes[at].command(&add), "OK");
        }
    }

    /// Everyone meets everyone, which is quicker than hearsay.
    fn introduce(&self) {
        for (at, node) in self.nodes.iter().enumerate() {
            for (other, bus_port) in self.nodes.iter().zip(&self.bus_ports).skip(at + 1) {
                let (port, bus_port) = (other.port().to_string(), bus_port.to_string());
                let meet = ["CLUSTER", "MEET", "127.0.0.1", &port, &bus_port];
                assert_eq!(node.command(&meet), "OK");
            }
        }
        let known = format!("cluster_known_nodes:{}\r", self.nodes.len());
        self.wait("the nodes know each other", || {
            let mut nodes = self.nodes.iter();
            nodes.all(|node| {
                let nodes = node.command(&["CLUSTER", "NODES"]);
                let is_sure = !nodes.contains("handshake") && !nodes.contains("noaddr");
                is_sure && node.command(&["CLUSTER", "INFO"]).contains(&known)
            })
        });
    }

    fn replicate(&self) {
        for (at, node) in self.nodes.iter().enumerate().skip(self.primaries) {
            let id = self.id(at % self.primaries);
            assert_eq!(node.command(&["CLUSTER", "REPLICATE", &id]), "OK");
        }
        self.wait("the replicas are up to date", || {
            let mut replicas = self.nodes[self.primaries..].iter();
            let are_up = replicas.all(|node| {
                node.command(&["INFO", "replication"])
                    .contains("link_status:up")
            });
            let count = self.nodes.len() - self.primaries;
            let mut nodes = self.nodes.iter();
            let are_known = nodes.all(|node| {
                let nodes = node.command(&["CLUSTER", "NODES"]);
                nodes.lines().filter(|line| line.contains("slave")).count() == count
            });
            are_up && are_known
        });
    }

    /// The name that the node has in the cluster.
    fn id(&self, at: usize) -> String {
        self.nodes[at].command(&["CLUSTER", "MYID"])
    }

    fn alive(&self) -> impl Iterator<Item = &RedisServer> {
        self.nodes.iter().filter(|node| node.is_running())
    }

    fn wait(&self, what: &str, is_so: impl Fn() -> bool) {
        let start = Instant::now();
        while !is_so() {
            if start.elapsed() > LIMIT {
                let says = |node: &RedisServer| node.command(&["CLUSTER", "NODES"]);
                let nodes: HashMap<u16, String> =
                    self.alive().map(|node| (node.port(), says(node))).collect();
                panic!("not within {LIMIT:?}: {what}\n{nodes:#?}");
            }
            thread::sleep(Duration::from_millis(10));
        }
    }
}

/// Whether the node says that it has the slot.
fn has_slot(node: &RedisServer, slot: usize) -> bool {
    let nodes = node.command(&["CLUSTER", "NODES"]);
    let own = nodes.lines().find(|line| line.contains("myself"));
    let mut ranges = own.into_iter().flat_map(|own| own.split(' ').skip(8));
    ranges.any(|range| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        match (first.parse(), last.parse()) {
            (Ok(first), Ok(last)) => (first..=last).contains(&slot),
            _ => false,
        }
    })
}

/// A node of no cluster yet, and the port of its bus: one of its own, for the usual one, 10,000
/// higher, may be taken or beyond the last.
fn start_node(arguments: &[&str]) -> (u16, RedisServer) {
    let start = || {
        let bus_port = free_port();
        let text = bus_port.to_string();
        let mut all = vec!["--cluster-enabled", "yes", "--cluster-port", &text];
        all.extend(["--cluster-node-timeout", "500"]);
        // A replica takes over even if it was cut off for long, as in a test that takes a nap.
        all.extend(["--cluster-replica-validity-factor", "0"]);
        all.extend(["--repl-diskless-sync-delay", "0"]);
        all.extend(arguments);
        RedisServer::try_start_with(&all).map(|node| (bus_port, node))
    };
    let started = (0..5).find_map(|_| start());
    started.unwrap_or_else(|| panic!("redis-server does not come up as a node of a cluster"))
}
