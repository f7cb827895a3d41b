//! What tools ask of a cache, and programs rarely do.

use serde::Serialize;

use super::handle::Cache;
use crate::error::{CacheError, ErrorKind};
use crate::key::{self, KeyError, Tree};
use crate::mode::Mode;
use crate::observe::CacheReport;
use crate::store::Capabilities;
use crate::store::facts::Facts;
use crate::target::unusable;

impl Cache {
    /// Returns what the store knows about itself: its server, how much it holds, what it has counted. That is
    /// about everything in it, not about this cache alone, and has no time limit.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), cache_runtime::CacheError> {
    /// use cache_runtime::Cache;
    ///
    /// let facts = Cache::from_url("redis://127.0.0.1")?.facts().await?;
    /// assert!(facts.server.unwrap().starts_with("Redis "));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Any error of the store; kind `Unsupported` where it cannot tell, and in process.
    pub async fn facts(&self) -> Result<Facts, CacheError> {
        match self.core().store() {
            Some(store) => {
                store
                    .walk(Mode::Async, "facts", |store| store.facts())
                    .await
            }
            None => Err(CacheError::new(
                ErrorKind::Unsupported,
                "a cache without a store has nothing to tell of one",
            )
            .in_operation("facts")),
        }
    }

    /// Returns what the store can do by itself; `None` if there is no store.
    #[must_use]
    pub fn capabilities(&self) -> Option<Capabilities> {
        Some(self.core().store()?.share().capabilities())
    }

    /// Returns a report of this cache, under no alias.
    #[doc(hidden)]
    #[must_use]
    pub fn about(&self) -> CacheReport {
        CacheReport::of("", self)
    }

    /// Returns the key that a call of a function has in shared stores, as users write it and as the store has
    /// it, made by the same code as that of a real call.
    #[doc(hidden)]
    pub fn key_of_call(&self, call: &CallArguments) -> Result<(String, String), CacheError> {
        let key = call.key(self).map_err(unusable)?;
        let whole = self.whole_key(&key);
        Ok((key, whole))
    }

    /// Returns the whole key of `key`, as the store has it.
    #[doc(hidden)]
    #[must_use]
    pub fn whole_key(&self, key: &str) -> String {
        let settings = &self.core().settings;
        settings.make_key(&self.space().prefix, self.version_number(), key)
    }
}

/// A call of a function that is not part of this program: its name, and its arguments as any serde values.
#[doc(hidden)]
#[derive(Debug)]
pub struct CallArguments {
    key_prefix: String,
    function: String,
    tree: Tree,
}

impl CallArguments {
    /// Starts a call of `function`, whose type parameters follow its name as they do in the key.
    #[must_use]
    pub fn of(key_prefix: &str, function: &str) -> Self {
        Self {
            key_prefix: key_prefix.to_owned(),
            function: function.to_owned(),
            tree: Tree::default(),
        }
    }

    /// Adds a positional argument.
    pub fn arg<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), CacheError> {
        self.tree.push(value).map_err(unusable)
    }

    /// Adds a keyword argument.
    pub fn kwarg<T: Serialize + ?Sized>(
        &mut self,
        name: &str,
        value: &T,
    ) -> Result<(), CacheError> {
        self.tree.push_kwarg(name, value).map_err(unusable)
    }

    /// Returns what is hashed: the call as Python writes it.
    pub fn text(&self) -> Result<String, CacheError> {
        self.written().map_err(unusable)
    }

    fn written(&self) -> Result<String, KeyError> {
        // No types are in the tree: they are a part of the name.
        key::call_text(&self.function, &self.tree, &|_| String::new())
    }

    fn key(&self, cache: &Cache) -> Result<String, KeyError> {
        let hash = cache.core().settings.key_hash;
        Ok(key::function_key(&self.key_prefix, &self.written()?, hash))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::CallArguments;
    use crate::cache::Cache;

    const SEED: &str = include_str!(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../tests/data/seed_keys.json"
    ));

    /// The vectors whose arguments are what they are in JSON as well.
    #[test]
    fn the_keys_of_python() {
        let file: Value = serde_json::from_str(SEED).unwrap();
        let cache = Cache::from_url("memory://?key_prefix=app&version=3").unwrap();
        let mut tried = 0;
        for vector in file["vectors"].as_array().unwrap() {
            let json: Value = serde_json::from_str(vector["json"].as_str().unwrap()).unwrap();
            let (prefix, func) = (&vector["key_prefix"], &vector["func"]);
            let mut call = CallArguments::of(prefix.as_str().unwrap(), func.as_str().unwrap());
            for arg in json["args"].as_array().unwrap() {
                call.arg(arg).unwrap();
            }
            for (name, value) in json["kwargs"].as_object().unwrap() {
                call.kwarg(name, value).unwrap();
            }
            if call.text().unwrap() != vector["json"].as_str().unwrap() {
                // A number that JSON has no exact type for here.
                continue;
            }
            let key = vector["key"].as_str().unwrap();
            let expected = (key.to_owned(), format!("app:3:{key}"));
            assert_eq!(cache.key_of_call(&call).unwrap(), expected);
            tried += 1;
        }
        assert!(tried >= 8, "{tried}");
    }
}
