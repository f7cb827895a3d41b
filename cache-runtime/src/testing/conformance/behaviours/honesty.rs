//! What a store says about itself is true: its capabilities, its blocking counterpart, its lifetime.

use std::future::poll_fn;
use std::task::{Context, Poll, Waker};

use super::super::bed::{Bed, MINUTE};
use super::super::failure::{Failure, Verdict, check, check_eq};
use crate::error::{CacheError, ErrorKind};
use crate::store::StoreFuture;

pub(crate) async fn it_can_do_what_it_says(bed: &Bed) -> Verdict {
    fn can<T>(answer: Result<T, CacheError>) -> Result<bool, CacheError> {
        match answer {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == ErrorKind::Unsupported => Ok(false),
            Err(error) => Err(error),
        }
    }
    let store = bed.store()?;
    let says = store.capabilities();
    check!(!store.itself().name().is_empty(), "it has a name");
    let key = format!("{}:1:key", bed.prefix());
    store.set(&key, b"1", MINUTE).await?;
    let can_list = can(store.keys(&format!("{key}:"), "*").await)?;
    check!(
        can_list || !says.list_keys,
        "it says `list_keys`, and lists"
    );
    let can_count = can(store.incr(&key, 1).await)?;
    check!(
        can_count || !says.atomic_incr,
        "it says `atomic_incr`, and counts"
    );
    check!(
        can(store.add(&key, b"2", MINUTE).await)?,
        "every store can add"
    );
    check!(
        can(store.touch(&key, MINUTE).await)?,
        "every store can touch"
    );
    check!(says.max_value != Some(0), "a value may have a length");
    let face = store.face().capabilities();
    check_eq!(face, says, "what its blocking face says");
    check_eq!(
        store.face().name(),
        store.itself().name(),
        "the name of its blocking face"
    );
    Ok(())
}

pub(crate) async fn a_blocking_face_answers_at_the_first_poll(bed: &Bed) -> Verdict {
    let store = bed.store()?;
    let Some(face) = store.itself().blocking() else {
        return Ok(());
    };
    let key = format!("{}:1:key", bed.prefix());
    let mut task = Context::from_waker(Waker::noop());
    let wait = Failure::new("the blocking face waits, and must block");
    let Poll::Ready(answer) = face.set(&key, b"1", MINUTE).as_mut().poll(&mut task) else {
        return Err(wait);
    };
    answer?;
    let Poll::Ready(answer) = face.get(&key).as_mut().poll(&mut task) else {
        return Err(wait);
    };
    check_eq!(answer?.as_deref(), Some(&b"1"[..]));
    let keys = [key.clone()];
    let Poll::Ready(answer) = face.get_many(&keys).as_mut().poll(&mut task) else {
        return Err(wait);
    };
    check_eq!(answer?.len(), 1);
    check!(
        face.blocking()
            .is_none_or(|again| again.name() == face.name())
    );
    Ok(())
}

pub(crate) async fn a_ping_is_answered(bed: &Bed) -> Verdict {
    bed.store()?.ping().await?;
    Ok(())
}

pub(crate) async fn a_closed_store_opens_again(bed: &Bed) -> Verdict {
    // Not the shared one, which others are using.
    let store = bed.lone_store()?;
    let key = format!("{}:1:key", bed.prefix());
    store.set(&key, b"1", MINUTE).await?;
    for _ in 0..2 {
        store.close().await?;
        store.close().await?;
        check_eq!(store.get(&key).await?.as_deref(), Some(&b"1"[..]));
    }
    check!(store.delete(&key).await?);
    Ok(())
}

/// Asks, and does not wait for the answer.
async fn begin_and_leave<T>(mut asked: StoreFuture<'_, T>) {
    poll_fn(|task| {
        let _ = asked.as_mut().poll(task);
        Poll::Ready(())
    })
    .await;
}

/// A caller may leave at any moment: its answer must not go to the next one.
pub(crate) async fn a_call_that_is_dropped_spoils_no_other(bed: &Bed) -> Verdict {
    if bed.blocks() {
        return Ok(());
    }
    let store = bed.store()?;
    let name = bed.prefix();
    let (one, two) = (format!("{name}:1:one"), format!("{name}:1:two"));
    store.set(&one, b"one", MINUTE).await?;
    store.set(&two, b"two", MINUTE).await?;
    let both = [one.clone(), two.clone()];
    for round in 0..40 {
        let face = store.face();
        if round % 2 == 0 {
            begin_and_leave(face.get(&one)).await;
        } else {
            begin_and_leave(face.get_many(&both)).await;
        }
        let found = store.get(&two).await?;
        check_eq!(found.as_deref(), Some(&b"two"[..]));
        check_eq!(store.get(&format!("{name}:1:none")).await?, None);
    }
    Ok(())
}
