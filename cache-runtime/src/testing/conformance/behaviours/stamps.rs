//! A write that something newer forbids: `set_unless`.

use std::time::Duration;

use super::super::bed::{Bed, MINUTE};
use super::super::failure::{Failure, Verdict, check, check_eq};
use super::super::raw::Raw;
use crate::error::CacheError;
use crate::markers::stamp::{SKEW, Stamp, machine, micros};
use crate::markers::tombstone::Unless;

/// Returns the key of a tombstone for this key: on the node of the key, in a cluster.
fn key_of(key: &str) -> String {
    format!("{{{key}}}:gone")
}

/// In microseconds: a present-day time, so that it has all its digits.
const THEN: u64 = 1_764_420_000_000_000;

/// Returns a stamp of this machine, this many microseconds later than that.
fn later(by: u64) -> Stamp {
    Stamp {
        at: THEN + by,
        machine: machine(),
    }
}

/// Returns a stamp of another machine, whose clock is behind by this much.
fn elsewhere(behind: u64) -> Stamp {
    Stamp {
        at: THEN - behind,
        machine: machine() ^ 1,
    }
}

pub(crate) async fn what_nothing_forbids_is_kept(bed: &Bed) -> Verdict {
    let store = bed.store()?;
    let key = format!("{}:1:key", bed.prefix());
    let tomb = key_of(&key);
    let unless = Unless::new(&tomb, later(0));
    check!(
        store.set_unless(&key, b"one", None, unless).await?,
        "nothing stands there"
    );
    check_eq!(store.get(&key).await?.as_deref(), Some(&b"one"[..]));
    let older = Stamp {
        at: THEN - 1,
        ..later(0)
    };
    for there in [&older.to_text()[..], "", "hello", "-", "2-", "12:30-00:00"] {
        store.set(&tomb, there.as_bytes(), MINUTE).await?;
        let bytes = [0, 255, 13, 10, 0];
        check!(
            store.set_unless(&key, &bytes, MINUTE, unless).await?,
            "{there:?} forbids nothing"
        );
        check_eq!(store.get(&key).await?.as_deref(), Some(&bytes[..]));
        store.delete(&key).await?;
    }
    let short = Some(bed.short());
    store.set_unless(&key, b"one", short, unless).await?;
    bed.outlive_short().await;
    check_eq!(store.get(&key).await?, None, "the value after its life");
    Ok(())
}

pub(crate) async fn what_something_newer_forbids_is_not_kept(bed: &Bed) -> Verdict {
    let store = bed.store()?;
    let key = format!("{}:1:key", bed.prefix());
    let tomb = key_of(&key);
    let unless = Unless::new(&tomb, later(0));
    for by in [0, 1, 3_600_000_000] {
        let stamp = later(by).to_text();
        store.set(&tomb, stamp.as_bytes(), MINUTE).await?;
        check!(
            !store.set_unless(&key, b"late", MINUTE, unless).await?,
            "what began {by} microseconds before {stamp}"
        );
        check_eq!(store.get(&key).await?, None);
        store.set(&key, b"old", MINUTE).await?;
        check!(!store.set_unless(&key, b"late", MINUTE, unless).await?);
        check_eq!(store.get(&key).await?.as_deref(), Some(&b"old"[..]));
        store.delete(&key).await?;
    }
    let stamp = later(1).to_text();
    store
        .set(&tomb, stamp.as_bytes(), Some(bed.short()))
        .await?;
    bed.outlive_short().await;
    check!(
        store.set_unless(&key, b"one", MINUTE, unless).await?,
        "a stamp that has expired forbids nothing"
    );
    check_eq!(store.get(&key).await?.as_deref(), Some(&b"one"[..]));
    Ok(())
}

pub(crate) async fn another_machines_clock_may_be_behind(bed: &Bed) -> Verdict {
    let store = bed.store()?;
    let key = format!("{}:1:key", bed.prefix());
    let tomb = key_of(&key);
    let unless = Unless::new(&tomb, later(0));
    for (behind, may_be) in [(0, true), (micros(SKEW), true), (micros(SKEW) + 1, false)] {
        let stamp = elsewhere(behind).to_text();
        store.set(&tomb, stamp.as_bytes(), MINUTE).await?;
        check_eq!(
            store.set_unless(&key, b"one", MINUTE, unless).await?,
            !may_be,
            "the write of {THEN}, after the {stamp} of another machine"
        );
    }
    Ok(())
}

