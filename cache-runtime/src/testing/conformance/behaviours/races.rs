//! A store under many callers at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::super::bed::{Bed, MINUTE};
use super::super::failure::{Failure, Verdict, check, check_eq};

const RACERS: usize = 16;

pub(crate) async fn of_many_adds_one_wins(bed: &Bed) -> Verdict {
    const KEYS: usize = 20;
    if !bed.capabilities().atomic_add {
        return Err(Failure::unable("it does not say `atomic_add`"));
    }
    let store = bed.store()?;
    let name = bed.prefix();
    let wins = bed
        .race(RACERS, |racer| {
            let (store, name) = (store.clone(), name.clone());
            async move {
                let mut wins = Vec::new();
                for number in 0..KEYS {
                    let key = format!("{name}:1:{number}");
                    if store
                        .add(&key, racer.to_string().as_bytes(), MINUTE)
                        .await?
                    {
                        wins.push(number);
                    }
                }
                Ok(wins)
            }
        })
        .await?;
    for number in 0..KEYS {
        let winners = (0..RACERS).filter(|racer| wins[*racer].contains(&number));
        let winners: Vec<String> = winners.map(|racer| racer.to_string()).collect();
        check_eq!(
            winners.len(),
            1,
            "how many were told that they added key {number}"
        );
        let found = store.get(&format!("{name}:1:{number}")).await?;
        let found = found.map(|value| String::from_utf8_lossy(&value).into_owned());
        check_eq!(
            found.as_ref(),
            winners.first(),
            "whose value key {number} has"
        );
    }
    Ok(())
}

/// The same for a key that was there and has expired, which stores tend to handle in two steps.
pub(crate) async fn of_many_adds_on_an_expired_key_one_wins(bed: &Bed) -> Verdict {
    if !bed.capabilities().atomic_add {
        return Err(Failure::unable("it does not say `atomic_add`"));
    }
    let store = bed.store()?;
    let name = bed.prefix();
    let keys: Vec<String> = (0..10).map(|n| format!("{name}:1:{n}")).collect();
    for key in &keys {
        store.set(key, b"expired", Some(bed.short())).await?;
    }
    bed.outlive_short().await;
    let wins = bed
        .race(RACERS, |_| {
            let (store, keys) = (store.clone(), keys.clone());
            async move {
                let mut wins = 0;
                for key in &keys {
                    wins += usize::from(store.add(key, b"new", MINUTE).await?);
                }
                Ok(wins)
            }
        })
        .await?;
    check_eq!(
        wins.iter().sum::<usize>(),
        keys.len(),
        "how many were told that they added"
    );
    Ok(())
}

pub(crate) async fn many_incrs_lose_none(bed: &Bed) -> Verdict {
    const EACH: i64 = 50;
    if !bed.capabilities().atomic_incr {
        return Err(Failure::unable("it does not say `atomic_incr`"));
    }
    let store = bed.store()?;
    let key = format!("{}:1:key", bed.prefix());
    store.set(&key, b"0", MINUTE).await?;
    let sums = bed
        .race(RACERS, |_| {
            let (store, key) = (store.clone(), key.clone());
            async move {
                let mut sums = Vec::new();
                for _ in 0..EACH {
                    sums.extend(store.incr(&key, 1).await?);
                }
                Ok(sums)
            }
        })
        .await?;
    let mut sums = sums.concat();
    sums.sort_unstable();
    let wanted: Vec<i64> = (1..=RACERS as i64 * EACH).collect();
    check!(
        sums == wanted,
        "each sum is told once, and none is left out"
    );
    let found = store.get(&key).await?;
    let wanted = wanted.len().to_string();
    check_eq!(found.as_deref(), Some(wanted.as_bytes()));
    Ok(())
}

pub(crate) async fn delete_if_takes_nothing_that_came_in_between(bed: &Bed) -> Verdict {
    const ROUNDS: usize = 30;
    if !bed.capabilities().atomic_delete_if {
        return Err(Failure::unable("it does not say `atomic_delete_if`"));
    }
    let store = bed.store()?;
    let name = bed.prefix();
    for round in 0..ROUNDS {
        let key = format!("{name}:1:{round}");
        store.set(&key, b"old", MINUTE).await?;
        let gone = bed
            .race(4, |racer| {
                let (store, key) = (store.clone(), key.clone());
                async move {
                    if racer > 0 {
                        return Ok(store.delete_if(&key, b"old").await?);
                    }
                    store.set(&key, b"new", MINUTE).await?;
                    Ok(false)
                }
            })
            .await?;
        let found = store.get(&key).await?;
        check_eq!(found.as_deref(), Some(&b"new"[..]), "what came in between");
        let gone = gone.into_iter().filter(|gone| *gone).count();
        check!(gone <= 1, "it was told {gone} times that it was deleted");
    }
    Ok(())
}

pub(crate) async fn readers_see_whole_values(bed: &Bed) -> Verdict {
    const SIZE: usize = 20_000;
    const WRITERS: usize = 6;
    let store = bed.store()?;
    let key = format!("{}:1:key", bed.prefix());
    let writing = Arc::new(AtomicUsize::new(WRITERS));
    let seen = bed
        .race(WRITERS + 3, |racer| {
            let (store, key, writing) = (store.clone(), key.clone(), writing.clone());
            async move {
                let mut torn = 0;
                if racer >= WRITERS {
                    while writing.load(Ordering::SeqCst) > 0 {
                        let found = store.get(&key).await?;
                        torn += usize::from(found.is_some_and(|found| !is_whole(&found, SIZE)));
                        bed.breathe().await;
                    }
                    return Ok(torn);
                }
                let _writing = Writing(writing);
                let value = vec![b'a' + racer as u8; SIZE + racer];
                for round in 0..40 {
                    match racer % 2 {
                        0 => store.set(&key, &value, MINUTE).await?,
                        _ if round % 4 == 3 => drop(store.delete(&key).await?),
                        _ => drop(store.add(&key, &value, MINUTE).await?),
                    }
                    bed.breathe().await;
                }
                Ok(torn)
            }
        })
        .await?;
    let torn: usize = seen.iter().sum();
    check_eq!(torn, 0, "how many torn values were seen");
    Ok(())
}

/// One of the writers; the readers continue until the last has ended, however it ends.
struct Writing(Arc<AtomicUsize>);

impl Drop for Writing {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Written by one writer, from its first byte to its last.
fn is_whole(value: &[u8], size: usize) -> bool {
    let first = value.first().copied().unwrap_or_default();
    let writer = usize::from(first.wrapping_sub(b'a'));
    value.iter().all(|byte| *byte == first) && value.len() == size + writer
}

pub(crate) async fn callers_get_their_own_answers(bed: &Bed) -> Verdict {
    let store = bed.store()?;
    let name = bed.prefix();
    bed.race(RACERS, |racer| {
        let (store, name) = (store.clone(), name.clone());
        async move {
            for round in 0..30 {
                let key = format!("{name}:1:{racer}");
                let value = format!("{racer} in round {round}");
                store.set(&key, value.as_bytes(), MINUTE).await?;
                let found = store.get(&key).await?;
                check_eq!(found.as_deref(), Some(value.as_bytes()));
                let keys = [key.clone(), format!("{name}:1:missing")];
                let found = store.get_many(&keys).await?;
                check_eq!(found, [Some(value.into_bytes()), None]);
                check!(store.delete(&key).await?);
            }
            Ok(())
        }
    })
    .await?;
    Ok(())
}
