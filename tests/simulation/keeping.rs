//! What becomes of a result: `call::end`, `Target::write`, and the news of it.

use std::time::Duration;

use crate::clock::millis;
use crate::flight::Step;
use crate::life::{Age, Life};
use crate::queue::Event;
use crate::random;
use crate::run::{World, micros};
use crate::shop::Entry;
use crate::target::Found;
use crate::timeout::Timeout;

impl World<'_> {
    /// The function has run: those who wait have it, and the store is told.
    pub(crate) fn ran(&mut self, id: usize) {
        self.land(id);
        let timeout = Timeout::After(self.ways.timeout).jittered(self.ways.jitter);
        let slots = self.slots;
        let flight = self.flight(id);
        let node = flight.node;
        flight.life = timeout.life().flatten().expect("it has one");
        flight.writing = Some(slots.writing(node as u64));
        self.nodes[node].copy = None;
        self.tally.now.store_writes += 1.0;
        self.travel(id, Step::Set);
    }

    pub(crate) fn set(&mut self, id: usize) {
        self.tally.command(self.now);
        let cost = Duration::from_micros(self.fleet.cost);
        let stale = self.ways.care.stale;
        let flight = self.flight(id);
        let (created, life) = (flight.created, flight.life);
        self.shop.set(Entry {
            created,
            expires: created + millis(cost) + millis(life),
            cost,
            gone: self.now + micros(life + stale),
        });
        self.has_come(created);
        self.travel(id, Step::WasSet);
    }

    pub(crate) fn was_set(&mut self, id: usize) {
        let flight = self.flight(id);
        let (node, life) = (flight.node, flight.life);
        let ticket = flight.writing.as_ref().map(|writing| writing.ticket());
        let now = self.now / 1000;
        let cost = Duration::from_micros(self.fleet.cost);
        let life = Life::new(now, now + millis(life), cost, &self.ways.care);
        if let Some(life) = self.near(life)
            && ticket.is_some_and(|ticket| self.slots.is_valid(ticket))
        {
            self.nodes[node].copy = Some(Found {
                value: (),
                life,
                age: Age::Calm,
                cost,
            });
        }
        self.finish(id);
    }

    /// The others are told, nobody joins any more, and the next one may have the lock.
    fn finish(&mut self, id: usize) {
        let flight = self.flight(id);
        flight.writing = None;
        let (node, has_lock) = (flight.node, flight.has_lock);
        if flight.is_renewal && self.ways.has_news {
            self.tally.now.published += 1.0;
            self.tally.now.delivered += self.nodes.len() as f64 - 1.0;
            let news = Event::News { from: node };
            self.queue.at(self.now + self.fleet.news, news);
        }
        self.close(id);
        if has_lock {
            self.tally.now.lock_commands += 1.0;
            self.travel(id, Step::Release);
        } else {
            self.leave(id);
        }
    }

    /// The value has been renewed: copies are dropped. What was begun before goes on.
    pub(crate) fn hear(&mut self, from: usize) {
        for node in (0..self.nodes.len()).filter(|node| *node != from) {
            self.slots.changed(node as u64);
            if self.nodes[node].copy.take().is_some() {
                self.arrange(node);
            }
        }
    }

    /// The leader has his answer.
    pub(crate) fn answer(&mut self, id: usize) {
        let now = self.now;
        let flight = self.flight(id);
        if std::mem::replace(&mut flight.is_answered, true) {
            return;
        }
        let waited = now - flight.began;
        let is_old = flight.found.is_some_and(|found| found.age == Age::Stale)
            && flight.wish != crate::renewal::Wish::Renew;
        self.tally.waited(waited);
        self.tally.now.stale += f64::from(u8::from(is_old));
    }

    /// Those who joined have their answer: those who came before there was an old value, or after its
    /// end, now; the others had it at once.
    pub(crate) fn land(&mut self, id: usize) {
        let now = self.now;
        let flight = self.flight(id);
        let (began, shown) = (flight.began, flight.shown);
        let is_old = flight.found.is_some_and(|found| found.age == Age::Stale);
        let closed = flight.closed.unwrap_or(now);
        if let Some((at, life)) = shown {
            let end = closed.min(life.dead.saturating_mul(1000));
            self.wait(began, at.min(closed), at);
            self.wait(end.max(at), closed, now);
            let served = end.saturating_sub(at.max(life.expires * 1000));
            self.tally.now.stale += served as f64 * self.fleet.rate / 1e6;
        } else {
            self.wait(began, closed, now);
            if is_old {
                let count = (closed - began) as f64 * self.fleet.rate / 1e6;
                self.tally.now.stale += count;
            }
        }
    }

    /// Callers who came between these two times waited until the third.
    fn wait(&mut self, from: u64, to: u64, until: u64) {
        // Else nobody notices.
        if until.saturating_sub(from) <= crate::tally::NOTICED {
            return;
        }
        let rate = self.fleet.rate / 1e6;
        let mut at = from as f64 + random::until_next(rate);
        while at < to as f64 {
            self.tally.waited(until - at as u64);
            at += random::until_next(rate);
        }
    }

    /// Nobody joins any more.
    pub(crate) fn close(&mut self, id: usize) {
        let now = self.now;
        let flight = self.flight(id);
        let node = flight.node;
        flight.closed.get_or_insert(now);
        if self.nodes[node].open == Some(id) {
            self.nodes[node].open = None;
        }
    }

    /// The leader goes.
    pub(crate) fn leave(&mut self, id: usize) {
        self.answer(id);
        let node = self.flight(id).node;
        if self.flight(id).closed.is_none() {
            self.land(id);
            self.close(id);
        }
        self.nodes[node].flights.retain(|flight| *flight != id);
        self.flights[id] = None;
        self.free.push(id);
        self.arrange(node);
    }
}
