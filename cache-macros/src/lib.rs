//! The attribute macros of `cache-runtime`, which re-exports and documents them.
//!
//! The path through this crate, in the order of its files:
//!
//! ```text
//! args.rs    what the attribute says        (value.rs, duration.rs, tag.rs, suggest.rs)
//! model.rs   what the function is           (boxed.rs: the shape of #[async_trait])
//! plan.rs    both together: where things go
//! check.rs   every rule, all mistakes at once
//! expand.rs  the output, one file for each part of it
//!
//! event.rs   the same way for cache_put and cache_evict: check/events.rs, expand/events.rs
//! fuzz.rs    the whole as a target for fuzzing
//! ```

#![forbid(unsafe_code)]

mod args;
mod boxed;
mod check;
mod duration;
mod errors;
mod event;
mod expand;
#[cfg(any(test, cache_fuzz))]
pub mod fuzz;
mod mentions;
mod model;
mod plan;
mod suggest;
mod tag;
mod value;

#[cfg(test)]
mod tests;

// When it is fuzzed, it is a library, which has no macros.
#[cfg(not(cache_fuzz))]
use proc_macro::TokenStream;

/// Keeps the results of a function, and returns them to later calls with the same arguments.
///
/// ```ignore
/// use cache_runtime::cache_result;
///
/// /// The user's tasks, newest first.
/// #[cache_result(timeout = 600, key_prefix = "user_tasks")]
/// pub async fn get_user_tasks(user_id: u64, status: Option<&str>) -> Result<Vec<Task>, DbError> {
///     db::tasks(user_id, status).await
/// }
/// ```
///
/// Callers need no change. Of a `Result` only `Ok` is kept, of an `Option` only `Some`.
///
/// It works on free functions, methods, associated functions, `fn` and `async fn`, in traits and
/// under `#[async_trait]`.
///
/// # Arguments
///
/// | argument | meaning |
/// | --- | --- |
/// | `timeout = 600` | how long a result lives: seconds, `"10m"`, `never`, an expression (over the arguments, evaluated on a miss), or a closure over the value; `ttl` is the same |
/// | `key_prefix = "user_tasks"` | the first part of the key; by default, the path of the function |
/// | `key(id, filter.name)` | what the key is made of; by default, every argument but `self` |
/// | `skip(pool)` | uses all arguments except these; `skip(self)`: all instances share the entries |
/// | `kwargs(status)` | makes these enter the key as Python keyword arguments |
/// | `name = "get_user_tasks"` | the function's name in the key |
/// | `cache = "sessions"` | which cache: an alias, or an expression giving a `Cache` |
/// | `version = 2` | the version of the key |
/// | `tags("user:{user_id}", "team:{result.team}")` | labels by which entries are invalidated together: strings whose placeholders are expressions over the arguments and `result`, the value that is kept; also expressions (`TASKS`), and `..` before one that gives many |
/// | `when = \|value\| !value.is_empty()` | keeps the result only if true |
/// | `cache_none`, `cache_none = 30`, `cache_none = never` | keep `None` too, for a time of its own if given |
/// | `jitter = 0.1` | shortens the timeout by a random share of up to this |
/// | `stale = "1h"` | keeps the old value this long after the timeout: for the other callers while one runs the function, and for all when it fails |
/// | `refresh_ahead = 0.8` | makes a read past this share of the timeout start one refresh in the background; needs owned arguments |
/// | `early`, `early = 1.0` | makes a randomly chosen reader compute the next value before the timeout; arguments may be borrowed |
/// | `soft_timeout = "100ms"` | serves the old value after this long, while the function finishes in the background; needs `stale` and owned arguments |
/// | `hard_timeout = "2s"` | gives up after this long; needs `E: From<CacheError>`, and on a `fn` owned arguments |
/// | `lock`, `lock = "2m"` | allows one execution across all processes that share the store |
/// | `wait = "5s"` | how long to wait for another caller's execution |
/// | `strict` | returns an error of the store instead of computing; needs `E: From<CacheError>` |
/// | `local` | keeps results in process only: the value needs `Clone + Send + Sync`, no serde |
/// | `batch = load_many` | a function over `&[item]` that is called once for all the items of `many` and `warm` that have no entry |
/// | `associated` | says that this is an associated function without `self` |
/// | `handle = tasks_cache` | another name for the handle; or the name of a private method's companions |
/// | `crate = ::path` | where the runtime is, if it is renamed or re-exported |
///
/// An attribute cannot see the `impl` around a function. The error "struct is not supported in
/// `trait`s or `impl`s" means that `associated` is missing.
///
/// # The handle
///
/// A free function gets a type of the same name beside it, and a method with a visibility
/// gets methods whose names begin with its own:
///
/// ```ignore
/// get_user_tasks::entry(7, None).delete().await?;   // also key, get, set, touch
/// get_user_tasks::refresh(7, None).await?;          // run now, and keep the result
/// get_user_tasks::uncached(7, None).await?;         // run, and leave the cache alone
/// get_user_tasks::clear().await?;                   // forget every entry
/// get_user_tasks::stats();                          // hits, misses, ..
/// get_user_tasks::many([(7, None), (8, None)]).await;   // a result for each, in order
/// get_user_tasks::warm([(7, None), (8, None)]).await;   // makes entries, and reports
/// service.get_entry(7).delete().await?;             // a method's; also get_refresh, get_many, ..
/// ```
///
/// # Many at once
///
/// `many` takes an iterator of items and returns the function's result for each, in order. An item is
/// the tuple of the function's arguments; if there is only one, it is the argument itself: `many([7, 8])`.
/// What is in process is served from there, one round trip asks the shared store for the rest, and the
/// function runs for what is missing in both: for an `async fn`, sixteen calls at a time; for a `fn`, one after
/// the other. Each item is treated like a call of its own. More than a thousand items are split into parts.
///
/// `warm` makes the entries that are missing, some at a time, and reports the result. It draws a
/// progress bar if stderr is a terminal; `.concurrency(n)`, `.quiet()`, `.on_progress(|done, total| ..)`
/// and `.refresh()` change that. For a `fn`, the chain ends in `.run()`. Items are taken from the iterator as
/// they are needed.
///
/// A function with an `impl Trait` argument, or a method that takes `&mut self` or `self` (except as an
/// `Arc<Self>`), has neither.
///
/// # A batch function
///
/// ```ignore
/// #[cache_result(timeout = 600, skip(db), batch = load_many)]
/// pub async fn load(db: &Db, id: u64) -> Result<Option<User>, DbError> { .. }
///
/// /// Those that there are, as `SELECT .. WHERE id IN (..)` finds them.
/// async fn load_many(db: &Db, ids: &[u64]) -> Result<HashMap<u64, User>, DbError> { .. }
/// ```
///
/// `many` and `warm` call it once for all items that have no entry, and keep each result as if the
/// function had returned it. It takes what the function takes, but with a slice of items instead of the
/// arguments that tell calls apart: first `self`, if it is named by `batch = Self::load_many`, then the skipped
/// arguments, which are those of the first item, then the slice. If the function returns `R`, it may
/// return
///
/// - a `Vec<R>`, with one result for each item and in their order;
/// - a map from items to `R`; the function is called for the items that are missing;
/// - if `R` is an `Option<T>`, a map from items to `T`; what is missing is `None`;
/// - if `R` is a `Result<T, E>` with `E: Clone`, a `Result` of any of these, whose error is that of
///   all items.
///
/// If a `Vec` has another length, that is logged once, and the function is called for each item. A
/// `hard_timeout` also applies to the batch function of an `async fn`; that of a `fn` cannot be
/// stopped.
#[cfg(not(cache_fuzz))]
#[proc_macro_attribute]
pub fn cache_result(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::cache_result(args.into(), item.into()).into()
}

