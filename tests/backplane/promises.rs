//! What is so at every server.

use std::sync::Arc;
use std::time::Duration;

use cache_runtime::{ErrorKind, SIGN_OF_LIFE, Store};

use crate::redis_callers::current_thread;
use crate::world::{Listener, SOON, Told, publish};

/// All of it; each store is one of another process.
pub(crate) fn are_kept(stores: &[Arc<dyn Store>; 3]) {
    listeners_hear_all_in_order(stores);
    what_was_said_before_a_sign_of_life_was_heard_before_it(stores);
    odd_names_and_long_messages(stores);
    who_stops_hears_no_more(stores);
}

fn listeners_hear_all_in_order([store, one, two]: &[Arc<dyn Store>; 3]) {
    const COUNT: usize = 500;
    let listeners = [
        Listener::start(one, "order"),
        Listener::start(two, "order"),
        // Of the process that says it, too.
        Listener::start(store, "order"),
    ];
    let other = Listener::start(one, "orders");
    for number in 0..COUNT / 2 {
        publish(store, "order", &number.to_string());
    }
    current_thread().block_on(async {
        let backplane = store.backplane().unwrap();
        for number in COUNT / 2..COUNT {
            let message = number.to_string();
            backplane.publish("order", &message).await.unwrap();
        }
    });
    let wanted: Vec<String> = (0..COUNT).map(|number| number.to_string()).collect();
    for listener in listeners {
        let told = listener.wait_for_a_sign_of_life();
        assert_eq!(told[0], Told::Listening);
        assert_eq!(listener.messages(), wanted);
    }
    assert!(other.messages().is_empty());
}

fn what_was_said_before_a_sign_of_life_was_heard_before_it(
    [store, one, two]: &[Arc<dyn Store>; 3],
) {
    let listeners = [Listener::start(one, "life"), Listener::start(two, "life")];
    for number in 0..4 {
        let message = Told::Message(number.to_string());
        publish(store, "life", &number.to_string());
        for listener in &listeners {
            let told = listener.wait_for_a_sign_of_life();
            assert!(told.contains(&message), "{number}: {told:?}");
        }
    }
    // And they go on.
    std::thread::sleep(SIGN_OF_LIFE * 2);
    for listener in &listeners {
        let told = listener.wait_for_a_sign_of_life();
        let signs = told.iter().filter(|told| matches!(told, Told::Alive(_)));
        assert!((3..40).contains(&signs.count()), "{told:?}");
    }
}

fn odd_names_and_long_messages([store, one, _]: &[Arc<dyn Store>; 3]) {
    let long = "c".repeat(300);
    for channel in [
        "Upper and \"quoted\"",
        "*?[a-z]",
        "größe:1:f",
        "a';--\\",
        "",
        &long,
    ] {
        let listener = Listener::start(one, channel);
        publish(store, &channel.to_lowercase().replace(['"', '*'], ""), "no");
        let message = format!("{channel} {}", "m".repeat(7_000));
        publish(store, channel, &message);
        publish(store, channel, "größe \u{1f980} \"'\\ \r\n");
        publish(store, channel, "");
        listener.wait_for_a_sign_of_life();
        let mut heard = listener.messages();
        // Where the first name is the second.
        heard.retain(|message| message != "no");
        assert_eq!(heard, [&message, "größe \u{1f980} \"'\\ \r\n", ""]);
    }
}

fn who_stops_hears_no_more([store, one, two]: &[Arc<dyn Store>; 3]) {
    let gone = Listener::start(one, "stop");
    let stays = Listener::start(two, "stop");
    drop(gone);
    publish(store, "stop", "after");
    stays.wait_for_message("after");
    // And listens anew.
    let again = Listener::start(one, "stop");
    publish(store, "stop", "again");
    again.wait_for_message("again");
    stays.wait_for_message("again");
}

/// The listener is told what has happened when its connection is killed, and can listen again.
pub(crate) fn a_killed_connection_is_an_end(stores: &[Arc<dyn Store>; 3], kill: impl Fn()) {
    let [store, one, _] = stores;
    let listener = Listener::start(one, "end");
    listener.wait_for_a_sign_of_life();
    kill();
    let error = listener.end(SIGN_OF_LIFE + SOON);
    assert!(matches!(error.kind(), ErrorKind::Unavailable), "{error:?}");
    assert!(
        error.is_retryable() && error.operation() == "listen",
        "{error}"
    );
    let again = Listener::start(one, "end");
    publish(store, "end", "again");
    again.wait_for_message("again");
}

/// A server that hangs is found out by the next sign of life.
pub(crate) fn a_server_that_hangs_is_an_end(
    stores: &[Arc<dyn Store>; 3],
    op_timeout: Duration,
    pause: impl Fn(),
    resume: impl Fn(),
) {
    // Less than another limit.
    const SLACK: Duration = Duration::from_secs(2);
    let listener = Listener::start(&stores[1], "hang");
    listener.wait_for_a_sign_of_life();
    pause();
    let error = listener.end(SIGN_OF_LIFE + op_timeout + SLACK);
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error:?}");
    let again = Listener::begin(&stores[1], "hang");
    let error = again.end(SOON);
    assert!(error.is_retryable(), "{error:?}");
    resume();
    let again = Listener::start(&stores[1], "hang");
    publish(&stores[2], "hang", "again");
    again.wait_for_message("again");
}
