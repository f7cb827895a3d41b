//! What `CACHE_FUNCTIONS` says, read once.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use once_cell::sync::OnceCell;

use super::Rule;
use crate::error::{CacheError, ErrorKind};

/// Holds rules as `CACHE_URL` holds a URL.
const VARIABLE: &str = "CACHE_FUNCTIONS";

pub(super) struct Environment {
    pub(super) rules: Vec<Rule>,
    /// What is wrong with the parts that are no rules.
    pub(super) errors: Vec<CacheError>,
    is_told: AtomicBool,
}

pub(super) fn environment() -> &'static Environment {
    static READ: OnceCell<Environment> = OnceCell::new();
    READ.get_or_init(|| {
        let text = std::env::var_os(VARIABLE).unwrap_or_default();
        let (mut rules, mut errors) = (Vec::new(), Vec::new());
        // What is not Unicode is no rule; the other parts may still be.
        for rule in Rule::all(&text.to_string_lossy()) {
            match rule {
                Ok(rule) => rules.push(rule),
                Err(error) => errors.push(CacheError::new(
                    ErrorKind::Config,
                    format!("{VARIABLE}: {error}"),
                )),
            }
        }
        Environment {
            rules,
            errors,
            is_told: AtomicBool::new(false),
        }
    })
}

impl Environment {
    /// Logs once what is wrong.
    pub(super) fn tell(&self) {
        if !self.errors.is_empty() && !self.is_told.swap(true, Relaxed) {
            for error in &self.errors {
                tracing::error!(%error, "a part of {VARIABLE} is left out");
            }
        }
    }
}
