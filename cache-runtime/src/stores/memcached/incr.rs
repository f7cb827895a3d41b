//! Exact, atomic sums on a server that counts with unsigned numbers.
//!
//! The server adds and subtracts unsigned 64-bit numbers: it stops at zero where a sum
//! would be negative, wraps around where it would be too large, and takes `5 apples` for 5. So the value is
//! read first. If the sum is far from all limits, the server adds, whatever others do; near
//! them it does so only if the entry is still what was read; and a negative number is written by this client,
//! on the same condition. All three keep the lifetime of the entry.

use std::time::Instant;

use super::expiry::again;
use super::failure::refused;
use super::names::Name;
use super::replies::Reply;
use super::requests::{Condition, Request};
use super::route::{Exchange, ask};
use crate::error::{CacheError, ErrorKind};
use crate::store::counting::{not_an_integer, sum};

/// This far below the largest number, no crowd of callers with such steps can pass it between the
/// read and the sum.
const FAR: i64 = i64::MAX - (1 << 62);
const SMALL: i64 = 1 << 32;

/// Adds `by`; `None` if there is no such entry.
pub(super) async fn incr<X: Exchange>(
    link: &X,
    key: &str,
    by: i64,
) -> Result<Option<i64>, CacheError> {
    let counter = Counter {
        link,
        name: Name::of(key),
        deadline: link.servers().deadline(),
    };
    loop {
        let Some(seen) = counter.look().await? else {
            return Ok(None);
        };
        let old = seen.number;
        let sum = sum(old, by)?;
        if by == 0 {
            return Ok(Some(sum));
        }
        let summed = if !counter.name.is_plain() || old < 0 || sum < 0 {
            counter.write(&seen, sum).await?
        } else {
            let is_far = (0..=SMALL).contains(&by) && sum < FAR;
            counter.count(by, (!is_far).then_some(seen.version)).await?
        };
        match summed {
            Summed::To(sum) => return Ok(Some(sum)),
            Summed::ToButLonger(sum) => {
                counter.shorten().await?;
                return Ok(Some(sum));
            }
            Summed::Missing => return Ok(None),
            Summed::Changed => counter.may_go_on()?,
        }
    }
}

/// One sum of one entry.
struct Counter<'a, X> {
    link: &'a X,
    name: Name<'a>,
    deadline: Instant,
}

/// What is there.
struct Seen {
    number: i64,
    flags: u32,
    version: u64,
    ttl: Option<i64>,
}

enum Summed {
    To(i64),
    /// The same, but the entry lives a second longer than before.
    ToButLonger(i64),
    /// Others changed it meanwhile.
    Changed,
    Missing,
}

impl<X: Exchange> Counter<'_, X> {
    async fn look(&self) -> Result<Option<Seen>, CacheError> {
        let look = Request::one(|request| request.get_for_change(&self.name));
        let item = match self.ask(&look).await?.pop() {
            Some(Reply::Done(item)) => item,
            Some(Reply::Missing) | None => return Ok(None),
            Some(other) => return Err(refused(other)),
        };
        let Some(value) = self.name.open(item.flags, item.value) else {
            return Ok(None);
        };
        Ok(Some(Seen {
            number: read(&value)?,
            flags: item.flags,
            version: item.version,
            ttl: item.ttl,
        }))
    }

    /// Lets the server count.
    async fn count(&self, by: i64, unchanged: Option<u64>) -> Result<Summed, CacheError> {
        let count = Request::one(|request| request.count(&self.name, by, unchanged));
        match self.ask(&count.once_only()).await?.pop() {
            Some(Reply::Done(item)) => read(&item.value).map(Summed::To),
            Some(Reply::Changed) => Ok(Summed::Changed),
            Some(Reply::Missing) | None => Ok(Summed::Missing),
            Some(other) => Err(refused(other)),
        }
    }

    /// Counts here and writes the sum. The server is given what is left of the entry's lifetime; if its clock
    /// ticked since the read, that is a second too much.
    async fn write(&self, seen: &Seen, sum: i64) -> Result<Summed, CacheError> {
        let write = Request::one(|request| {
            let (value, expiry) = (sum.to_string(), again(seen.ttl));
            let unchanged = Condition::Unchanged(seen.version);
            request.ttl(&self.name);
            request.set(&self.name, value.as_bytes(), expiry, seen.flags, unchanged);
        });
        let mut replies = self.ask(&write.once_only()).await?;
        let (written, before) = (replies.pop(), replies.pop());
        match (before, written) {
            (Some(Reply::Done(before)), Some(Reply::Done(_))) if before.ttl < seen.ttl => {
                Ok(Summed::ToButLonger(sum))
            }
            (_, Some(Reply::Done(_))) => Ok(Summed::To(sum)),
            (_, Some(Reply::Changed)) => Ok(Summed::Changed),
            (_, Some(Reply::Missing) | None) => Ok(Summed::Missing),
            (_, Some(other)) => Err(refused(other)),
        }
    }

    /// Takes the second back, whatever the number is by now: otherwise a counter in constant use
    /// would live for ever.
    async fn shorten(&self) -> Result<(), CacheError> {
        while let Some(mut seen) = self.look().await? {
            seen.ttl = seen.ttl.map(|ttl| ttl - 1);
            if seen.ttl.is_none_or(|ttl| ttl < 1) {
                return Ok(());
            }
            match self.write(&seen, seen.number).await? {
                Summed::To(_) | Summed::Missing => return Ok(()),
                // It ticked again.
                Summed::ToButLonger(_) => {}
                Summed::Changed => {}
            }
            if Instant::now() >= self.deadline {
                // The sum is right, and that is what the caller waits for.
                return Ok(());
            }
        }
        Ok(())
    }

    fn may_go_on(&self) -> Result<(), CacheError> {
        if Instant::now() < self.deadline {
            return Ok(());
        }
        let what = "the entry was changed by others all the time";
        Err(CacheError::new(ErrorKind::Timeout, what))
    }

    async fn ask(&self, request: &Request) -> Result<Vec<Reply>, CacheError> {
        ask(self.link, self.name.bytes(), request, self.deadline).await
    }
}

/// Parses a number as this client would write it; the server may have left spaces after it.
fn read(value: &[u8]) -> Result<i64, CacheError> {
    let text = std::str::from_utf8(value.trim_ascii_end()).ok();
    text.and_then(|text| {
        let number: i64 = text.parse().ok()?;
        (number.to_string() == text).then_some(number)
    })
    .ok_or_else(not_an_integer)
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn numbers_are_those_that_we_would_write() {
        for (text, number) in [
            ("0", Some(0)),
            ("-5", Some(-5)),
            ("9 ", Some(9)),
            ("9223372036854775807", Some(i64::MAX)),
            ("-9223372036854775808", Some(i64::MIN)),
            ("9223372036854775808", None),
            ("+5", None),
            ("05", None),
            (" 5", None),
            ("5 apples", None),
            ("1.5", None),
            ("", None),
        ] {
            assert_eq!(read(text.as_bytes()).ok(), number, "{text:?}");
        }
    }
}
