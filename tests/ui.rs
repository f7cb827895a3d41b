//! The mistakes of users, and what they read.

#[test]
fn mistakes_are_one_clear_error_each() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("ui/*.rs");
    cases.pass("ui_pass/*.rs");
}
