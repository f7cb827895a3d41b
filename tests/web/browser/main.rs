//! The example `tasks_web` in a real Chromium, as people use it.

#![allow(clippy::unwrap_used, reason = "a test's panic is its report")]

mod application;
mod browser;
mod caching;
mod panel;
mod people;
mod web_driver;
