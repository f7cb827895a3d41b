//! Reads of one node: when the next one is that matters, and what it does.

use crate::fleet::Micros;
use crate::flight::{Flight, Look, Step};
use crate::life::{Age, Ahead, Life};
use crate::queue::Event;
use crate::random;
use crate::renewal::{Wish, wish};
use crate::run::World;

impl World<'_> {
    /// Arranges the next read of this node that is more than a hit.
    pub(crate) fn arrange(&mut self, node: usize) {
        self.nodes[node].epoch += 1;
        if self.nodes[node].open.is_some() {
            return;
        }
        let known = match self.ways.local_timeout {
            Some(_) => self.copy(node).map(|copy| copy.life),
            // What the next read would find.
            None => self
                .shop
                .get(self.now)
                .map(|entry| self.life_of(&entry).0)
                .filter(|life| life.age(self.now / 1000) != Age::Dead),
        };
        let calm = known.map_or(0, |life| life.calm * 1000).max(self.now);
        self.skip(node, self.now, calm);
        match (known, self.ways.care.ahead) {
            (Some(life), Ahead::Chance { beta }) if calm < life.expires * 1000 => {
                self.draw(node, calm, life, beta);
            }
            _ => self.read_after(node, calm),
        }
    }

    /// Of many readers one is chosen by chance. Those who surely are not are left out: who has drawn a
    /// larger share than is chosen at the end of a short time is not chosen within it.
    fn draw(&mut self, node: usize, from: Micros, life: Life, beta: f64) {
        let scale = self.fleet.cost as f64 * beta;
        let until = from + self.fleet.cost;
        let end = (life.expires * 1000).min(life.dead * 1000);
        let distance = (life.expires * 1000).saturating_sub(until + 2000);
        let share = (-(distance as f64) / scale).exp();
        let time = random::until_next(self.reads() * share / 1e6) as Micros;
        let epoch = self.nodes[node].epoch;
        if from.saturating_add(time) < until.min(end) {
            let share = Some(random::random_share() * share);
            self.skip(node, from, from + time);
            self.queue
                .at(from + time, Event::Read { node, epoch, share });
        } else {
            let at = until.min(end);
            self.skip(node, from, at);
            self.queue.at(at, Event::Draw { node, epoch });
        }
    }

    fn read_after(&mut self, node: usize, from: Micros) {
        let time = random::until_next(self.fleet.rate / 1e6) as Micros;
        let epoch = self.nodes[node].epoch;
        let share = None;
        self.queue
            .at(from + time, Event::Read { node, epoch, share });
    }

    /// Without an in-process level each hit asks the store, one caller for all who come meanwhile.
    fn skip(&mut self, node: usize, from: Micros, to: Micros) {
        if self.ways.local_timeout.is_none() {
            let from = from.max(self.nodes[node].counted_until);
            let time = to.saturating_sub(from);
            self.nodes[node].counted_until = to.max(from);
            self.tally.now.store_reads += self.reads() * time as f64 / 1e6;
        }
    }

    /// How often a node looks, each second.
    pub(crate) fn reads(&self) -> f64 {
        let rate = self.fleet.rate;
        let away = self.fleet.round_trip as f64 / 1e6;
        match self.ways.local_timeout {
            None if self.ways.is_single => rate / (1.0 + rate * away),
            _ => rate,
        }
    }

    /// The way of a call up to the flight: `call::begin`.
    pub(crate) fn read(&mut self, node: usize, share: Option<f64>) {
        let copy = self.copy(node);
        // While it is left to another, a copy is served without a look into the store.
        if let Some(found) = copy.filter(|_| !self.target.admits(node)) {
            self.tally.now.stale += f64::from(u8::from(found.age == Age::Stale));
            return self.arrange(node);
        }
        let mut chosen = None;
        if let Some(found) = copy.filter(crate::target::Found::is_fresh) {
            random::lend(share);
            self.target.key = node;
            match wish(&self.target, &found, self.ways.is_detachable()) {
                Wish::Serve => return self.arrange(node),
                renewal => chosen = Some(renewal),
            }
        }
        let flight = Flight {
            node,
            began: self.now,
            step: Step::Get,
            look: Look::First,
            share,
            chosen,
            wish: Wish::Renew,
            found: None,
            ticket: None,
            shown: None,
            is_answered: false,
            closed: None,
            is_renewal: false,
            has_lock: false,
            pause: 0,
            created: 0,
            life: self.ways.timeout,
            writing: None,
        };
        let id = self.add(flight);
        if self.ways.is_single {
            self.nodes[node].open = Some(id);
            self.nodes[node].epoch += 1;
        } else {
            self.flight(id).closed = Some(self.now);
            self.arrange(node);
        }
        self.look(id);
    }
}
