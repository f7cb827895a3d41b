//! A store in a map, right in every respect or with one flaw.

use std::collections::{HashMap, VecDeque};
use std::future::poll_fn;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::task::Poll;
use std::thread;
use std::time::{Duration, Instant};

use cache_runtime::{CacheError, Capabilities, ErrorKind, Glob, Store, StoreFuture, Ttl, Unless};

use crate::flaw::Flaw;

const MOST: usize = 200_000;

type Kept = (Vec<u8>, Option<Instant>);
type Map = HashMap<String, Kept>;

/// A store in a map.
#[derive(Clone)]
pub(crate) struct MapStore {
    flaw: Flaw,
    map: Arc<Mutex<Map>>,
    /// Who has asked and has no answer yet.
    asked: Arc<Mutex<VecDeque<String>>>,
    waiting: Option<Arc<Waiting>>,
}

impl MapStore {
    pub(crate) fn new(flaw: Flaw) -> Self {
        let mut store = Self {
            flaw,
            map: Arc::default(),
            asked: Arc::default(),
            waiting: None,
        };
        if flaw == Flaw::BlockingFaceWaits {
            store.waiting = Some(Arc::new(Waiting(store.clone())));
        }
        store
    }

    fn has(&self, flaw: Flaw) -> bool {
        self.flaw == flaw
    }

    fn key(&self, key: &str) -> String {
        match self.flaw {
            Flaw::UnicodeIsMangled => key.chars().filter(char::is_ascii).collect(),
            Flaw::KeysIgnoreCase => key.to_lowercase(),
            Flaw::KeysAreCut => key.chars().take(250).collect(),
            Flaw::VersionsAreOne => key.replacen(":2:", ":1:", 1),
            Flaw::KeysAreTrimmed => key.trim().to_owned(),
            _ => key.to_owned(),
        }
    }

    fn value(&self, value: &[u8]) -> Vec<u8> {
        match self.flaw {
            Flaw::ZeroBytesEndValues => value.split(|byte| *byte == 0).next().unwrap().to_vec(),
            Flaw::ValuesAreText => String::from_utf8_lossy(value).into_owned().into_bytes(),
            Flaw::TooLargeIsKeptCut => value[..value.len().min(MOST)].to_vec(),
            Flaw::LargeIsCut => value[..value.len().min(150_000)].to_vec(),
            _ => value.to_vec(),
        }
    }

    fn end(&self, ttl: Option<Duration>) -> Option<Instant> {
        let ttl = match self.flaw {
            Flaw::IgnoresTheTtl => None,
            Flaw::CutsFractionsOfSeconds => ttl.map(|ttl| Duration::from_secs(ttl.as_secs())),
            Flaw::ThirtyDaysAreADate => ttl.map(|ttl| match ttl.as_secs() {
                long if long > 30 * 86_400 => Duration::ZERO,
                _ => ttl,
            }),
            _ => ttl,
        };
        if self.has(Flaw::Coarse) {
            return ttl.and_then(coarse);
        }
        ttl.and_then(|ttl| Instant::now().checked_add(ttl))
    }

    /// What `change` makes of the entry of `key`, if it is there and has not expired.
    fn change<T>(&self, key: &str, change: impl FnOnce(&mut Map, &str, Option<Kept>) -> T) -> T {
        let key = self.key(key);
        let mut map = self.map.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = map.get(&key).filter(|kept| is_fresh(kept)).cloned();
        change(&mut map, &key, kept)
    }

    fn read(&self, key: &str) -> Option<Vec<u8>> {
        let value = self.change(key, |_, _, kept| kept.map(|kept| kept.0));
        if self.has(Flaw::MissingIsZero) {
            return value.or_else(|| Some(b"0".to_vec()));
        }
        let value = value?;
        (!(value.is_empty() && self.has(Flaw::EmptyIsMissing))).then_some(value)
    }

    fn check(&self, value: &[u8]) -> Result<(), CacheError> {
        if value.len() <= MOST || self.has(Flaw::TooLargeIsKeptCut) {
            return Ok(());
        }
        Err(CacheError::new(
            ErrorKind::TooLarge,
            "the value is too large",
        ))
    }

