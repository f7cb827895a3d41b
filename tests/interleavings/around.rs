//! As much of the rest of the crate as the sources name.

/// What the sources know as `crate::value`.
pub(crate) mod value {
    use std::any::Any;
    use std::sync::Arc;

    pub(crate) type Cargo = Arc<dyn Any + Send + Sync>;
}

/// What the sources know as `crate::local`.
pub(crate) mod local {
    use std::hash::{BuildHasherDefault, DefaultHasher};

    #[derive(Debug, Clone, PartialEq, Eq, Hash)]
    pub(crate) struct FullKey(pub(crate) u64);

    impl FullKey {
        pub(crate) fn is_stored_as(&self, stored_hash: u64) -> bool {
            self.0 == stored_hash
        }
    }

    pub(crate) type Ready = BuildHasherDefault<DefaultHasher>;
}

/// What the sources know as `crate::observe`.
pub(crate) mod observe {
    use crate::life::Age;

    /// Nothing is counted here.
    pub(crate) struct Counter;

    impl Counter {
        pub(crate) fn of_read(_: Age, _: bool) -> Self {
            Self
        }
    }
}

/// What the sources know as `crate::context`: which flights this thread, or task, leads.
pub(crate) mod context {
    use std::cell::RefCell;
    use std::sync::Arc;

    use crate::flight::Flight;

    /// A body under way, and the one that called it.
    pub(crate) struct Frame {
        flight: Arc<Flight>,
        parent: Option<Arc<Frame>>,
    }

    pub(crate) struct Here {
        pub(crate) frame: Option<Arc<Frame>>,
    }

    shuttle::thread_local! {
        static FRAME: RefCell<Option<Arc<Frame>>> = RefCell::new(None);
    }

    pub(crate) fn here() -> Here {
        let frame = FRAME.with(|frame| frame.borrow().clone());
        Here { frame }
    }

    /// The bodies that a call begun now is inside of.
    pub(crate) struct Inside(Option<Arc<Frame>>);

    impl Frame {
        /// The body of `flight` begins in this thread; it ends with the guard.
        pub(crate) fn enter(flight: &Arc<Flight>) -> Inside {
            let parent = here().frame;
            let frame = Frame {
                flight: flight.clone(),
                parent: parent.clone(),
            };
            FRAME.with(|here| *here.borrow_mut() = Some(Arc::new(frame)));
            Inside(parent)
        }

        pub(crate) fn flights(frame: Option<&Arc<Frame>>) -> Vec<Arc<Flight>> {
            let mut flights = Vec::new();
            let mut next = frame;
            while let Some(frame) = next {
                flights.push(frame.flight.clone());
                next = frame.parent.as_ref();
            }
            flights
        }
    }

    impl Drop for Inside {
        fn drop(&mut self) {
            FRAME.with(|here| *here.borrow_mut() = self.0.take());
        }
    }
}
