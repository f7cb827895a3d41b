//! Where the two sides meet: a server, a Django service that uses it, and our caches on it.

use std::any::Any;
use std::path::Path;

use cache_runtime::{BlockingCache, Cache};
use cache_tests::python::{self, Script};
use serde_json::{Value, json};

/// The `KEY_PREFIX` of every Django cache but `other`.
pub(crate) const PREFIX: &str = "task_api";

/// A Django service and a Rust program on one server.
pub(crate) struct World {
    pub(crate) python: Python,
    url: String,
    _server: Box<dyn Any>,
}

/// The Django service.
pub(crate) struct Python(Script);

impl World {
    /// On the server at `url`, which has no options yet. `django` is the entry of `CACHES` for it,
    /// its argument what the options are to hold for compressed values or for plain ones.
    ///
    /// The service has the caches `plain`, `zlib`, `third` (version 3) and `other` (another prefix).
    pub(crate) fn new(
        server: impl Any,
        url: impl Into<String>,
        django: impl Fn(bool) -> Value,
    ) -> Self {
        let cache = |compresses, prefix: &str, version: i64| {
            let mut cache = django(compresses);
            cache["KEY_PREFIX"] = json!(prefix);
            cache["VERSION"] = json!(version);
            cache
        };
        let caches = json!({
            // Django asks for one of this name.
            "default": cache(false, PREFIX, 1),
            "plain": cache(false, PREFIX, 1),
            "zlib": cache(true, PREFIX, 1),
            "third": cache(false, PREFIX, 3),
            "other": cache(false, "other_api", 1),
        });
        Self {
            python: Python::start(&caches),
            url: url.into(),
            _server: Box::new(server),
        }
    }

    /// Our cache with these options, `&version=3&…`, beside the prefix of Django's.
    pub(crate) fn cache(&self, options: &str) -> BlockingCache {
        self.cache_of(PREFIX, options)
    }

    /// Our cache for the same entries as Django's `plain` or `zlib`.
    pub(crate) fn twin(&self, alias: &str) -> BlockingCache {
        match alias {
            "zlib" => self.cache("&compress=zlib"),
            _ => self.cache(""),
        }
    }

    pub(crate) fn cache_of(&self, prefix: &str, options: &str) -> BlockingCache {
        let url = &self.url;
        // A busy machine is not what is tested here.
        let limits = "op_timeout=20&connect_timeout=20";
        let url = format!("{url}?key_prefix={prefix}&format=django&{limits}{options}");
        Cache::from_url(&url).unwrap().blocking()
    }
}

impl Python {
    fn start(caches: &Value) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/interop/service.py");
        Self(
            Script::start(Path::new(script), &[&caches.to_string()])
                .unwrap_or_else(|error| panic!("the Django service does not start: {error}")),
        )
    }

    /// What Django's cache `alias` gives back: a method of its own, as `("zlib", "get", ["key"])`.
    pub(crate) fn ask(&mut self, alias: &str, method: &str, arguments: Value) -> Value {
        self.order(&json!({ "cache": alias, "do": method, "args": arguments }))["result"].take()
    }

    /// The same, as Python shows it: `repr` tells 1 from 1.0 and knows no largest integer.
    pub(crate) fn repr(&mut self, alias: &str, method: &str, arguments: Value) -> String {
        text(&self.order(&json!({ "cache": alias, "do": method, "args": arguments }))["repr"])
    }

    /// What this JSON is in Python, as Python shows it.
    pub(crate) fn repr_of(&mut self, json: &str) -> String {
        text(&self.order(&json!({ "loads": json }))["repr"])
    }

    /// A call of a cached function: its result, and how often its body has run.
    pub(crate) fn call(&mut self, alias: &str, function: &str, arguments: Value) -> (Value, u64) {
        self.call_with(alias, function, arguments, json!({}))
    }

    /// A call with keyword arguments too.
    pub(crate) fn call_with(
        &mut self,
        alias: &str,
        function: &str,
        arguments: Value,
        keywords: Value,
    ) -> (Value, u64) {
        let mut answer = self.order(
            &json!({ "cache": alias, "call": function, "args": arguments, "kwargs": keywords }),
        );
        (answer["result"].take(), answer["runs"].as_u64().unwrap())
    }

    /// An order in full; a Python exception is a panic.
    pub(crate) fn order(&mut self, order: &Value) -> Value {
        self.try_order(order)
            .unwrap_or_else(|error| panic!("{order}: {error}"))
    }

    /// An order in full, or the exception that it raised.
    pub(crate) fn try_order(&mut self, order: &Value) -> Result<Value, String> {
        let answer: Value = serde_json::from_str(&self.0.ask(&order.to_string())).unwrap();
        match answer.get("error") {
            None => Ok(answer),
            Some(error) => Err(text(error)),
        }
    }
}

/// Whether to go without Python; said on the standard output.
pub(crate) fn is_skipped() -> bool {
    let is_skipped = python::is_skipped();
    if is_skipped {
        println!("skipped: python");
    }
    is_skipped
}

/// Runs behaviours as tests, each in a world of its own: `behaviours! { start: module::name, … }`.
macro_rules! behaviours {
    ($start:path: $($module:ident::$behaviour:ident,)*) => {$(
        #[test]
        fn $behaviour() {
            if !$crate::world::is_skipped() {
                $crate::$module::$behaviour(&mut $start());
            }
        }
    )*};
}
pub(crate) use behaviours;

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}
