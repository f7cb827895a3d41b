//! The conformance suite: what every store does alike, as named behaviours, to run on a store of your own.
//!
//! ```
//! use cache_runtime::testing::conformance::Suite;
//! # use cache_runtime::{Store, StoreFuture};
//! # use std::{collections::HashMap, sync::Mutex, time::{Duration, Instant}};
//! # type Kept = (Vec<u8>, Option<Instant>);
//! # #[derive(Default)] struct MyStore(Mutex<HashMap<String, Kept>>);
//! # impl Store for MyStore {
//! #     fn name(&self) -> &'static str { "mine" }
//! #     fn get<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Vec<u8>>> { Box::pin(async move {
//! #         let kept = self.0.lock().unwrap().get(key).cloned();
//! #         Ok(kept.filter(|(_, end)| end.is_none_or(|end| end > Instant::now())).map(|kept| kept.0))
//! #     }) }
//! #     fn set<'a>(&'a self, key: &'a str, value: &'a [u8], ttl: Option<Duration>) -> StoreFuture<'a, ()> {
//! #         Box::pin(async move {
//! #             let end = ttl.and_then(|ttl| Instant::now().checked_add(ttl));
//! #             self.0.lock().unwrap().insert(key.to_owned(), (value.to_owned(), end));
//! #             Ok(())
//! #         })
//! #     }
//! #     fn delete<'a>(&'a self, key: &'a str) -> StoreFuture<'a, bool> { Box::pin(async move {
//! #         let kept = self.0.lock().unwrap().remove(key);
//! #         Ok(kept.is_some_and(|(_, end)| end.is_none_or(|end| end > Instant::now())))
//! #     }) }
//! # }
//!
//! let report = Suite::of_store(MyStore::default).run();
//! println!("{report}");      // a table: behaviour by (type, Box<dyn>, Arc<dyn>)
//! report.assert_passed();    // in a #[test]
//! ```
//!
//! Each behaviour is run for callers that await and for callers that block, under a key prefix of its
//! own; many at once, since some wait for entries to expire. A store that says (with an error of kind
//! `Unsupported`) that it cannot do something has not failed: the table shows a `–`. What its
//! [`Capabilities`](crate::Capabilities) claim, it has to do.
//!
//! ```text
//! list.rs         the list, with the counterparts in Django's own suite
//! behaviours/     the behaviours, by theme
//! bed.rs          what a behaviour is run on: a store, a kind of caller, a way to let time pass
//! speaker.rs      a caller of a cache, who awaits or blocks
//! raw.rs          a caller of a store, who awaits or blocks
//! failure.rs      what a behaviour says when it is not kept
//! suite.rs        what is run on which store, and how
//! run.rs          running: on threads or in one task, and none for ever
//! gather.rs       many futures in one task
//! report.rs       the table
//! ```
//!
//! Of the 54 tests that Django runs on each of its backends, these have no counterpart: the three
//! about model instances (`cache_read_for_model_instance` and two more: values here have no deferred
//! fields and run no code when they are read), `cache_write_unpicklable_object` (a response in a
//! middleware), and `zero_cull` (`cull_frequency` is tested with each store that limits itself).

mod bed;
mod behaviours;
mod failure;
mod gather;
mod list;
mod raw;
mod report;
mod run;
mod speaker;
mod suite;

pub use list::{Behaviour, behaviours};
pub use report::Report;
pub use suite::{Running, Suite};
