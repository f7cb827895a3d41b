//! What may be wrong with a store during one word, and which answers that explains.

use cache_runtime::ErrorKind;
use cache_runtime::testing::Fault;

/// The longest that a store is left alone which does not fail any more, in milliseconds.
pub(crate) const LONGEST_PAUSE: u64 = 1000;

#[derive(Clone, Copy)]
pub(crate) struct Trouble {
    pub(crate) fault: Option<Fault>,
    /// It failed a short time ago.
    pub(crate) may_be_left_alone: bool,
}

impl Trouble {
    /// Whether operations may fail at all.
    pub(crate) fn may_fail(self) -> bool {
        self.may_be_left_alone || self.is_from_outside()
    }

    /// Whether it fails now.
    pub(crate) fn is_from_outside(self) -> bool {
        matches!(self.fault, Some(Fault::Error(_) | Fault::Lost(_)))
    }

    pub(crate) fn explains(self, kind: ErrorKind) -> bool {
        match kind {
            ErrorKind::BreakerOpen => self.may_fail(),
            ErrorKind::Unavailable | ErrorKind::Timeout | ErrorKind::Store => {
                self.is_from_outside()
            }
            _ => false,
        }
    }
}
