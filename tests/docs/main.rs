//! The pages for users, as far as their code does not speak for them: none is forgotten, their links lead
//! somewhere, and what they say of the attribute is what the attribute is.

#![allow(
    clippy::unwrap_used,
    reason = "a test may unwrap: its panic is its report"
)]

mod arguments;
mod expansion;
mod included;
mod links;
mod page;