/// Writes what the function returns into entries of cached functions, if it has succeeded.
///
/// ```ignore
/// #[cache_put(get_task::entry(task_id))]
/// pub async fn update_task(task_id: u64, patch: Patch) -> Result<Task, DbError> { .. }
/// ```
///
/// What is written is what `#[cache_result]` would keep: of a `Result` only `Ok`, of an `Option` only
/// `Some`. It lives as long as the entry's own function says, and has the tags that it gives.
///
/// Takes entries, separated by commas: `get_task::entry(id)`, a method's `service.get_entry(id)`, or a
/// loop that gives entries. They may use the arguments, and `result`: the value that is written. Everything else
/// is as for [`macro@cache_evict`].
#[cfg(not(cache_fuzz))]
#[proc_macro_attribute]
pub fn cache_put(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::event(event::Kind::Put, args.into(), item.into()).into()
}

/// Deletes entries of cached functions if the function has succeeded.
///
/// ```ignore
/// #[cache_evict(
///     get_task::entry(task_id),
///     get_user_tasks::entry(result.user_id, None),
///     result.watchers.iter().map(|user| get_user_tasks::entry(*user, None)),
///     tag("user:{result.user_id}"),
///     clear(get_all_tasks),
/// )]
/// pub async fn update_task(task_id: u64, patch: Patch) -> Result<Task, DbError> { .. }
/// ```
///
/// | argument | effect |
/// | --- | --- |
/// | `get_task::entry(id)`, `service.get_entry(id)` | deletes one entry, of a `fn` or an `async fn` alike |
/// | an iterator, a `Vec`, an `Option` of entries | deletes each of them |
/// | `tag("user:{user_id}", ..)` | deletes all entries with these tags, written as in `tags(..)` of `cache_result` |
/// | `clear(get_tasks)` | deletes all entries of a function |
/// | `cache = "sessions"` | sets the cache of the tags, and of `clear(..)` where it is not the function's own: an alias or an expression; by default, `default` |
/// | `crate = ::path` | says where the runtime is, if it is renamed or re-exported |
///
/// # When
///
/// An `Err` changes nothing; any other result is a success. `result` is the innermost value: the `T`
/// of a `Result<T, E>`, of an `Option<T>` and of a `Result<Option<T>, E>`; if there is none (an
/// `Ok(None)`), expressions that mention it are skipped.
///
/// Expressions that do not mention `result` are evaluated before the body, the rest after it, with clones of the
/// arguments that they use. Deletions come before writes, in whichever order the
/// attributes stand. On a function that is itself cached, they are part of its body: a hit changes
/// nothing.
///
/// A store that fails does not affect what the function returns: it is logged and counted, and the
/// entry is not read until it has been deleted. If the caller of an `async fn` goes away while entries
/// are being deleted, the rest is done in the background.
#[cfg(not(cache_fuzz))]
#[proc_macro_attribute]
pub fn cache_evict(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::event(event::Kind::Evict, args.into(), item.into()).into()
}
