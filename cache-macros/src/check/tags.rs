//! Checks tags against the function: what they may mention.

use super::settings::owned_captures;
use crate::errors::Errors;
use crate::model::{Function, unraw};
use crate::plan::Plan;
use crate::tag::Tag;

pub(super) fn check(plan: &Plan, errors: &mut Errors) {
    let Some(tags) = &plan.args.tags else { return };
    if tags.value.is_empty() {
        errors.at(
            &tags.word,
            "`tags(..)` names no tag; write `tags(\"user:{user_id}\")`",
        );
    }
    for tag in &tags.value {
        mistaken(plan.function, tag, errors);
        if tag.mentions("result") {
            owned_captures(plan, &|name| tag.mentions(name), |name| {
                errors.at(
                    tag.tokens(),
                    format!(
                        "a tag with `result` in it is kept in entries and cannot use `{name}` as \
                         well, which is borrowed; make it two tags, or call `current().tag(..)` in \
                         the body instead"
                    ),
                );
            });
        }
    }
}

/// Reports what is wrong with a tag of this function, wherever it is written.
pub(super) fn mistaken(function: &Function, tag: &Tag, errors: &mut Errors) {
    let names = function.bound_names();
    if tag.mentions("result") && names.iter().any(|name| unraw(name) == "result") {
        errors.at(
            tag.tokens(),
            "`result` is an argument here, and in a tag it is the value that is kept; give the \
             argument another name",
        );
    }
    if let Some(name) = tag.as_name().filter(|name| names.contains(name)) {
        errors.at(
            name,
            format!(
                "a tag that is an argument alone does not say what it is of; write \
                 `\"{name}:{{{name}}}\"`",
            ),
        );
    }
}
