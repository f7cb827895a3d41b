//! Tests of keys, a file for each question.

mod buffer;
mod encode;
mod garbage;
mod python;
mod shared;
mod survey;
mod vectors;

use serde::Serialize;

use super::{KeyError, Tree, call_text, to_python_key};

/// The tree of one argument.
fn tree<T: Serialize + ?Sized>(value: &T) -> Tree {
    let mut tree = Tree::default();
    tree.push(value).expect("encodes");
    tree
}

/// Why an argument has no tree.
fn refused<T: Serialize + ?Sized>(value: &T) -> KeyError {
    Tree::default().push(value).expect_err("is refused")
}

/// The text of one argument in a key.
fn key_text<T: Serialize + ?Sized>(value: &T) -> String {
    to_python_key(tree(value).as_bytes()).expect("has a text")
}

/// The text of a call without type parameters.
fn call(func: &str, tree: &Tree) -> String {
    call_text(func, tree, &|id| panic!("no type {id}")).expect("has a text")
}

/// The same numbers every time, with no pattern that matters here (xorshift).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }
}
