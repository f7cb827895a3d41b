//! Giving up: a future that is dropped after so many polls, or after so long.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use tokio::time::timeout;

use crate::dice::Dice;

/// The result of `call`, unless it is given up before.
pub(crate) async fn given_up<F: Future>(dice: &Dice, call: F) -> Option<F::Output> {
    match dice.below(4) {
        0 => Some(call.await),
        1 => {
            let patience = Duration::from_micros(dice.below(5000));
            timeout(patience, call).await.ok()
        }
        _ => after_polls(dice.below(12), call).await,
    }
}

async fn after_polls<F: Future>(mut polls: u64, call: F) -> Option<F::Output> {
    let mut call = pin!(call);
    poll_fn(move |task| {
        if polls == 0 {
            return Poll::Ready(None);
        }
        polls -= 1;
        match call.as_mut().poll(task) {
            Poll::Ready(result) => Poll::Ready(Some(result)),
            // At once, while what it waits for goes on.
            Poll::Pending if polls == 0 => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}
