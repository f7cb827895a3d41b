//! The examples are beside this file, one folder each. What the small ones share is here.

pub mod tasks;
