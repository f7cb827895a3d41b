//! The examples stand beside this file, one folder each. What the small ones have in common is here.

pub mod tasks;
