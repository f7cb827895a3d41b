//! What the words of the scenarios mean for a `fn`.

macro_rules! cached {
    ($($function:tt)*) => { $($function)* };
}

macro_rules! done {
    ($call:expr) => {
        $call
    };
}

/// A call inside a body that may come back to it.
macro_rules! nested {
    ($call:expr) => {
        $call
    };
}

/// A call from a thread that runs nothing else.
macro_rules! on_thread {
    ($call:expr) => {
        $call
    };
}

macro_rules! scenario {
    (fn $name:ident($place:ident) $body:block) => {
        mod $name {
            use super::*;

            fn scenario($place: &Place) $body

            #[test]
            fn in_process() {
                scenario(&Place::in_process());
            }

            #[test]
            fn on_redis() {
                if let Some(place) = Place::on_redis() {
                    scenario(&place);
                }
            }
        }
    };
}

#[path = "calls.rs"]
mod calls;
#[path = "timeout.rs"]
mod timeout;
