//! Names of the user's that an expansion might trip over.
#![deny(warnings)]
#![allow(dead_code, reason = "the names are the point")]

use cache_runtime::cache_result;

mod shadows {
    //! Types, values and modules named like what every prelude has.
    use cache_runtime::cache_result;

    pub mod core {}
    pub mod std {}
    pub struct Option;
    pub struct Result;
    #[derive(Clone, serde::Serialize, serde::Deserialize)]
    pub struct String;
    pub struct Clone;
    pub struct Duration;
    pub struct Entry;
    pub struct Key;
    pub struct Site;
    #[derive(::std::clone::Clone, serde::Serialize, serde::Deserialize)]
    pub struct Probe(pub u64);
    #[derive(::std::clone::Clone, serde::Serialize, serde::Deserialize)]
    pub struct Level1(pub u64);
    #[expect(non_snake_case, reason = "it hides the prelude's")]
    pub fn Some() {}
    #[expect(non_snake_case, reason = "it hides the prelude's")]
    pub fn Ok() {}

    #[cache_result(timeout = 5, when = |probe| probe.0 > limit)]
    pub fn probe(limit: u64) -> Probe {
        Probe(limit + 1)
    }

    #[cache_result(timeout = "1m", wait = 3, cache_none)]
    pub async fn level(id: u64) -> Level1 {
        Level1(id)
    }
}

mod glob {
    //! A glob in the body brings names of its own.
    pub mod words {
        pub struct Site;
        pub fn here() {}
        pub const SITE: u64 = 1;
    }
}

#[cache_result]
fn globs(id: u64) -> u64 {
    use glob::words::*;
    here();
    let _ = Site;
    id + SITE
}

#[cache_result]
fn arguments(key: u64, site: u64, call: u64, __key: u64, __keep: u64, __ret: u64) -> u64 {
    key + site + call + __key + __keep + __ret
}

#[cache_result]
async fn async_arguments(keep: u64, __site: u64, __ret: u64, __probe: u64, task: &str) -> u64 {
    keep + __site + __ret + __probe + task.len() as u64
}

#[cache_result]
fn own_name(own_name: u64, here: u64) -> u64 {
    own_name + here
}

#[cache_result(kwargs(r#in))]
fn r#match(r#type: u64, r#in: u64) -> u64 {
    r#type + r#in
}

macro_rules! made_by_a_macro {
    ($name:ident, $argument:ident, $ty:ty) => {
        struct Made;
        impl Made {
            #[cache_result(skip(self))]
            pub fn $name(&self, $argument: $ty, mine: $ty) -> $ty {
                let sum = $argument + mine;
                sum
            }
        }
        #[cache_result(timeout = 5, key(mine, $argument))]
        fn $name(mine: $ty, $argument: $ty) -> $ty {
            mine - $argument
        }
    };
}
made_by_a_macro!(made, argument, u64);

fn main() {
    assert_eq!(shadows::probe(1).0, 2);
    assert_eq!(shadows::probe::refresh(1).0, 2);
    assert_eq!(globs(1), 2);
    assert_eq!(arguments(1, 2, 3, 4, 5, 6), 21);
    assert_eq!(own_name(1, 2), 3);
    assert_eq!(own_name::refresh(1, 2), 3);
    assert_eq!(r#match(1, 2), 3);
    assert_eq!(r#match::uncached(1, 2), 3);
    assert_eq!(made(3, 1), 2);
    assert_eq!(Made.made(3, 1), 4);
    assert_eq!(Made.made_refresh(3, 1), 4);
    let _ = (async_arguments(1, 2, 3, 4, "a"), shadows::level(3));
}
