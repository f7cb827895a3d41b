//! The keys of in-process entries as other stores would have them.

use std::cell::Cell;

use super::handle::Cache;
use crate::key::types;
use crate::key::{self, KeyError, Tree};
use crate::local::FullKey;
use crate::site::Site;

/// Returns whether a key has the form of a function's: `user_tasks:9f3c…`.
pub(crate) fn is_functions(name: &str) -> bool {
    let hash = name.rsplit_once(':').map(|(_, hash)| hash);
    hash.is_some_and(|hash| hash.len() == 32 && hash.bytes().all(|b| b.is_ascii_hexdigit()))
}

impl Cache {
    /// Returns the key of a call without the cache's prefix and version: `user_tasks:9f3c…`.
    ///
    /// It is an error if a type parameter has the same name as another type: in a shared store the two would
    /// have one key.
    pub(crate) fn function_name(&self, site: &Site, tree: &Tree) -> Result<String, KeyError> {
        let is_first = Cell::new(true);
        let second = Cell::new(None);
        let text = key::call_text(site.name, tree, &|number| {
            if types::is_second(number) {
                second.set(Some(types::name(number)));
            }
            site.type_text(number, is_first.replace(false))
        })?;
        if let Some(name) = second.get() {
            return Err(KeyError::same_name(name));
        }
        let hash = self.core().settings.key_hash;
        Ok(key::function_key(site.prefix(), &text, hash))
    }

    /// Returns the name of an in-process entry of this cache's prefix and version.
    pub(crate) fn name_of(&self, key: &FullKey) -> Option<String> {
        if key.header.version != self.version_number() {
            return None;
        }
        let binding = self.space().binding(key.header.binding)?;
        match binding.site {
            Some(site) => self.function_name(site, &key.tree).ok(),
            None => key.tree.as_text().map(str::to_owned),
        }
    }

    /// Returns the in-process key of the function's entry that other stores would know by `name`: one that
    /// is being computed, or one that is in the level.
    ///
    /// It looks at every entry; it is called only for a text key that looks like a function's and is not
    /// itself in the level.
    pub(crate) fn function_entry(&self, name: &str) -> Option<FullKey> {
        if !is_functions(name) {
            return None;
        }
        let is_meant = |key: &FullKey| self.name_of(key).is_some_and(|own| own == name);
        let mut found = self.core().flights.find(is_meant);
        if let Some(level) = self.home() {
            level.each(|key| {
                if found.is_none() && is_meant(key) {
                    found = Some(key.clone());
                }
            });
        }
        found
    }
}
