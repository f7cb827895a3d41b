//! Each of the 54 tests that Django runs on every backend has its counterpart, or a reason.

use std::collections::BTreeSet;

use cache_runtime::testing::conformance::behaviours;

/// The tests of `BaseCacheTests`, without their `test_`.
const DJANGO: &str = "
    simple default_used_when_none_is_set add prefix non_existent get_many delete delete_nonexistent
    has_key in incr decr close data_types cache_read_for_model_instance
    cache_write_for_model_instance_with_deferred cache_read_for_model_instance_with_deferred
    expiration touch unicode binary_string set_many set_many_returns_empty_list_on_success
    set_many_expiration set_many_empty_data delete_many delete_many_no_keys clear long_timeout
    forever_timeout zero_timeout float_timeout cull zero_cull cull_delete_when_store_empty
    invalid_key_characters invalid_key_length invalid_with_version_key_length
    cache_versioning_get_set cache_versioning_add cache_versioning_has_key
    cache_versioning_delete cache_versioning_incr_decr cache_versioning_get_set_many incr_version
    decr_version custom_key_func cache_write_unpicklable_object add_fail_on_pickleerror
    set_fail_on_pickleerror get_or_set get_or_set_callable get_or_set_version get_or_set_racing";

/// Those without a counterpart, and why.
const WITHOUT: &[(&str, &str)] = &[
    (
        "cache_read_for_model_instance",
        "reading runs no code of the value's",
    ),
    (
        "cache_write_for_model_instance_with_deferred",
        "there are no deferred fields",
    ),
    (
        "cache_read_for_model_instance_with_deferred",
        "there are no deferred fields",
    ),
    (
        "cache_write_unpicklable_object",
        "a response in a middleware",
    ),
    ("zero_cull", "tested with each store that bounds itself"),
];

#[test]
fn each_of_djangos_54_has_a_counterpart_or_a_reason() {
    let django: BTreeSet<&str> = DJANGO.split_whitespace().collect();
    assert_eq!(django.len(), 54);
    let ours = behaviours().iter().flat_map(|behaviour| behaviour.django());
    let ours: BTreeSet<&str> = ours
        .map(|name| name.strip_prefix("test_").unwrap())
        .collect();
    let without: BTreeSet<&str> = WITHOUT.iter().map(|(name, _)| *name).collect();
    assert!(ours.is_disjoint(&without));
    let both: BTreeSet<&str> = ours.union(&without).copied().collect();
    assert_eq!(both, django);
}

#[test]
fn no_two_behaviours_have_one_name() {
    let names: BTreeSet<&str> = behaviours()
        .iter()
        .map(|behaviour| behaviour.name())
        .collect();
    let themes: BTreeSet<&str> = behaviours()
        .iter()
        .map(|behaviour| behaviour.theme())
        .collect();
    assert!(themes.len() > 10);
    let twice: Vec<&str> = behaviours()
        .iter()
        .map(|behaviour| behaviour.name())
        .filter(|name| {
            behaviours()
                .iter()
                .filter(|other| other.name() == *name)
                .count()
                > 1
        })
        .collect();
    assert!(names.len() == behaviours().len(), "{twice:?}");
}
