//! Every target in its short form.

use super::short::run;
use super::{TARGETS, memory};

macro_rules! short {
    ($($(#[$cfg:meta])? $name:ident $changes:literal;)*) => {
        $($(#[$cfg])? #[test] fn $name() { run(the(stringify!($name)), $changes); })*

        #[test]
        fn none_is_left_out() {
            let tested = [$($(#[$cfg])? stringify!($name)),*];
            let all: Vec<_> = TARGETS.iter().map(|target| target.name).collect();
            assert_eq!(all, tested);
        }
    };
}

// So many changes as take about a second.
short! {
    envelope 1200;
    #[cfg(any(feature = "zlib", feature = "zstd", feature = "lz4"))]
    compressed 1000;
    django 1000;
    #[cfg(feature = "signing")]
    signed 2000;
    #[cfg(feature = "files")]
    file 2000;
    glob 2000;
    key 2000;
    #[cfg(feature = "memcached")]
    memcached 2000;
    #[cfg(feature = "memcached")]
    memcached_names 2000;
    #[cfg(feature = "redis")]
    redis 1000;
    url 1500;
}

fn the(name: &str) -> &'static super::Target {
    TARGETS.iter().find(|target| target.name == name).unwrap()
}

#[test]
#[should_panic(expected = "are held")]
fn memory_is_counted() {
    memory::within(1000, || drop(Vec::<u8>::with_capacity(1001)));
}
