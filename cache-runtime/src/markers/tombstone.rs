//! What an invalidation of one entry leaves in the store for a minute: a computation that began before
//! it, in any process, does not store its result afterwards.
//!
//! It is kept beside the entry, not in its place: others who share the entry (a Django service) find it gone.

use std::time::Duration;

use crate::key;
use crate::markers::stamp::{SKEW, Stamp, micros};

/// How long a function may run and still learn of it.
pub(crate) const LIFE: Duration = Duration::from_secs(60);

const SUFFIX: &str = ":gone";

/// Returns the key of a tombstone for the entry under this key. It begins as that does, since whoever may access
/// the one must be allowed to access the other; and if keys are spread by `hash_tags`, it is in the same place.
/// `None` if it would be too long.
pub(crate) fn key_of(stored_key: &str, hash_tags: bool) -> Option<String> {
    let is_valid = |key: &String| key::validate(key).is_ok();
    // An entry with a hash tag passes it on to every key that begins as its own does.
    let tagged = (hash_tags && !stored_key.contains('{'))
        .then(|| format!("{stored_key}{SUFFIX}{{{stored_key}}}"));
    tagged
        .filter(is_valid)
        .or_else(|| Some(format!("{stored_key}{SUFFIX}")).filter(is_valid))
}

/// Returns whether this is the key of a tombstone.
pub(crate) fn is_name(key: &str) -> bool {
    let plain = key.strip_suffix('}').and_then(|key| key.split_once('{'));
    let is_tagged = plain.is_some_and(|(key, tag)| key.strip_suffix(SUFFIX) == Some(tag));
    is_tagged || key.ends_with(SUFFIX)
}

/// The condition of a write that something newer under another key forbids; see
/// [`Store::set_unless`](crate::Store::set_unless).
#[derive(Debug, Clone, Copy)]
pub struct Unless<'a> {
    /// The other key: that of a stamp, or of nothing.
    pub key: &'a str,
    /// From when on a stamp of this machine forbids the write.
    since: Stamp,
    /// The same for stamps of other machines, whose clocks may be ahead, or behind.
    foreign: u64,
}

impl<'a> Unless<'a> {
    /// Returns the condition for a value whose computation began at `since`.
    pub(crate) fn new(key: &'a str, since: Stamp) -> Self {
        Self {
            key,
            since,
            foreign: since.at.saturating_sub(micros(SKEW)),
        }
    }

    /// Returns the same without an allowance for other machines: the greater of two stamps stays.
    pub(crate) fn exactly(key: &'a str, since: Stamp) -> Self {
        Self {
            key,
            since,
            foreign: since.at,
        }
    }

    /// Returns the same as `new` where that very stamp may stand: what is written may be sent twice.
    pub(crate) fn own_time(key: &'a str, since: Stamp) -> Self {
        let at = since.at.saturating_add(1);
        Self {
            since: Stamp { at, ..since },
            ..Self::new(key, since)
        }
    }

    /// Returns the condition that only a stamp breaks which is later than `since` on any clock.
    pub(crate) fn surely(key: &'a str, since: Stamp) -> Self {
        let at = since.at.saturating_add(1);
        Self {
            key,
            since: Stamp { at, ..since },
            foreign: at.saturating_add(micros(SKEW)),
        }
    }

    /// Returns the same condition with another key: for a store that gives keys other names.
    #[must_use]
    pub fn under<'b>(&self, key: &'b str) -> Unless<'b> {
        Unless { key, ..*self }
    }

    /// Returns whether the value under `key` forbids the write. `None`: there is no value.
    #[must_use]
    pub fn forbids(&self, there: Option<&[u8]>) -> bool {
        let stamp = there
            .and_then(|bytes| std::str::from_utf8(bytes).ok())
            .and_then(Stamp::parse);
        stamp.is_some_and(|stamp| {
            let is_own = stamp.machine == self.since.machine;
            stamp.at
                >= if is_own {
                    self.since.at
                } else {
                    self.foreign()
                }
        })
    }

    /// Returns the same condition for a script: a stamp is `{number}-{machine}`, and forbids the write from this
    /// number on if it is of this machine, and from [`foreign`](Self::foreign) on if it is of another.
    #[must_use]
    pub fn own(&self) -> (u64, String) {
        (self.since.at, format!("{:08x}", self.since.machine))
    }

    /// Returns the number for stamps of other machines; see [`own`](Self::own).
    #[must_use]
    pub fn foreign(&self) -> u64 {
        self.foreign
    }
}

#[cfg(test)]
mod tests {
    use super::{Unless, is_name, key_of};
    use crate::markers::stamp::{SKEW, Stamp, micros};

    #[test]
    fn a_tombstone_stands_beside_its_entry() {
        assert_eq!(key_of("app:1:f:9f3c", false).unwrap(), "app:1:f:9f3c:gone");
        assert!(is_name(&key_of("a", false).unwrap()) && !is_name("a"));
        assert_eq!(key_of(&"x".repeat(100_000), true), None);
    }

    #[test]
    fn where_keys_are_spread_it_is_where_its_entry_is() {
        let tagged = key_of("app:1:f:9f3c", true).unwrap();
        assert_eq!(tagged, "app:1:f:9f3c:gone{app:1:f:9f3c}");
        assert!(is_name(&tagged) && !is_name("app:1:f{app:1:f}"));
        assert_eq!(key_of("app:{7}:f", true).unwrap(), "app:{7}:f:gone");
        let long = "x".repeat(1_000);
        assert_eq!(key_of(&long, true).unwrap(), format!("{long}:gone"));
    }

    #[test]
    fn what_is_newer_forbids_the_write() {
        let since = Stamp {
            at: 5_000_000,
            machine: 1,
        };
        let unless = Unless::new("k", since);
        let forbids = |at, machine| {
            let text = Stamp { at, machine }.to_text();
            unless.forbids(Some(text.as_bytes()))
        };
        assert!(!unless.forbids(None) && !unless.forbids(Some(b"hello")));
        assert!(forbids(5_000_000, 1) && !forbids(4_999_999, 1));
        let skew = micros(SKEW);
        assert!(forbids(5_000_000 - skew, 2) && !forbids(4_999_999 - skew, 2));
        assert_eq!((unless.own().0, unless.foreign()), (5_000_000, 4_000_000));

        let surely = |at, machine| {
            let text = Stamp { at, machine }.to_text();
            Unless::surely("k", since).forbids(Some(text.as_bytes()))
        };
        let own_time = |at, machine| {
            let text = Stamp { at, machine }.to_text();
            Unless::own_time("k", since).forbids(Some(text.as_bytes()))
        };
        assert!(!own_time(5_000_000, 1) && own_time(5_000_001, 1));
        assert!(!own_time(4_999_999 - skew, 2) && own_time(5_000_000 - skew, 2));
        assert!(!surely(5_000_000, 1) && surely(5_000_001, 1));
        assert!(!surely(5_000_000 + skew, 2) && surely(5_000_001 + skew, 2));
    }
}
