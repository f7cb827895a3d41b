//! One entry of a cached function, by its arguments; the type that its methods handle follows from the
//! function's return type.
//!
//! `Entry<R>` is generic over the return type as it is written. Which part of it is kept is found as
//! method resolution walks the chain of `Deref`: `Result<Option<T>, E>`, then `Result<T, E>` and
//! `Option<T>`, then anything else. The levels are those of `keep.rs`, where the function decides.

use std::any::Any;
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;

use crate::cache::Cache;
use crate::cache::registry;
use crate::error::{CacheError, ErrorKind};
use crate::keep::Keep;
use crate::key::call_key::Key;
use crate::mode::{Mode, block_on};
use crate::recovery;
use crate::target::{Cause, Kept, Making, Started, Target};
use crate::timeout::Timeout;
use crate::value::{Form, How, Portable};

/// What an entry knows: where it is, and how long a value set by hand lives.
pub(crate) struct Known {
    key: Key<'static>,
    /// `cache = …`, if it is a cache rather than an alias.
    cache: Option<Cache>,
    timeout: Timeout,
    /// `timeout = |v| …`: a `TimeoutFn` of the kept type.
    timeout_of: Option<Box<dyn Any + Send + Sync>>,
    /// `cache_none = …`: an `IsNone` of the kept type.
    is_none: Option<Box<dyn Any + Send + Sync>>,
    /// `tags(…)`: those that do not depend on the value.
    tags: Vec<String>,
    /// Those that do: each a `TagsFn` of the kept type.
    tags_of: Vec<Box<dyn Any + Send + Sync>>,
}

fn too_large() -> CacheError {
    CacheError::new(
        ErrorKind::TooLarge,
        "the value is larger than max_value_size, or than the store takes: raise that, or keep less",
    )
    .in_operation("set")
}

struct IsNone<V>(fn(&V) -> bool);

struct TimeoutFn<V>(Box<dyn Fn(&V) -> Timeout + Send + Sync>);

/// Adds the tags of a value to those already there.
type AddTags<V> = dyn Fn(&V, &mut Vec<String>) + Send + Sync;

struct TagsFn<V>(Box<AddTags<V>>);

impl Known {
    fn new(key: Key<'_>) -> Arc<Self> {
        Arc::new(Self {
            timeout: key.site.timeout,
            cache: key.cache.cloned(),
            key: key.detached(),
            timeout_of: None,
            is_none: None,
            tags: Vec::new(),
            tags_of: Vec::new(),
        })
    }

    fn target(&self) -> Result<Target, CacheError> {
        match &self.cache {
            Some(cache) => {
                self.key.site.note_own_cache();
                Target::function(&self.key, cache)
            }
            None => Target::function(&self.key, &registry::cache_of(self.key.site)?),
        }
    }

    async fn get<V>(&self, mode: Mode, how: &How<V>) -> Result<Option<V>, CacheError> {
        self.target()?.read(mode, how).await
    }

