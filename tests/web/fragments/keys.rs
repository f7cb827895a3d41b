//! The keys are Django's, of both generations; what `str()` and `hashlib` gave is written here.

use cache_web::fragment::{DjangoKeys, Fragments, Vary, fragment, make_template_fragment_key};

/// What is varied on, and the hashes of Django 5.2 and 6.1.
type Case<'a> = (&'a [&'a dyn Vary], &'a str, &'a str);

const NOBODY: Option<&str> = None;

const CASES: [Case<'_>; 6] = [
    (
        &[],
        "d41d8cd98f00b204e9800998ecf8427e",
        "d41d8cd98f00b204e9800998ecf8427e",
    ),
    (
        &[&"abc"],
        "493e283d571a73056196f1a68efd0f66",
        "a6360ec2c58ecc4b23fd5bd00216fccd",
    ),
    (
        &[&"abc", &"def"],
        "17c1a507a0cb58384f4c639067a93520",
        "250310c146db454966b64f5fc265a540",
    ),
    (
        &[
            &NOBODY, &true, &false, &7_u64, &-3_i8, &1.0, &1e16, &0.00001, &"Zoë",
        ],
        "d837b92fde0ebe633a7a3ec7a2c5ea54",
        "b28f2db7e7c7ba23aa71dd6ebce965a6",
    ),
    (
        &[&"a:b"],
        "d6e7a7288d38d4cf78b2f82cc7f50bba",
        "dc16319ae166c8df116bd88f10ca9d6e",
    ),
    (
        &[&"a", &"b"],
        "d6e7a7288d38d4cf78b2f82cc7f50bba",
        "85e2d709642419eb2d254542ec75556a",
    ),
];

#[test]
fn both_generations_are_as_django_makes_them() {
    for (vary_on, old, new) in CASES {
        let made = |keys| {
            let fragment = Fragments::new().keys(keys).fragment("foo");
            let vary = |fragment: cache_web::fragment::Fragment, vary: &&dyn Vary| {
                fragment.vary_on(vary.text().into_owned())
            };
            vary_on.iter().fold(fragment, vary).key()
        };
        assert_eq!(made(DjangoKeys::V5_2), format!("template.cache.foo.{old}"));
        assert_eq!(made(DjangoKeys::V6_1), format!("template.cache.foo.{new}"));
        assert_eq!(
            make_template_fragment_key("foo", vary_on),
            format!("template.cache.foo.{new}")
        );
    }
}

#[test]
fn a_fragment_has_the_newer_key_unless_told() {
    let sidebar = fragment("sidebar").vary_on(7).vary_on(String::from("en"));
    assert_eq!(
        sidebar.key(),
        make_template_fragment_key("sidebar", &[&7, &"en"])
    );
}
