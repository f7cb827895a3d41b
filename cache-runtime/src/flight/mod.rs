//! One execution per key: a leader runs the function, the others wait for it.

mod circle;
mod one;
mod table;

pub(crate) use circle::one_for_all;
pub(crate) use one::{Flight, Old, Waited};
pub(crate) use table::{Join, Lead, Overtaking, Table};
