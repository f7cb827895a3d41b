//! `cachectl`, the program itself, against real servers.

#![allow(
    clippy::unwrap_used,
    reason = "a test that fails here should say where"
)]

mod asking;
mod checks;
mod documented;
mod entries;
mod every_store;
mod function_keys;
mod help;
mod world;
