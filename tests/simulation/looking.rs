//! What is found, and what is done about it: the rest of `call::begin`, and `lock::acquire`.

use crate::fleet::Micros;
use crate::flight::{Answer, Flight, Look, Step};
use crate::life::{Age, Life};
use crate::random;
use crate::renewal::{Wish, wish};
use crate::run::World;
use crate::shop::Entry;
use crate::target::Found;

/// As in `call/lock.rs`.
const FIRST_PAUSE: Micros = 5_000;
const LONGEST_PAUSE: Micros = 50_000;
/// A lock that its owner does not release.
const LOCK_LIFE: Micros = 30_000_000;

impl<'s> World<'s> {
    pub(crate) fn add(&mut self, flight: Flight<'s>) -> usize {
        let node = flight.node;
        let id = self.free.pop().unwrap_or_else(|| {
            self.flights.push(None);
            self.flights.len() - 1
        });
        self.flights[id] = Some(flight);
        self.nodes[node].flights.push(id);
        id
    }

    pub(crate) fn flight(&mut self, id: usize) -> &mut Flight<'s> {
        self.flights[id].as_mut().expect("under way")
    }

    pub(crate) fn go(&mut self, id: usize, step: Step, after: Micros) {
        self.flight(id).step = step;
        let step = crate::queue::Event::Step { flight: id };
        self.queue.at(self.now + after, step);
    }

    /// A command on its way to the store, or its answer on the way back.
    pub(crate) fn travel(&mut self, id: usize, step: Step) {
        self.go(id, step, self.fleet.round_trip / 2);
    }

    /// The life of an entry of the store, and what its function took.
    pub(crate) fn life_of(&self, entry: &Entry) -> (Life, std::time::Duration) {
        let life = Life::new(entry.created, entry.expires, entry.cost, &self.ways.care);
        (life, entry.cost)
    }

    pub(crate) fn step(&mut self, id: usize) {
        match self.flight(id).step {
            Step::Get => {
                self.tally.command(self.now);
                let answer = Answer {
                    entry: self.shop.get(self.now),
                    is_locked: self.shop.is_locked(self.now),
                };
                self.travel(id, Step::Got(answer));
            }
            Step::Got(answer) => self.got(id, answer),
            Step::Add => {
                self.tally.command(self.now);
                let is_ours = self.shop.add_lock(id, self.now, self.now + LOCK_LIFE);
                self.travel(id, Step::Added(is_ours));
            }
            Step::Added(is_ours) => self.added(id, is_ours),
            Step::Paused => {
                self.flight(id).look = Look::Waiting;
                self.look(id);
            }
            Step::Ran => self.ran(id),
            Step::Set => self.set(id),
            Step::WasSet => self.was_set(id),
            Step::Release => {
                self.tally.command(self.now);
                self.shop.release(id);
                self.travel(id, Step::Released);
            }
            Step::Released => self.leave(id),
        }
    }

    /// Looks in the level, and then in the store: `Target::look`.
    pub(crate) fn look(&mut self, id: usize) {
        let node = self.flight(id).node;
        // Another may have renewed what is not calm.
        match self.copy(node).filter(|copy| copy.age == Age::Calm) {
            Some(copy) => self.looked(id, Some(copy)),
            None => {
                self.flight(id).ticket = Some(self.slots.reading(node as u64));
                self.tally.now.store_reads += 1.0;
                self.travel(id, Step::Get);
            }
        }
    }

    fn got(&mut self, id: usize, answer: Answer) {
        let found = answer.entry.and_then(|entry| {
            let (life, cost) = self.life_of(&entry);
            let age = life.age(self.now / 1000);
            (age != Age::Dead).then_some(Found {
                value: (),
                life,
                age,
                cost,
            })
        });
        let (node, ticket) = (self.flight(id).node, self.flight(id).ticket);
        if let Some(found) = found
            && let Some(life) = self.near(found.life)
            && ticket.is_some_and(|ticket| self.slots.is_valid(ticket))
        {
            self.nodes[node].copy = Some(Found { life, ..found });
        }
        // Could be: whether the lock is free is asked in the same command, and it is not tried before.
        let is_in_vain = self.ways.is_proposed && answer.is_locked;
        if found.is_none() && self.flight(id).look == Look::Waiting && is_in_vain {
            return self.pause(id);
        }
        self.looked(id, found);
    }

    fn looked(&mut self, id: usize, found: Option<Found<()>>) {
        let is_detachable = self.ways.is_detachable();
        let flight = self.flights[id].as_mut().expect("under way");
        flight.found = found;
        self.target.key = flight.node;
        let is_calm = found.is_some_and(|found| found.age == Age::Calm);
        match flight.look {
            Look::First => {
                flight.wish = match (flight.chosen, found) {
                    (Some(chosen), Some(found)) if found.is_late() => chosen,
                    (_, Some(found)) => {
                        random::lend(flight.share);
                        let wish = wish(&self.target, &found, is_detachable);
                        random::lend(None);
                        wish
                    }
                    (_, None) => Wish::Renew,
                };
                if flight.wish != Wish::Serve && self.ways.lock {
                    return self.ask_for_lock(id);
                }
            }
            Look::Again if is_calm => flight.wish = Wish::Serve,
            Look::Again => {}
            Look::Waiting if found.is_some() => {
                flight.wish = Wish::Serve;
                let node = flight.node;
                self.target.elsewhere(node);
            }
            Look::Waiting => return self.ask_for_lock(id),
        }
        self.decide(id);
    }

    fn ask_for_lock(&mut self, id: usize) {
        self.tally.now.lock_commands += 1.0;
        self.travel(id, Step::Add);
    }

    fn added(&mut self, id: usize, is_ours: bool) {
        let flight = self.flight(id);
        let node = flight.node;
        if is_ours {
            flight.has_lock = true;
            flight.look = Look::Again;
            self.look(id);
        } else if flight.found.is_some() {
            flight.wish = Wish::Serve;
            self.target.elsewhere(node);
            self.decide(id);
        } else {
            self.pause(id);
        }
    }

    fn pause(&mut self, id: usize) {
        let flight = self.flight(id);
        flight.pause = (flight.pause * 2).clamp(FIRST_PAUSE, LONGEST_PAUSE);
        let pause = flight.pause;
        self.go(id, Step::Paused, pause);
    }

    /// There is a value or none, and it is clear what is to be done.
    fn decide(&mut self, id: usize) {
        let flight = self.flights[id].as_mut().expect("under way");
        let has_lock = flight.has_lock;
        match (flight.found, flight.wish) {
            (Some(_), Wish::Serve) if has_lock => {
                self.tally.now.lock_commands += 1.0;
                self.travel(id, Step::Release);
            }
            (Some(_), Wish::Serve) => {
                self.land(id);
                self.close(id);
                self.leave(id);
            }
            (Some(found), wish) => {
                flight.shown = Some((self.now, found.life));
                flight.is_renewal = true;
                if wish == Wish::RenewBehind {
                    self.answer(id);
                }
                self.begin(id);
            }
            (None, _) => self.begin(id),
        }
    }

    fn begin(&mut self, id: usize) {
        self.tally.now.executions += 1.0;
        self.flight(id).created = self.now / 1000;
        self.go(id, Step::Ran, self.fleet.cost);
    }
}
