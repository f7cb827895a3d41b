//! Keys as the stores see them, and patterns as Redis reads them.

use crate::key::error::Reason;
use crate::key::{KeyHash, function_key, make_key, validate};

#[test]
fn the_key_of_a_call() {
    let text = r#"{"args": [], "func": "get_all", "kwargs": {}}"#;
    assert_eq!(
        function_key("user", text, KeyHash::Md5),
        "user:533a19eee600c26a59fa2158bc691693"
    );
    assert_eq!(
        function_key("", text, KeyHash::Md5),
        ":533a19eee600c26a59fa2158bc691693"
    );
}

#[cfg(feature = "blake3")]
#[test]
fn the_other_hash() {
    // b3sum of nothing, its first half.
    assert_eq!(
        function_key("p", "", KeyHash::Blake3),
        "p:af1349b9f5f9a1a6a0404dea36dcc949"
    );
}

#[test]
fn made_as_django_makes_them() {
    assert_eq!(make_key("", 1, "user:1"), ":1:user:1");
    assert_eq!(make_key("app", -2, "k"), "app:-2:k");
}

#[test]
fn keys_that_stores_do_not_take() {
    for good in [" ", "a b", "é清😀", "\u{80}", &"x".repeat(1024)] {
        assert_eq!(validate(good), Ok(()));
    }
    let reason = |key: &str| validate(key).expect_err("is refused").reason().clone();
    assert_eq!(reason(""), Reason::Empty);
    assert_eq!(reason(&"x".repeat(1025)), Reason::TooLong(1025));
    assert_eq!(reason(&"é".repeat(513)), Reason::TooLong(1026));
    for control in ('\0'..='\u{1f}').chain(['\u{7f}']) {
        assert_eq!(reason(&format!("a{control}b")), Reason::Control(control));
    }
}
