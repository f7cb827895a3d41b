//! The list: every behaviour by name, where it applies, and its counterpart in Django's own suite.

use std::future::Future;
use std::pin::Pin;

use super::bed::{Bed, Place};
use super::behaviours::{
    basics, batches, bytes, honesty, key_functions, keys, listing, many, memory, names, nothing,
    numbers, races, size, stamps, timeouts, versions, whole, words,
};
use super::failure::Verdict;

type Run = for<'a> fn(&'a Bed) -> Pin<Box<dyn Future<Output = Verdict> + Send + 'a>>;

/// One thing that is true of every store.
#[derive(Clone, Copy)]
pub struct Behaviour {
    theme: &'static str,
    name: &'static str,
    django: &'static [&'static str],
    on: On,
    pub(super) run: Run,
}

/// Where a behaviour applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum On {
    /// A cache that keeps what it is given.
    Caches,
    /// A cache on an external store.
    SharedCaches,
    /// The in-process level.
    Process,
    /// A cache that keeps nothing.
    Nowhere,
    /// Every cache there is, including one that keeps nothing.
    All,
    /// A store itself, without a cache around it.
    Stores,
}

impl Behaviour {
    /// Returns what it is about: the first part of its name in a report.
    #[must_use]
    pub fn theme(&self) -> &'static str {
        self.theme
    }

    /// Returns what holds, in words.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Returns the tests of Django's `BaseCacheTests` that check the same; none if only this suite does.
    #[must_use]
    pub fn django(&self) -> &'static [&'static str] {
        self.django
    }

    pub(super) fn applies_to(&self, place: &Place) -> bool {
        match self.on {
            On::All => true,
            On::Caches => !matches!(place, Place::Nowhere),
            On::Process => matches!(place, Place::Process),
            On::Nowhere => matches!(place, Place::Nowhere),
            On::SharedCaches | On::Stores => matches!(place, Place::Store(_) | Place::Broken(_)),
        }
    }

    /// Returns whether its theme is `word` or its name contains it.
    pub(super) fn is_meant(&self, word: &str) -> bool {
        self.theme == word || self.name.contains(word)
    }
}

impl std::fmt::Debug for Behaviour {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}::{}", self.theme, self.name)
    }
}

impl PartialEq for Behaviour {
    fn eq(&self, other: &Self) -> bool {
        (self.theme, self.name) == (other.theme, other.name)
    }
}

impl Eq for Behaviour {}

/// Returns every behaviour there is, in the order of a report.
#[must_use]
pub fn behaviours() -> &'static [Behaviour] {
    BEHAVIOURS
}

macro_rules! behaviours {
    ($($on:ident $theme:ident { $($name:ident $([$($django:literal),*])?)* })*) => {
        const BEHAVIOURS: &[Behaviour] = &[$($(
            Behaviour {
                theme: stringify!($theme),
                name: stringify!($name),
                django: &[$($(concat!("test_", $django)),*)?],
                on: On::$on,
                run: |bed| Box::pin($theme::$name(bed)),
            },
        )*)*];
    };
}

