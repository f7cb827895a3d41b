//! The examples of `cache-web` are beside this file, one folder each. They are a package of their own, so
//! that `cargo run --example quickstart` builds no web server.
