//! The pages for users, whose code runs as tests here; those that need a web server stand in `tests/web`,
//! with the README. `tests/docs` looks whether a page is missing in both.

macro_rules! pages {
    ($($name:ident: $page:literal;)*) => {$(
        /// A page.
        #[cfg(doctest)]
        #[doc = include_str!(concat!("../../docs/", $page))]
        #[derive(Debug)]
        pub struct $name;
    )*};
}

pages! {
    Contents: "README.md";
    InProcess: "guide/1-in-process.md";
    Redis: "guide/2-redis.md";
    Queries: "guide/4-queries.md";
    PatternsInUse: "guide/6-patterns.md";
    Decorator: "guide/7-decorator.md";
    InvalidationInUse: "guide/8-invalidation.md";
    Arguments: "arguments.md";
    Benchmarks: "benchmarks.md";
    CacheByHand: "cache.md";
    ChoosingAStore: "choosing-a-store.md";
    Errors: "errors.md";
    Expansion: "expansion.md";
    Invalidation: "invalidation.md";
    KeysAndDjango: "keys-and-django.md";
    ManyProcesses: "many-processes.md";
    Migrating: "migrating.md";
    Monitoring: "monitoring.md";
    Patterns: "patterns.md";
    Stores: "stores.md";
    Testing: "testing.md";
    WhenThingsFail: "when-things-fail.md";
    WritingAStore: "writing-a-store.md";
    CommandLine: "cli.md";
    Decisions: "design/decisions.md";
    ThousandNodes: "design/thousand-nodes.md";
    WayOfACall: "design/way-of-a-call.md";
}