    pub(crate) async fn set<V: 'static>(
        &self,
        mode: Mode,
        how: &How<V>,
        value: &V,
    ) -> Result<(), CacheError> {
        let target = self.target()?;
        let is_none = self.is_none(value);
        let of_value = if is_none {
            Some(self.key.site.none_timeout).filter(|none| *none != Timeout::Default)
        } else {
            self.timeout_of
                .as_ref()
                .and_then(|timeout| timeout.downcast_ref::<TimeoutFn<V>>())
                .map(|timeout| (timeout.0)(value))
        };
        let timeout = target
            .defaults()
            .rule(of_value.unwrap_or_default(), self.timeout, is_none)
            .jittered(self.key.site.jitter);
        let _overtaking = target.overtake(mode).await;
        let making = Making {
            started: Started::of(&target),
            tags: self.tags_of(value),
            flight: None,
            cause: Cause::Wanted,
        };
        let written = target.write(mode, how, (how.duplicate)(value), timeout, making);
        let failed = match written.await {
            Ok(Kept::TooLarge) => too_large().on_key(target.stored_key().unwrap_or_default()),
            Ok(Kept::Yes | Kept::Overtaken) => return Ok(()),
            Err(error) => error,
        };
        // What is there is not what it should be. If the store cannot be reached, its removal is owed already.
        if !recovery::leaves_it(&failed) {
            target.delete(mode).await?;
        }
        Err(failed)
    }

    /// Returns whether this is a `None` that `cache_none` keeps.
    fn is_none<V: 'static>(&self, value: &V) -> bool {
        let is_none = self.is_none.as_ref();
        is_none
            .and_then(|is_none| is_none.downcast_ref::<IsNone<V>>())
            .is_some_and(|is_none| (is_none.0)(value))
    }

    fn tags_of<V: 'static>(&self, value: &V) -> Vec<String> {
        let mut tags = self.tags.clone();
        for of_value in &self.tags_of {
            if let Some(of_value) = of_value.downcast_ref::<TagsFn<V>>() {
                (of_value.0)(value, &mut tags);
            }
        }
        tags
    }

    pub(crate) async fn delete(&self, mode: Mode) -> Result<bool, CacheError> {
        self.target()?.delete(mode).await
    }

    async fn expire(&self, mode: Mode) -> Result<bool, CacheError> {
        self.target()?.expire(mode).await
    }

    async fn touch(&self, mode: Mode, timeout: Timeout) -> Result<bool, CacheError> {
        self.target()?.touch(mode, timeout).await
    }

    fn whole_key(&self) -> Result<String, CacheError> {
        self.target()?.whole_key()
    }
}

/// A return type that is a bare type parameter: kept as a whole, whatever it stands for.
#[doc(hidden)]
#[derive(Debug)]
pub struct Opaque<R>(PhantomData<fn() -> R>);

/// The return type of a function with `cache_none`: an `Option` is kept as a whole.
#[doc(hidden)]
#[derive(Debug)]
pub struct NoneToo<R>(PhantomData<fn() -> R>);