// After a behaviour, in brackets: the tests of Django's that check the same, without their `test_`.
behaviours! {
    Caches basics {
        what_is_set_is_got ["simple"]
        add_keeps_what_is_there ["add"]
        a_prefix_hides_keys ["prefix"]
        a_missing_key_is_none ["non_existent"]
        delete_forgets_one_key ["delete", "delete_nonexistent"]
        has_key_tells ["has_key", "in"]
        a_stored_none_is_a_value ["default_used_when_none_is_set"]
        values_of_many_types_come_back ["data_types"]
        unicode_is_kept_in_keys_and_values ["unicode"]
        bytes_are_kept ["binary_string"]
        a_closed_cache_opens_again ["close"]
        another_type_is_read_through_json
        what_has_no_json_form_is_an_error ["add_fail_on_pickleerror", "set_fail_on_pickleerror"]
        what_json_would_change_is_kept_exactly_or_refused
    }
    Caches numbers {
        incr_and_decr_count ["incr", "decr"]
        incr_of_a_missing_key_is_not_found ["incr", "decr"]
        incr_of_anything_else_is_a_decode_error ["incr", "decr"]
        incr_over_the_end_changes_nothing
        incr_keeps_the_timeout
    }
    Caches timeouts {
        values_expire ["expiration"]
        the_default_is_five_minutes_unless_told
        touch_gives_a_new_life ["touch"]
        expire_ends_the_timeout
        longer_than_thirty_days_is_a_length_of_time ["long_timeout"]
        never_is_for_ever ["forever_timeout"]
        zero_keeps_nothing ["zero_timeout"]
        negative_keeps_nothing
        fractions_of_seconds_count ["float_timeout"]
        ttl_tells_what_is_left
    }
    Caches many {
        get_many_brings_what_is_there ["get_many"]
        set_many_keeps_all ["set_many", "set_many_returns_empty_list_on_success"]
        set_many_expires ["set_many_expiration"]
        set_many_names_those_that_failed
        delete_many_counts_what_was_there ["delete_many"]
        clear_forgets_everything ["clear"]
    }
    All many {
        set_many_of_nothing_is_nothing ["set_many_empty_data", "delete_many_no_keys"]
    }
    Caches versions {
        get_and_set_see_one_version ["cache_versioning_get_set"]
        add_sees_one_version ["cache_versioning_add"]
        has_key_and_delete_see_one_version
            ["cache_versioning_has_key", "cache_versioning_delete"]
        incr_and_decr_see_one_version ["cache_versioning_incr_decr"]
        get_many_and_set_many_see_one_version ["cache_versioning_get_set_many"]
        incr_version_moves_the_value ["incr_version"]
        decr_version_moves_it_back ["decr_version"]
        the_timeout_moves_with_the_version
        moving_by_zero_loses_nothing
    }
    All versions {
        a_missing_key_has_no_version_to_move ["incr_version", "decr_version"]
    }
    All keys {
        control_characters_are_refused ["invalid_key_characters"]
    }
    Caches keys {
        too_long_keys_are_refused_with_prefix_and_version
            ["invalid_key_length", "invalid_with_version_key_length"]
        spaces_and_letters_are_fine ["invalid_key_characters"]
        keys_lists_by_pattern
        a_prefix_is_no_pattern
        clear_leaves_other_prefixes_and_versions_alone
    }
    SharedCaches key_functions {
        a_key_function_makes_the_whole_key ["custom_key_func"]
        a_cache_with_a_key_function_cannot_clear_or_list
        clear_of_the_empty_prefix_leaves_foreign_keys_alone
    }
    Caches size {
        a_value_over_the_limit_is_an_error_and_the_old_one_is_gone
        the_default_limit_is_a_mebibyte
        add_refuses_a_value_over_the_limit
        set_many_refuses_a_value_over_the_limit
        get_or_set_returns_a_value_over_the_limit
    }
    Caches whole {
        get_or_set_keeps_the_value ["get_or_set", "get_or_set_callable"]
        get_or_set_keeps_none ["get_or_set", "get_or_set_callable"]
        get_or_set_sees_one_version ["get_or_set_version"]
        racing_callers_of_get_or_set_run_it_once ["get_or_set_racing"]
        stats_count
    }
    All whole {
        ping_answers
    }
    Process memory {
        the_bound_is_never_exceeded ["cull", "cull_delete_when_store_empty"]
        the_bound_in_bytes_is_never_exceeded
        expired_entries_are_not_listed
    }
    Nowhere nothing {
        nothing_is_kept_and_every_word_answers
    }
    Stores bytes {
        every_byte_is_kept
        an_empty_value_is_a_value
        values_of_many_sizes_are_kept
        a_value_as_large_as_can_be_is_kept
        a_value_that_is_too_large_is_refused_and_leaves_nothing_old
    }
    Stores names {
        a_key_of_one_byte_and_of_a_thousand
        keys_that_look_alike_are_different
    }
    Stores words {
        set_writes_over_and_gives_a_new_life
        delete_says_what_was_there
        add_takes_what_is_free
        delete_if_takes_only_what_it_names
        touch_changes_the_life_alone
        ttl_says_how_long
        very_long_and_very_short_lives_are_lives
        incr_counts_what_is_there
        incr_refuses_what_is_no_number
        incr_keeps_the_life
    }
    Stores stamps {
        what_nothing_forbids_is_kept
        what_something_newer_forbids_is_not_kept
        another_machines_clock_may_be_behind
        a_stamp_only_grows
        what_is_forbidden_while_it_is_written_is_gone
        nobody_sees_what_was_forbidden
        of_stamps_at_once_the_latest_stays
    }
    Stores batches {
        get_many_answers_in_order
        set_many_sets_all_for_their_life
        delete_many_counts_each_once
        ten_thousand_at_once
    }
    Stores listing {
        keys_are_listed_by_prefix_and_pattern
        what_is_gone_is_not_listed
        clear_takes_its_prefix_and_nothing_else
        a_prefix_is_taken_literally
        clear_takes_thousands
    }
    Stores races {
        of_many_adds_one_wins
        of_many_adds_on_an_expired_key_one_wins
        many_incrs_lose_none
        delete_if_takes_nothing_that_came_in_between
        readers_see_whole_values
        callers_get_their_own_answers
    }
    Stores honesty {
        it_can_do_what_it_says
        a_blocking_face_answers_at_the_first_poll
        a_ping_is_answered
        a_closed_store_opens_again
        a_call_that_is_dropped_spoils_no_other
    }
}