/// If the write is the stamp itself, the machine makes no difference.
pub(crate) async fn a_stamp_only_grows(bed: &Bed) -> Verdict {
    let store = bed.store()?;
    let key = format!("{}:1:key", bed.prefix());
    for (stamp, grows) in [
        (later(5), true),
        (later(7), true),
        (later(6), false),
        (later(7), false),
        (elsewhere(0), false),
        (later(8), true),
    ] {
        let text = stamp.to_text();
        let before = store.get(&key).await?;
        let unless = Unless::exactly(&key, stamp);
        let kept = store
            .set_unless(&key, text.as_bytes(), MINUTE, unless)
            .await?;
        check_eq!(kept, grows, "whether {text} was kept");
        let wanted = if grows {
            Some(text.into_bytes())
        } else {
            before
        };
        check_eq!(store.get(&key).await?, wanted);
    }
    Ok(())
}

/// Whoever began before, in whatever order things then happen.
pub(crate) async fn what_is_forbidden_while_it_is_written_is_gone(bed: &Bed) -> Verdict {
    forbid_while_writing(bed, false).await
}

/// Not even for a moment.
pub(crate) async fn nobody_sees_what_was_forbidden(bed: &Bed) -> Verdict {
    if !bed.capabilities().atomic_set_unless {
        return Err(Failure::unable("it does not say `atomic_set_unless`"));
    }
    forbid_while_writing(bed, true).await
}

/// Of those who set one, none replaces another that is later.
pub(crate) async fn of_stamps_at_once_the_latest_stays(bed: &Bed) -> Verdict {
    const RACERS: usize = 4;
    const ROUNDS: usize = 30;
    if !bed.capabilities().atomic_set_unless {
        return Err(Failure::unable("it does not say `atomic_set_unless`"));
    }
    let store = bed.store()?;
    let name = bed.prefix();
    for round in 0..ROUNDS {
        let key = format!("{name}:1:{round}");
        let set = |racer: usize| {
            let (store, key) = (store.clone(), key.clone());
            async move {
                bury(&store, &key, later(racer as u64)).await?;
                Ok(())
            }
        };
        bed.race(RACERS, set).await?;
        let latest = later(RACERS as u64 - 1).to_text().into_bytes();
        check_eq!(store.get(&key).await?, Some(latest));
    }
    Ok(())
}

/// Sets a stamp, as the library does: so that it only grows.
async fn bury(store: &Raw, key: &str, stamp: Stamp) -> Result<bool, CacheError> {
    let (text, unless) = (stamp.to_text(), Unless::exactly(key, stamp));
    store.set_unless(key, text.as_bytes(), MINUTE, unless).await
}

async fn forbid_while_writing(bed: &Bed, at_once: bool) -> Verdict {
    const ROUNDS: usize = 30;
    const LOOKS: usize = 6;
    let store = bed.store()?;
    let name = bed.prefix();
    for round in 0..ROUNDS {
        let key = format!("{name}:1:{round}");
        let seen = bed
            .race(4, |racer| {
                let (store, key, tomb) = (store.clone(), key.clone(), key_of(&key));
                async move {
                    if racer > 0 {
                        let unless = Unless::new(&tomb, later(0));
                        store.set_unless(&key, b"late", MINUTE, unless).await?;
                        return Ok(0);
                    }
                    bury(&store, &tomb, later(1)).await?;
                    store.delete(&key).await?;
                    let mut seen = 0;
                    for _ in 0..if at_once { LOOKS } else { 0 } {
                        bed.linger(Duration::from_micros(100)).await;
                        seen += usize::from(store.get(&key).await?.is_some());
                    }
                    Ok(seen)
                }
            })
            .await?;
        check_eq!(
            seen.into_iter().sum::<usize>(),
            0,
            "how often it was seen after it was forbidden"
        );
        check_eq!(store.get(&key).await?, None, "what was forbidden");
    }
    Ok(())
}