macro_rules! entry {
    ($(#[$doc:meta])* $entry:ident, $link1:ident, $link2:ident, $mode:expr, $answer:ident, [$($async:tt)?]) => {
        $(#[$doc])*
        pub struct $entry<R, F = Portable>($link1<R, F>);
        /// The link of the chain that tells `Result<T, E>` and `Option<T>` apart.
        #[doc(hidden)]
        #[allow(missing_debug_implementations)]
        pub struct $link1<R, F>($link2<R, F>);
        /// The end of the chain: any other type.
        #[doc(hidden)]
        #[allow(missing_debug_implementations)]
        pub struct $link2<R, F>(Arc<Known>, PhantomData<fn() -> (R, F)>);

        impl<R, F> Deref for $entry<R, F> {
            type Target = $link1<R, F>;
            fn deref(&self) -> &$link1<R, F> {
                &self.0
            }
        }

        impl<R, F> Deref for $link1<R, F> {
            type Target = $link2<R, F>;
            fn deref(&self) -> &$link2<R, F> {
                &self.0
            }
        }

        impl<R, F> $entry<R, F> {
            #[doc(hidden)]
            #[must_use]
            pub fn __new(key: Key<'_>) -> Self {
                Self::of(Known::new(key))
            }

            fn of(known: Arc<Known>) -> Self {
                Self($link1($link2(known, PhantomData)))
            }

            #[doc(hidden)]
            #[must_use]
            pub fn __timeout(mut self, timeout: impl Into<Timeout>) -> Self {
                if let Some(known) = Arc::get_mut(&mut self.0.0.0) {
                    known.timeout = timeout.into();
                }
                self
            }

            #[doc(hidden)]
            #[must_use]
            pub fn __tags(mut self, tags: impl IntoIterator<Item = String>) -> Self {
                if let Some(known) = Arc::get_mut(&mut self.0.0.0) {
                    known.tags.extend(tags);
                }
                self
            }

            #[doc(hidden)]
            #[must_use]
            pub fn __tags_of<Q, K, I, W>(mut self, _: K, tags: W) -> Self
            where
                K: Keep<Q>,
                K::Value: 'static,
                I: IntoIterator<Item = String>,
                W: Fn(&K::Value) -> I + Send + Sync + 'static,
            {
                if let Some(known) = Arc::get_mut(&mut self.0.0.0) {
                    let tags = TagsFn::<K::Value>(Box::new(move |value, all| all.extend(tags(value))));
                    known.tags_of.push(Box::new(tags));
                }
                self
            }

            #[doc(hidden)]
            #[must_use]
            pub fn __none_of<Q, K>(mut self, _: K) -> Self
            where
                K: Keep<Q>,
                K::Value: 'static,
            {
                if let Some(known) = Arc::get_mut(&mut self.0.0.0) {
                    known.is_none = Some(Box::new(IsNone::<K::Value>(K::is_none)));
                }
                self
            }

            #[doc(hidden)]
            #[must_use]
            pub fn __timeout_of<Q, K, T, W>(mut self, _: K, timeout: W) -> Self
            where
                K: Keep<Q>,
                K::Value: 'static,
                T: Into<Timeout>,
                W: Fn(&K::Value) -> T + Send + Sync + 'static,
            {
                if let Some(known) = Arc::get_mut(&mut self.0.0.0) {
                    let timeout = TimeoutFn::<K::Value>(Box::new(move |value| timeout(value).into()));
                    known.timeout_of = Some(Box::new(timeout));
                }
                self
            }
        }

        impl<R, F> $link2<R, F> {
            /// Returns the whole key, as `redis-cli` shows it: `task_api:1:user_tasks:9f3c…`; empty if the
            /// arguments cannot be made into a key or there is no such cache.
            #[must_use]
            pub fn key(&self) -> String {
                self.0.whole_key().unwrap_or_default()
            }

            /// Deletes the entry; returns whether it was there.
            ///
            /// # Errors
            ///
            /// Any error of the store, or of finding the cache or the key.
            pub $($async)? fn delete(&self) -> Result<bool, CacheError> {
                $answer!(self.0.delete($mode))
            }

            /// Ends the entry's timeout; returns whether it was fresh. With `stale`, its value stays for
            /// callers that cannot get a new one: while one of them runs the function, or when that fails.
            ///
            /// # Errors
            ///
            /// Any error of the store, or of finding the cache or the key.
            pub $($async)? fn expire(&self) -> Result<bool, CacheError> {
                $answer!(self.0.expire($mode))
            }

            /// Gives the entry a new timeout, starting now; returns whether it was there.
            ///
            /// # Errors
            ///
            /// Any error of the store, or of finding the cache or the key.
            pub $($async)? fn touch(&self, timeout: impl Into<Timeout>) -> Result<bool, CacheError> {
                $answer!(self.0.touch($mode, timeout.into()))
            }
        }

        entry!(@values $entry [T] Opaque<T>, $mode, $answer, [$($async)?]);
        entry!(@values $entry [T, E] NoneToo<Result<T, E>>, $mode, $answer, [$($async)?]);
        entry!(@values $entry [T] NoneToo<Option<T>> as Option<T>, $mode, $answer, [$($async)?]);
        entry!(@values $link1 [T] NoneToo<T>, $mode, $answer, [$($async)?]);
        entry!(@values $entry [T, E] Result<Option<T>, E>, $mode, $answer, [$($async)?]);
        entry!(@values $link1 [T, E] Result<T, E>, $mode, $answer, [$($async)?]);
        entry!(@values $link1 [T] Option<T>, $mode, $answer, [$($async)?]);
        entry!(@values $link2 [T] T, $mode, $answer, [$($async)?]);

        impl<R, F> std::fmt::Debug for $entry<R, F> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($entry)).field("key", &self.key()).finish()
            }
        }
    };
    (@values $entry:ident [$($generics:ident),*] $result:ty, $mode:expr, $answer:ident, [$($async:tt)?]) => {
        entry!(@values $entry [$($generics),*] $result as T, $mode, $answer, [$($async)?]);
    };
    (@values $entry:ident [$($generics:ident),*] $result:ty as $value:ty, $mode:expr, $answer:ident, [$($async:tt)?]) => {
        impl<$($generics,)* F> $entry<$result, F> {
            /// Returns what is cached, without running the function.
            ///
            /// # Errors
            ///
            /// Any error of the store, or of finding the cache or the key.
            pub $($async)? fn get(&self) -> Result<Option<$value>, CacheError>
            where
                F: Form<$value>,
                $value: Clone + Send + Sync + 'static,
            {
                $answer!(self.known().get($mode, F::HOW))
            }

            /// Stores this value, with the function's timeout: write-through.
            ///
            /// # Errors
            ///
            /// Any error of the store, or of finding the cache or the key; kind `TooLarge` over
            /// `max_value_size`. Unless the store cannot be reached, the old value is then removed.
            pub $($async)? fn set(&self, value: &$value) -> Result<(), CacheError>
            where
                F: Form<$value>,
                $value: Clone + Send + Sync + 'static,
            {
                $answer!(self.known().set($mode, F::HOW, value))
            }
        }
    };
}

