//! What the code has seen and does not keep, whatever timeout is said at run time.

use cache_runtime::testing::{in_cache_blocking, isolated};
use cache_runtime::{Override, cache_result, current, overrides};

/// A token that lives for so many seconds.
#[cache_result(timeout = |seconds: &i64| *seconds, key_prefix = "attacks_token")]
fn token(seconds: i64) -> i64 {
    seconds
}

#[cache_result(timeout = 60, key_prefix = "attacks_half_a_list")]
fn half_a_list(n: u64) -> u64 {
    current().timeout(0);
    n
}

#[cache_result(timeout = 0, key_prefix = "attacks_never_kept")]
fn never_kept(n: u64) -> u64 {
    n
}

#[test]
fn what_the_code_has_seen_and_does_not_keep_is_not_kept() {
    let (cache, _clock) = isolated();
    in_cache_blocking(&cache, || {
        for name in ["token", "half_a_list", "never_kept"] {
            overrides().set(name, Override::timeout(600)).unwrap();
        }
        token(0);
        token(-5);
        token(20);
        half_a_list(1);
        never_kept(1);
        assert_eq!(token::entry(0).get().unwrap(), None);
        assert_eq!(token::entry(-5).get().unwrap(), None);
        assert_eq!(token::entry(20).get().unwrap(), Some(20));
        assert_eq!(half_a_list::entry(1).get().unwrap(), None);
        token::entry(20).set(&0).unwrap();
        assert_eq!(token::entry(20).get().unwrap(), None);
        // The attribute has not seen it.
        assert_eq!(never_kept::entry(1).get().unwrap(), Some(1));
    });
}