    fn write(&self, key: &str, value: &[u8], ttl: Option<Duration>) -> Result<(), CacheError> {
        if self.has(Flaw::RefusesSpaces) && key.contains(' ') {
            return Err(CacheError::new(ErrorKind::Key, "spaces"));
        }
        if self.has(Flaw::KeepsDjangosKeysAlone) && !key.contains(":1:") && !key.contains(":2:") {
            return Ok(());
        }
        if let Err(error) = self.check(value) {
            if !self.has(Flaw::TooLargeKeepsTheOld) {
                self.change(key, |map, key, _| map.remove(key));
            }
            return Err(error);
        }
        let end = self.end(ttl);
        let keeps_the_life = self.has(Flaw::SetKeepsTheOldLife);
        self.change(key, |map, key, old| {
            let end = match old {
                Some((_, old)) if keeps_the_life => old,
                _ => end,
            };
            if self.has(Flaw::AnswersInPieces) {
                let value = self.value(value);
                map.insert(key.to_owned(), (value[..value.len() / 2].to_vec(), end));
            } else {
                map.insert(key.to_owned(), (self.value(value), end));
            }
        });
        if self.has(Flaw::AnswersInPieces) {
            thread::yield_now();
            self.change(key, |map, key, _| {
                map.insert(key.to_owned(), (self.value(value), end))
            });
        }
        Ok(())
    }

    fn count(&self, key: &str, by: i64) -> Result<Option<i64>, CacheError> {
        let seen = self.has(Flaw::IncrIsTwoSteps).then(|| {
            let seen = self.read(key);
            thread::sleep(Duration::from_micros(200));
            seen
        });
        self.change(key, |map, key, kept| {
            let (value, end) = match kept {
                Some(kept) => kept,
                None if self.has(Flaw::IncrMakesWhatIsMissing) => (b"0".to_vec(), None),
                None => return Ok(None),
            };
            let value = seen.flatten().unwrap_or(value);
            let text = String::from_utf8_lossy(&value);
            let digits = text.parse::<i64>().ok();
            let number = match digits {
                Some(number) => number,
                None if self.has(Flaw::IncrCountsFromGarbage) => 0,
                None => return Err(CacheError::new(ErrorKind::Decode, "no number")),
            };
            let sum = match number.checked_add(by) {
                Some(sum) => sum,
                None if self.has(Flaw::IncrWrapsAround) => number.wrapping_add(by),
                None => return Err(CacheError::new(ErrorKind::Store, "too much")),
            };
            let end = if self.has(Flaw::IncrLosesTheLife) {
                None
            } else {
                end
            };
            map.insert(key.to_owned(), (sum.to_string().into_bytes(), end));
            Ok(Some(sum))
        })
    }

    fn list(&self, prefix: &str, pattern: &str) -> Vec<String> {
        let map = self.map.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = |kept: &Kept| self.has(Flaw::ListsTheExpired) || is_fresh(kept);
        let rest = |key: &str| key.strip_prefix(prefix).map(str::to_owned);
        map.iter()
            .filter(|(_, kept)| fresh(kept))
            .filter(|(key, _)| {
                rest(key).is_some_and(|rest| {
                    self.has(Flaw::ListsWithoutPatterns) || Glob::new(pattern).matches(&rest)
                })
            })
            .map(|(key, _)| key.clone())
            .collect()
    }

    fn sweep(&self, prefix: &str) {
        let mut map = self.map.lock().unwrap_or_else(PoisonError::into_inner);
        match self.flaw {
            Flaw::ClearDoesNothing => {}
            Flaw::ClearStopsAtAThousand => {
                let mut taken = 0;
                map.retain(|key, _| {
                    let is_taken = key.starts_with(prefix) && taken < 1000;
                    taken += usize::from(is_taken);
                    !is_taken
                });
            }
            Flaw::ClearTakesTheLongerPrefix => {
                let name = prefix.split(':').next().unwrap();
                map.retain(|key, _| !(key.starts_with(prefix) || key.starts_with(name)));
            }
            Flaw::ClearTakesOtherVersions => {
                let prefix = prefix.trim_end_matches(':');
                map.retain(|key, _| !key.starts_with(prefix));
            }
            Flaw::ClearTakesAPattern => {
                let pattern = format!("{prefix}*");
                map.retain(|key, _| !Glob::new(&pattern).matches(key));
            }
            _ => map.retain(|key, _| !key.starts_with(prefix)),
        }
    }
}