macro_rules! awaited {
    ($future:expr) => {
        $future.await
    };
}

macro_rules! blocked {
    ($future:expr) => {
        block_on($future)
    };
}

entry! {
    /// One entry of a cached `async fn`, by its arguments: `get_user_tasks::entry(7, None)`.
    ///
    /// `get` and `set` handle what is kept of the function's result: the `T` of a `Result<T, E>`, of
    /// an `Option<T>` and of a `Result<Option<T>, E>`.
    ///
    /// All of these methods but `key` and `blocking` are `async`, and return an error where the store cannot be
    /// asked:
    ///
    /// | method | does |
    /// | --- | --- |
    /// | `key()` | returns the whole key, as `redis-cli` shows it; empty if there is none |
    /// | `get()` | returns the kept value, if it is there and fresh |
    /// | `set(&value)` | writes it, with the function's timeout and tags |
    /// | `delete()` | deletes it; true if it was there |
    /// | `expire()` | ends its timeout and leaves the value to `stale`; true if it was fresh |
    /// | `touch(timeout)` | gives it a new timeout; true if it was there |
    /// | `blocking()` | returns the same entry for callers that do not `await` |
    Entry, EntryLink1, EntryLink2, Mode::Async, awaited, [async]
}

entry! {
    /// One entry of a cached `fn`, by its arguments: an [`Entry`] with the same methods, which block.
    ///
    /// | method | does |
    /// | --- | --- |
    /// | `key()` | returns the whole key, as `redis-cli` shows it; empty if there is none |
    /// | `get()` | returns the kept value, if it is there and fresh |
    /// | `set(&value)` | writes it, with the function's timeout and tags |
    /// | `delete()` | deletes it; true if it was there |
    /// | `expire()` | ends its timeout and leaves the value to `stale`; true if it was fresh |
    /// | `touch(timeout)` | gives it a new timeout; true if it was there |
    /// | `awaiting()` | returns the same entry for callers that `await` |
    BlockingEntry, BlockingLink1, BlockingLink2, Mode::Blocking, blocked, []
}

impl<R, F> EntryLink2<R, F> {
    fn known(&self) -> &Known {
        &self.0
    }
}

impl<R, F> BlockingLink2<R, F> {
    fn known(&self) -> &Known {
        &self.0
    }
}

impl<R, F> Entry<R, F> {
    pub(crate) fn known(&self) -> Arc<Known> {
        self.0.0.0.clone()
    }

    /// Returns the same entry for callers that do not `await`.
    #[must_use]
    pub fn blocking(&self) -> BlockingEntry<R, F> {
        BlockingEntry::of(self.0.0.0.clone())
    }
}

impl<R, F> BlockingEntry<R, F> {
    /// Returns the same entry for callers that `await`.
    #[must_use]
    pub fn awaiting(&self) -> Entry<R, F> {
        Entry::of(self.0.0.0.clone())
    }
}
