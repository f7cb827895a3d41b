//! The key of one call, as the expansion builds it: the function, and the arguments as bytes.

use crate::cache::Cache;
use crate::key::types;
use crate::key::version::Version;
use crate::key::{KeyError, Tree};
use crate::site::Site;
use crate::value::CacheKey;

/// The key of one call.
#[allow(missing_debug_implementations)]
pub struct Key<'c> {
    pub(crate) site: &'static Site,
    /// Broken if an argument could not be encoded: the call then runs uncached.
    pub(crate) tree: Tree,
    pub(crate) cache: Option<&'c Cache>,
    pub(crate) version: Option<Version>,
}

impl<'c> Key<'c> {
    /// Starts the key of a call of this function, whose arguments follow.
    #[inline(always)]
    #[must_use]
    pub fn of(site: &'static Site) -> Self {
        Self {
            site,
            tree: Tree::default(),
            cache: None,
            version: None,
        }
    }

    /// Adds the type of the impl. It is part of the key only if it differs between calls.
    #[inline(always)]
    pub fn owner<T: ?Sized>(&mut self) -> &mut Self {
        if self.site.has_generic_self::<T>() {
            self.tree.push_type(types::number::<T>());
        }
        self
    }

    /// Adds the piece of code, given by a closure in it, which has all type parameters around it, including those
    /// of an impl or a trait. They are part of the key only if they differ between calls.
    #[inline(always)]
    pub fn within<C>(&mut self, _: &C) -> &mut Self {
        if self.site.is_generic_around::<C>() {
            self.tree.push_type(types::number::<C>());
        }
        self
    }

    /// Adds the type of an argument that is `impl Trait`.
    #[inline(always)]
    pub fn ty_of<T: ?Sized>(&mut self, _: &T) -> &mut Self {
        self.ty::<T>()
    }

    /// Adds a type parameter.
    #[inline(always)]
    pub fn ty<T: ?Sized>(&mut self) -> &mut Self {
        self.tree.push_type(types::number::<T>());
        self
    }

    /// Adds a const parameter.
    #[inline(always)]
    pub fn constant<T: CacheKey + ?Sized>(&mut self, value: &T) -> &mut Self {
        let pushed = self.tree.push_const(value);
        self.checked(pushed)
    }

    /// Adds a positional argument.
    #[inline(always)]
    pub fn arg<T>(&mut self, value: &T) -> &mut Self
    where
        T: CacheKey + ?Sized, // derive `Serialize`; or write `skip(…)` or `key(user.id)`
    {
        let pushed = self.tree.push(value);
        self.checked(pushed)
    }

    /// Adds a keyword argument.
    #[inline(always)]
    pub fn kwarg<T: CacheKey + ?Sized>(&mut self, name: &str, value: &T) -> &mut Self {
        let pushed = self.tree.push_kwarg(name, value);
        self.checked(pushed)
    }

    /// `cache = …`
    #[inline(always)]
    pub fn in_cache(&mut self, cache: &'c Cache) -> &mut Self {
        self.cache = Some(cache);
        self
    }

    /// `version = …`
    #[inline(always)]
    pub fn version(&mut self, version: impl Into<Version>) -> &mut Self {
        self.version = Some(version.into());
        self
    }

    /// The same, in no cache, to be kept.
    pub(crate) fn detached(self) -> Key<'static> {
        Key {
            site: self.site,
            tree: self.tree,
            cache: None,
            version: self.version,
        }
    }

    // By reference throughout: what was just written piece by piece is slow to copy.
    #[inline(always)]
    fn checked(&mut self, pushed: Result<(), KeyError>) -> &mut Self {
        if let Err(error) = pushed {
            self.tree.break_with(error);
        }
        self
    }
}
