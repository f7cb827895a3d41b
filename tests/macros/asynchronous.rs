//! What the words of the scenarios mean for an `async fn`; every scenario's future is `Send`.

macro_rules! cached {
    ($(#[$($attribute:tt)*])* $visibility:vis fn $($rest:tt)*) => {
        $(#[$($attribute)*])* $visibility async fn $($rest)*
    };
}

macro_rules! done {
    ($call:expr) => {
        $call.await
    };
}

/// A call inside a body that may come back to it.
macro_rules! nested {
    ($call:expr) => {
        Box::pin($call).await
    };
}

/// A call from a thread that runs nothing else.
macro_rules! on_thread {
    ($call:expr) => {
        futures_executor::block_on($call)
    };
}

macro_rules! scenario {
    (fn $name:ident($place:ident) $body:block) => {
        mod $name {
            use super::*;

            async fn scenario($place: &Place) $body

            #[test]
            fn in_process() {
                let place = Place::in_process();
                futures_executor::block_on(is_send(scenario(&place)));
            }

            #[test]
            fn on_redis() {
                if let Some(place) = Place::on_redis() {
                    on_tokio(is_send(scenario(&place)));
                }
            }
        }
    };
}

#[path = "calls.rs"]
mod calls;
#[path = "timeout.rs"]
mod timeout;
