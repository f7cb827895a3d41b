//! One execution for the callers of one node, and how far it is.

use crate::fleet::Micros;
use crate::life::Life;
use crate::renewal::Wish;
use crate::shop::Entry;
use crate::slots::{Ticket, Writing};
use crate::target::Found;

/// What comes next.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Step {
    /// The store is asked for the value; its answer is here.
    Get,
    Got(Answer),
    /// The store is asked for the lock; its answer is here.
    Add,
    Added(bool),
    /// The pause between two looks at another's lock is over.
    Paused,
    /// The function has run.
    Ran,
    /// The store is given the value; it has it.
    Set,
    WasSet,
    /// The store is to let go of the lock; it has.
    Release,
    Released,
}

/// What the store says.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Answer {
    pub(crate) entry: Option<Entry>,
    pub(crate) is_locked: bool,
}

/// Why the store is asked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Look {
    First,
    /// The lock is ours.
    Again,
    /// The lock is another's, and there is no old value.
    Waiting,
}

pub(crate) struct Flight<'s> {
    pub(crate) node: usize,
    pub(crate) began: Micros,
    pub(crate) step: Step,
    pub(crate) look: Look,
    /// Which chance the caller has drawn.
    pub(crate) share: Option<f64>,
    /// What the caller wanted when it saw the copy.
    pub(crate) chosen: Option<Wish>,
    pub(crate) wish: Wish,
    pub(crate) found: Option<Found<()>>,
    /// Before the store was asked.
    pub(crate) ticket: Option<Ticket>,
    /// Since when there is an old value for those who come, and what that is.
    pub(crate) shown: Option<(Micros, Life)>,
    pub(crate) is_answered: bool,
    /// From then on nobody joins any more.
    pub(crate) closed: Option<Micros>,
    pub(crate) is_renewal: bool,
    pub(crate) has_lock: bool,
    pub(crate) pause: Micros,
    /// When the function began, in milliseconds.
    pub(crate) created: u64,
    pub(crate) life: std::time::Duration,
    /// While the store is told.
    pub(crate) writing: Option<Writing<'s>>,
}
