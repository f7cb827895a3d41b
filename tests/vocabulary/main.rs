//! Django's vocabulary: one list of behaviours, on every store and for every kind of caller.
//!
//! `bed` says where a list runs, `speaker` hides whether a caller awaits or blocks; the other
//! modules are the behaviours, most of them those of Django's `BaseCacheTests`.

#![allow(clippy::unwrap_used, reason = "a test's panic is its report")]

mod bed;
mod speaker;

mod basics;
mod keys;
mod many;
mod memory;
mod numbers;
mod size;
mod timeouts;
mod versions;
mod whole;

/// A module of tests for each bed, all of them with the same list.
macro_rules! on_every_bed {
    ($($bed:ident)* => $behaviours:tt) => {
        $(on_every_bed!(@bed $bed $behaviours);)*
    };
    (@bed $bed:ident { $($module:ident: $($name:ident)*;)* }) => {
        mod $bed {
            $($(
                #[test]
                fn $name() {
                    crate::bed::$bed(|bed| Box::pin(async move { crate::$module::$name(&bed).await }));
                }
            )*)*
        }
    };
}

on_every_bed! {
    memory_awaiting
    memory_blocking
    redis_on_a_multi_thread_runtime
    redis_on_a_current_thread_runtime
    redis_on_another_executor
    redis_blocking_on_a_plain_thread
    redis_blocking_inside_a_multi_thread_worker
    redis_blocking_inside_a_current_thread_runtime
    => {
        basics:
            what_is_set_is_got
            add_keeps_what_is_there
            a_prefix_hides_keys
            a_missing_key_is_none
            delete_forgets_one_key
            has_key_tells
            a_stored_none_is_a_value
            values_of_many_types_come_back
            unicode_is_kept_in_keys_and_values
            bytes_are_kept
            a_closed_cache_opens_again
            another_type_is_read_through_json
            what_has_no_json_form_is_an_error
            what_json_would_change_is_kept_exactly_or_refused;
        numbers:
            incr_and_decr_count
            incr_of_a_missing_key_is_not_found
            incr_of_anything_else_is_a_decode_error
            incr_over_the_end_changes_nothing
            incr_keeps_the_timeout;
        timeouts:
            values_expire
            the_default_is_five_minutes_unless_told
            touch_gives_a_new_life
            longer_than_thirty_days_is_a_length_of_time
            never_is_for_ever
            zero_keeps_nothing
            negative_keeps_nothing
            fractions_of_seconds_count
            ttl_tells_what_is_left;
        many:
            get_many_brings_what_is_there
            set_many_keeps_all
            set_many_expires
            set_many_of_nothing_is_nothing
            set_many_names_those_that_failed
            delete_many_counts_what_was_there
            clear_forgets_everything;
        versions:
            get_and_set_see_one_version
            add_sees_one_version
            has_key_and_delete_see_one_version
            incr_and_decr_see_one_version
            get_many_and_set_many_see_one_version
            incr_version_moves_the_value
            decr_version_moves_it_back
            the_timeout_moves_with_the_version
            a_missing_key_has_no_version_to_move
            moving_by_zero_loses_nothing;
        keys:
            control_characters_are_refused
            too_long_keys_are_refused_with_prefix_and_version
            spaces_and_letters_are_fine
            keys_lists_by_pattern
            a_prefix_is_no_pattern
            clear_leaves_other_prefixes_and_versions_alone;
        size:
            a_value_over_the_limit_is_an_error_and_the_old_one_is_gone
            add_refuses_a_value_over_the_limit
            set_many_refuses_a_value_over_the_limit
            get_or_set_returns_a_value_over_the_limit;
        whole:
            get_or_set_keeps_the_value
            get_or_set_keeps_none
            get_or_set_sees_one_version
            racing_callers_of_get_or_set_run_it_once
            ping_answers
            stats_count;
    }
}

/// What the in-process level alone has.
mod in_process {
    on_every_bed! {
        memory_awaiting
        memory_blocking
        => {
            memory:
                the_bound_is_never_exceeded
                the_bound_in_bytes_is_never_exceeded
                expired_entries_are_not_listed;
        }
    }
}

/// What shows in the server's keys.
mod in_the_server {
    on_every_bed! {
        redis_on_a_multi_thread_runtime
        redis_blocking_on_a_plain_thread
        => {
            keys:
                a_key_function_makes_the_whole_key
                a_cache_with_a_key_function_cannot_clear_or_list
                clear_of_the_empty_prefix_leaves_foreign_keys_alone;
        }
    }
}