/// The tick at which a life of whole seconds has surely ended, as Memcached counts.
fn coarse(ttl: Duration) -> Option<Instant> {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    let seconds = ttl
        .as_secs()
        .checked_add(u64::from(ttl.subsec_nanos() > 0))?;
    let now = START.elapsed();
    let tick = now.as_secs().checked_add(seconds)?.checked_add(1)?;
    START.checked_add(Duration::from_secs(tick))
}

fn is_fresh((_, end): &Kept) -> bool {
    end.is_none_or(|end| end > Instant::now())
}

/// An answer that is not there at once.
async fn later() {
    let mut is_later = false;
    poll_fn(|task| {
        if std::mem::replace(&mut is_later, true) {
            return Poll::Ready(());
        }
        task.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// A face for callers who block that does not block.
struct Waiting(MapStore);

impl Store for Waiting {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn capabilities(&self) -> Capabilities {
        self.0.capabilities()
    }

    fn get<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Vec<u8>>> {
        Box::pin(async move {
            later().await;
            self.0.get(key).await
        })
    }

    fn set<'a>(
        &'a self,
        key: &'a str,
        value: &'a [u8],
        ttl: Option<Duration>,
    ) -> StoreFuture<'a, ()> {
        self.0.set(key, value, ttl)
    }

    fn delete<'a>(&'a self, key: &'a str) -> StoreFuture<'a, bool> {
        self.0.delete(key)
    }
}

fn done<'a, T: Send + 'a>(answer: Result<T, CacheError>) -> StoreFuture<'a, T> {
    Box::pin(std::future::ready(answer))
}

