//! The world: nodes, store, and what happens in it, one after the other.
//!
//! Only what matters is an event. Hits on a calm entry are not (reads by chance have no memory, so that
//! after the calm they begin anew), nor are those who join a flight: they are drawn when it lands.

use std::time::Duration;

use crate::fleet::{Fleet, Micros, SECOND, Ways};
use crate::flight::Flight;
use crate::life::{Age, Life};
use crate::queue::{Event, Queue};
use crate::random;
use crate::shop::Shop;
use crate::slots::Slots;
use crate::tally::Tally;
use crate::target::{Found, Target};

/// The first expiries are of nodes that have all begun at once.
const WARM_UP: usize = 2;

#[derive(Default)]
pub(crate) struct Node {
    pub(crate) copy: Option<Found<()>>,
    /// The flight that callers join.
    pub(crate) open: Option<usize>,
    /// All flights under way.
    pub(crate) flights: Vec<usize>,
    /// Reads that were arranged under another one do not happen.
    pub(crate) epoch: u64,
    /// Until then its hits in the store are counted.
    pub(crate) counted_until: Micros,
}

pub(crate) struct World<'s> {
    pub(crate) fleet: Fleet,
    pub(crate) ways: Ways,
    pub(crate) target: Target,
    pub(crate) now: Micros,
    pub(crate) queue: Queue,
    pub(crate) shop: Shop,
    pub(crate) nodes: Vec<Node>,
    pub(crate) flights: Vec<Option<Flight<'s>>>,
    pub(crate) free: Vec<usize>,
    /// One for each node, which has one key.
    pub(crate) slots: &'s Slots,
    pub(crate) tally: Tally,
    /// When the newest value was begun that is not one of many for the same expiry, in milliseconds.
    newest: u64,
}

/// What comes of so many expiries; always the same.
pub(crate) fn run(fleet: Fleet, ways: Ways, expiries: usize) -> Tally {
    random::seed(1);
    let slots = Slots::default();
    let mut world = World {
        fleet,
        ways,
        target: Target::new(ways.care, ways.soft, fleet.nodes),
        now: SECOND,
        queue: Queue::default(),
        shop: Shop::default(),
        nodes: (0..fleet.nodes).map(|_| Node::default()).collect(),
        flights: Vec::new(),
        free: Vec::new(),
        slots: &slots,
        tally: Tally::default(),
        newest: 0,
    };
    for node in 0..fleet.nodes {
        world.arrange(node);
    }
    let mut is_warm = false;
    while let Some((at, event)) = world.queue.next() {
        world.now = at;
        world.target.clock().set(at / 1000);
        world.happen(event);
        let count = world.tally.expiries.len();
        if !is_warm && count == WARM_UP {
            is_warm = true;
            world.tally.begin();
        } else if count == expiries && is_warm {
            break;
        }
    }
    world.tally
}

impl World<'_> {
    fn happen(&mut self, event: Event) {
        match event {
            Event::Read { node, epoch, share } if self.nodes[node].epoch == epoch => {
                self.read(node, share);
            }
            Event::Draw { node, epoch } if self.nodes[node].epoch == epoch => self.arrange(node),
            Event::Read { .. } | Event::Draw { .. } => {}
            Event::Step { flight } => self.step(flight),
            Event::News { from } => self.hear(from),
            Event::Quiet => self.tally.close(),
        }
    }

    /// A value of this time has come to the store. The first of an expiry arranges for its end.
    pub(crate) fn has_come(&mut self, created: u64) {
        let timeout = self.ways.timeout;
        if self.newest == 0 || created > self.newest + (timeout / 2).as_millis() as u64 {
            self.newest = created;
            self.queue.at(self.now + micros(timeout / 4), Event::Quiet);
        }
    }

    /// The copy that this node has, if it is not dead.
    pub(crate) fn copy(&self, node: usize) -> Option<Found<()>> {
        let now = self.now / 1000;
        let copy = self.nodes[node].copy?;
        let age = copy.life.age(now);
        (age != Age::Dead).then_some(Found { age, ..copy })
    }

    /// Of an entry with this life: `Near::life`, told again.
    pub(crate) fn near(&self, of: Life) -> Option<Life> {
        let timeout = self.ways.local_timeout?;
        let end = self.now / 1000 + timeout.as_millis() as u64;
        Some(Life {
            calm: of.calm.min(end),
            expires: of.expires,
            dead: of.dead.min(end),
        })
    }
}

pub(crate) fn micros(time: Duration) -> Micros {
    time.as_micros() as Micros
}
