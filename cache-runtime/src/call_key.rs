//! The key of one call, as the expansion builds it: the function, and the arguments as bytes.

use crate::cache::Cache;
use crate::key::{KeyError, Tree};
use crate::site::Site;
use crate::types;
use crate::value::CacheKey;
use crate::version::Version;

/// The key of one call.
#[allow(missing_debug_implementations)]
pub struct Key {
    pub(crate) site: &'static Site,
    pub(crate) tree: Tree,
    pub(crate) cache: Option<Cache>,
    pub(crate) version: Option<Version>,
    /// An argument could not be encoded: the call runs uncached.
    pub(crate) broken: Option<KeyError>,
}

impl Key {
    /// The key of a call of this function, its arguments to follow.
    #[inline(always)]
    #[must_use]
    pub fn of(site: &'static Site) -> Self {
        Self {
            site,
            tree: Tree::default(),
            cache: None,
            version: None,
            broken: None,
        }
    }

    /// The type that the impl is for. Only where it differs between calls is it a part of the key.
    #[inline(always)]
    #[must_use]
    pub fn owner<T: ?Sized>(mut self) -> Self {
        if self.site.has_generic_self::<T>() {
            self.tree.push_type(types::number::<T>());
        }
        self
    }

    /// The piece of code, by a closure in it, which has all type parameters around it: those of an
    /// impl or a trait too. Only where they differ between calls are they a part of the key.
    #[inline(always)]
    #[must_use]
    pub fn within<C>(mut self, _: &C) -> Self {
        if self.site.is_generic_around::<C>() {
            self.tree.push_type(types::number::<C>());
        }
        self
    }

    /// The type of an argument that is `impl Trait`.
    #[inline(always)]
    #[must_use]
    pub fn ty_of<T: ?Sized>(self, _: &T) -> Self {
        self.ty::<T>()
    }

    /// A type parameter.
    #[inline(always)]
    #[must_use]
    pub fn ty<T: ?Sized>(mut self) -> Self {
        self.tree.push_type(types::number::<T>());
        self
    }

    /// A const parameter.
    #[inline(always)]
    #[must_use]
    pub fn constant<T: CacheKey + ?Sized>(mut self, value: &T) -> Self {
        let pushed = self.tree.push_const(value);
        self.checked(pushed)
    }

    /// A positional argument.
    #[inline(always)]
    #[must_use]
    pub fn arg<T: CacheKey + ?Sized>(mut self, value: &T) -> Self {
        let pushed = self.tree.push(value);
        self.checked(pushed)
    }

    /// A keyword argument.
    #[inline(always)]
    #[must_use]
    pub fn kwarg<T: CacheKey + ?Sized>(mut self, name: &str, value: &T) -> Self {
        let pushed = self.tree.push_kwarg(name, value);
        self.checked(pushed)
    }

    /// `cache = …`
    #[inline(always)]
    #[must_use]
    pub fn in_cache(mut self, cache: &Cache) -> Self {
        self.cache = Some(cache.clone());
        self
    }

    /// `version = …`
    #[inline(always)]
    #[must_use]
    pub fn version(mut self, version: impl Into<Version>) -> Self {
        self.version = Some(version.into());
        self
    }

    /// Whether there is nothing to drop in it.
    #[inline(always)]
    pub(crate) fn is_light(&self) -> bool {
        self.tree.is_inline() && self.cache.is_none() && self.broken.is_none()
    }

    #[inline(always)]
    fn checked(mut self, pushed: Result<(), KeyError>) -> Self {
        if let Err(error) = pushed {
            self.broken.get_or_insert(error);
        }
        self
    }
}