impl Store for MapStore {
    fn name(&self) -> &'static str {
        "map"
    }

    fn get<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Vec<u8>>> {
        if self.has(Flaw::AnswersInOrderOfAsking) {
            return Box::pin(async move {
                self.asked.lock().unwrap().push_back(key.to_owned());
                later().await;
                let first = self.asked.lock().unwrap().pop_front();
                Ok(self.read(&first.unwrap_or_default()))
            });
        }
        done(Ok(self.read(key)))
    }

    fn set<'a>(
        &'a self,
        key: &'a str,
        value: &'a [u8],
        ttl: Option<Duration>,
    ) -> StoreFuture<'a, ()> {
        done(self.write(key, value, ttl))
    }

    fn delete<'a>(&'a self, key: &'a str) -> StoreFuture<'a, bool> {
        let was_there = self.change(key, |map, key, kept| {
            map.remove(key);
            kept.is_some()
        });
        done(Ok(match self.flaw {
            Flaw::DeleteIsAlwaysTrue => true,
            Flaw::DeleteSaysNothing => false,
            _ => was_there,
        }))
    }

    fn capabilities(&self) -> Capabilities {
        let mut can = Capabilities::default();
        can.atomic_add = true;
        can.atomic_delete_if = true;
        can.atomic_set_unless = true;
        can.atomic_incr = true;
        can.list_keys = true;
        if self.has(Flaw::Coarse) {
            can.resolution = Duration::from_secs(1);
        }
        can.max_value = (!self.has(Flaw::HasALimitAndDoesNotSay)).then_some(MOST);
        can
    }

    fn delete_if<'a>(&'a self, key: &'a str, value: &'a [u8]) -> StoreFuture<'a, bool> {
        if self.has(Flaw::DeleteIfIsTwoSteps) {
            return Box::pin(async move {
                let is_it = self.read(key).is_some_and(|there| there == value);
                thread::sleep(Duration::from_micros(200));
                Ok(is_it && self.change(key, |map, key, _| map.remove(key)).is_some())
            });
        }
        done(Ok(self.change(key, |map, key, kept| {
            let is_it = match kept {
                None => false,
                Some((there, _)) => there == value || self.has(Flaw::DeleteIfDoesNotLook),
            };
            if is_it {
                map.remove(key);
            }
            is_it
        })))
    }

    fn set_unless<'a>(
        &'a self,
        key: &'a str,
        value: &'a [u8],
        ttl: Option<Duration>,
        unless: Unless<'a>,
    ) -> StoreFuture<'a, bool> {
        if let Err(error) = self.check(value) {
            return done(Err(error));
        }
        let forbids = move |there: Option<Vec<u8>>| match self.flaw {
            Flaw::SetUnlessDoesNotLook => false,
            // Who has the number alone does not see that it is another machine's.
            Flaw::SetUnlessTrustsEveryClock => {
                let text = String::from_utf8(there.unwrap_or_default()).unwrap_or_default();
                let at = text.split('-').next().and_then(|at| at.parse().ok());
                at.is_some_and(|at: u64| at >= unless.own().0)
            }
            Flaw::SetUnlessTakesGarbageForAStamp => {
                there.is_some_and(|there| there.len() < 20 || unless.forbids(Some(&there)))
            }
            _ => unless.forbids(there.as_deref()),
        };
        let ttl = match self.flaw {
            Flaw::SetUnlessForgetsTheTtl => None,
            _ => ttl,
        };
        if matches!(
            self.flaw,
            Flaw::SetUnlessIsTwoSteps | Flaw::SetUnlessIsThreeSteps
        ) {
            return Box::pin(async move {
                if forbids(self.read(unless.key)) {
                    return Ok(false);
                }
                thread::sleep(Duration::from_micros(200));
                self.write(key, value, ttl)?;
                if key == unless.key || self.has(Flaw::SetUnlessIsTwoSteps) {
                    return Ok(true);
                }
                thread::sleep(Duration::from_micros(200));
                let is_late = forbids(self.read(unless.key));
                if is_late {
                    self.change(key, |map, key, _| map.remove(key));
                }
                Ok(!is_late)
            });
        }
        let (end, other) = (self.end(ttl), self.key(unless.key));
        done(Ok(self.change(key, |map, key, _| {
            let there = map.get(&other).filter(|kept| is_fresh(kept));
            let is_free = !forbids(there.map(|kept| kept.0.clone()));
            if is_free {
                map.insert(key.to_owned(), (self.value(value), end));
            }
            is_free
        })))
    }

    fn add<'a>(
        &'a self,
        key: &'a str,
        value: &'a [u8],
        ttl: Option<Duration>,
    ) -> StoreFuture<'a, bool> {
        if let Err(error) = self.check(value) {
            return done(Err(error));
        }
        if self.has(Flaw::AddIsTwoSteps) {
            return Box::pin(async move {
                if self.read(key).is_some() {
                    return Ok(false);
                }
                thread::sleep(Duration::from_micros(200));
                self.write(key, value, ttl).map(|()| true)
            });
        }
        let end = self.end(ttl);
        done(Ok(self.change(key, |map, key, kept| {
            let is_taken = match self.flaw {
                Flaw::AddOverwrites => false,
                Flaw::AddMindsTheExpired => map.contains_key(key),
                _ => kept.is_some(),
            };
            if !is_taken {
                map.insert(key.to_owned(), (self.value(value), end));
            } else if self.has(Flaw::AddRefusedGivesANewLife)
                && let Some(kept) = map.get_mut(key)
            {
                kept.1 = end;
            }
            !is_taken
        })))
    }

    fn touch<'a>(&'a self, key: &'a str, ttl: Option<Duration>) -> StoreFuture<'a, bool> {
        let end = self.end(ttl);
        done(Ok(self.change(key, |map, key, kept| match self.flaw {
            Flaw::TouchDoesNothing => kept.is_some(),
            Flaw::TouchCannotTakeTheEndAway if ttl.is_none() => kept.is_some(),
            Flaw::TouchMakesWhatIsMissing => {
                let value = kept.map(|kept| kept.0).unwrap_or_default();
                map.insert(key.to_owned(), (value, end));
                true
            }
            _ => match kept {
                None => false,
                Some((value, _)) => {
                    map.insert(key.to_owned(), (value, end));
                    true
                }
            },
        })))
    }

    fn ttl<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Ttl> {
        let kept = self.change(key, |_, _, kept| kept);
        let times = if self.has(Flaw::TtlIsTwiceAsLong) {
            2
        } else {
            1
        };
        done(Ok(match kept {
            None if self.has(Flaw::TtlOfTheMissingIsNever) => Ttl::Never,
            None => Ttl::Missing,
            Some((_, None)) => Ttl::Never,
            Some((_, Some(end))) => Ttl::After((end - Instant::now()) * times),
        }))
    }

    fn incr<'a>(&'a self, key: &'a str, by: i64) -> StoreFuture<'a, Option<i64>> {
        done(self.count(key, by))
    }

    fn get_many<'a>(&'a self, keys: &'a [String]) -> StoreFuture<'a, Vec<Option<Vec<u8>>>> {
        let mut values: Vec<_> = keys.iter().map(|key| self.read(key)).collect();
        match self.flaw {
            Flaw::GetManyIsOutOfOrder => values.reverse(),
            Flaw::GetManyForgetsDoubles => {
                for at in 1..keys.len() {
                    if keys[..at].contains(&keys[at]) {
                        values[at] = None;
                    }
                }
            }
            _ => {}
        }
        done(Ok(values))
    }

    fn set_many<'a>(
        &'a self,
        items: &'a [(String, Vec<u8>)],
        ttl: Option<Duration>,
    ) -> StoreFuture<'a, Vec<usize>> {
        let ttl = if self.has(Flaw::SetManyForgetsTheTtl) {
            None
        } else {
            ttl
        };
        let dropped = match self.flaw {
            Flaw::SetManyDropsTheLast => 1,
            Flaw::ManyOverflow => items.len().saturating_sub(5000),
            _ => 0,
        };
        let mut failed = Vec::new();
        for (at, (key, value)) in items
            .iter()
            .enumerate()
            .take(items.len().saturating_sub(dropped))
        {
            if self.write(key, value, ttl).is_err() {
                failed.push(at);
            }
        }
        done(Ok(failed))
    }

    fn delete_many<'a>(&'a self, keys: &'a [String]) -> StoreFuture<'a, u64> {
        let before: Vec<bool> = keys.iter().map(|key| self.read(key).is_some()).collect();
        let mut count = 0;
        for (key, was_there) in keys.iter().zip(before) {
            let removed = self.change(key, |map, key, kept| {
                map.remove(key);
                kept.is_some()
            });
            let counts = if self.has(Flaw::DeleteManyCountsDoubles) {
                was_there
            } else {
                removed
            };
            count += u64::from(counts);
        }
        done(Ok(count))
    }

    fn keys<'a>(&'a self, prefix: &'a str, pattern: &'a str) -> StoreFuture<'a, Vec<String>> {
        if self.has(Flaw::ClaimsToList) {
            let error = CacheError::new(ErrorKind::Unsupported, "not today");
            return done(Err(error.in_operation("keys")));
        }
        done(Ok(self.list(prefix, pattern)))
    }

    fn clear<'a>(&'a self, prefix: &'a str) -> StoreFuture<'a, ()> {
        self.sweep(prefix);
        done(Ok(()))
    }

    fn ping(&self) -> StoreFuture<'_, ()> {
        if self.has(Flaw::PingFails) {
            return done(Err(CacheError::new(ErrorKind::Store, "no sign of life")));
        }
        done(Ok(()))
    }

    fn blocking(&self) -> Option<&dyn Store> {
        self.waiting.as_deref().map(|waiting| waiting as &dyn Store)
    }

    fn close(&self) -> StoreFuture<'_, ()> {
        if self.has(Flaw::CloseForgets) {
            self.sweep("");
        }
        done(Ok(()))
    }
}
