//! Checks settings against the function: names that do not exist, and settings that exclude each other.

use proc_macro2::Ident;
use syn::Expr;

use super::borrows::{borrows, borrows_self};
use crate::args::{Args, Set};
use crate::errors::Errors;
use crate::mentions::{mentions, mentions_any};
use crate::model::unraw;
use crate::plan::{Beside, Kind, Plan};
use crate::suggest::{listed, nearest};
use crate::value::{FixedDuration, NoneTimeout, Timeout};

pub(super) fn check(plan: &Plan, errors: &mut Errors) {
    if let (Some(key), Some(skip)) = (&plan.args.key, &plan.args.skip) {
        errors.at(
            &skip.word,
            format!(
                "`{}` and `{}` exclude each other: `key(..)` already leaves out what it does not \
                 name",
                skip.word, key.word
            ),
        );
    }
    named(plan, plan.args.skip.as_ref(), errors);
    named(plan, plan.args.kwargs.as_ref(), errors);
    skipped_keywords(plan.args, errors);
    fixed_settings(plan, errors);
    batch(plan, errors);
    if let Some(Set {
        value: Timeout::Closure(closure),
        ..
    }) = &plan.args.timeout
    {
        let uses = |name: &str| mentions(&closure.body, name);
        owned_captures(plan, &uses, |name| {
            errors.at(
                closure,
                format!(
                    "the closure is kept in entries and cannot use `{name}`, which is borrowed; \
                     call `current().timeout(..)` in the body instead"
                ),
            );
        });
    }
}

/// Checks for settings that must be there.
pub(super) fn check_what_is_missing(plan: &Plan, errors: &mut Errors) {
    meaning_of_self(plan, errors);
    key_names_an_argument(plan, errors);
}

/// Checks `skip(..)` and `kwargs(..)`: every word is an argument, and occurs once.
fn named(plan: &Plan, list: Option<&Set<Vec<Ident>>>, errors: &mut Errors) {
    let Some(Set {
        word: list,
        value: names,
    }) = list
    else {
        return;
    };
    let takes_self = list == "skip" && plan.kind == Kind::Method;
    let known: Vec<_> = takes_self
        .then(|| "self".to_owned())
        .into_iter()
        .chain(plain(plan))
        .collect();
    for (index, name) in names.iter().enumerate() {
        let word = unraw(name);
        if names[..index].contains(name) {
            errors.at(name, format!("`{word}` is named twice in `{list}`"));
        } else if !known.contains(&word) {
            errors.at(name, no_argument(plan, list, &word, &known));
        }
    }
}

fn no_argument(plan: &Plan, list: &Ident, word: &str, known: &[String]) -> String {
    if word == "self" && plan.kind == Kind::Method {
        return "`self` cannot be a keyword argument; put what you need of it into `key(..)`"
            .into();
    }
    if plan
        .function
        .bound_names()
        .iter()
        .any(|name| unraw(name) == word)
    {
        return format!(
            "`{word}` is a part of an argument; `{list}` takes whole arguments by name, parts \
             can stand in `key(..)`"
        );
    }
    let meant = nearest(word, known.iter().map(String::as_str))
        .map(|name| format!("; did you mean `{name}`?"))
        .unwrap_or_default();
    let arguments = match known {
        [] => "the function has none".to_owned(),
        known => format!("arguments: {}", listed(known.iter().map(String::as_str))),
    };
    format!("no argument is named `{word}`{meant}\n{arguments}")
}

fn skipped_keywords(args: &Args, errors: &mut Errors) {
    let (Some(skip), Some(kwargs)) = (&args.skip, &args.kwargs) else {
        return;
    };
    for name in kwargs.value.iter().filter(|name| skip.value.contains(name)) {
        errors.at(
            name,
            format!("`{name}` is skipped; it cannot be a keyword argument as well"),
        );
    }
}

/// Checks that a batch function has callers, and a name of its own.
fn batch(plan: &Plan, errors: &mut Errors) {
    let Some(batch) = &plan.args.batch else {
        return;
    };
    if let Err(why) = plan.items() {
        errors.at(
            &batch.word,
            format!("`batch` is for `many` and `warm`, and this function can have none: {why}"),
        );
    }
    if let Beside::Companions(stem) = &plan.beside
        && let Some(last) = batch.value.segments.last()
        && unraw(&last.ident) == format!("{}_many", unraw(stem))
    {
        errors.at(
            &last.ident,
            format!(
                "`{}` is what stands beside the method for its callers; name the batch function \
                 otherwise",
                last.ident
            ),
        );
    }
}

/// Two tenants must not share an entry by accident.
fn meaning_of_self(plan: &Plan, errors: &mut Errors) {
    let Some(receiver) = plan.self_token() else {
        return;
    };
    if plan.skips_self() || plan.args.key.is_some() {
        return;
    }
    // Reported already, and one of them may be `self`.
    let names = plan.function.bound_names();
    let is_mistyped = |word: &Ident| !names.iter().any(|name| word == &unraw(name));
    if plan
        .args
        .skip
        .iter()
        .flat_map(|skip| &skip.value)
        .any(is_mistyped)
    {
        return;
    }
    let with = |first: &str, rest: &[String]| {
        [first.to_owned()]
            .into_iter()
            .chain(rest.iter().cloned())
            .collect::<Vec<_>>()
            .join(", ")
    };
    let skipped: Vec<_> = plan
        .args
        .skip
        .iter()
        .flat_map(|skip| &skip.value)
        .map(unraw)
        .collect();
    let named: Vec<_> = plain(plan)
        .into_iter()
        .filter(|name| !skipped.contains(name))
        .collect();
    errors.at(
        receiver,
        format!(
            "a cached method must say what `self` means for its key\nif all instances share the \
             entries, write `skip({})`\nif not, write what tells them apart, for example \
             `key({})`",
            with("self", &skipped),
            with("self.id", &named),
        ),
    );
}

fn key_names_an_argument(plan: &Plan, errors: &mut Errors) {
    let Some(key) = &plan.args.key else { return };
    let names = plan.names();
    if names.is_empty()
        || plan
            .args
            .kwargs
            .as_ref()
            .is_some_and(|list| !list.value.is_empty())
    {
        return;
    }
    if key.value.iter().any(|expr| mentions_any(expr, &names)) {
        return;
    }
    let mistyped: Vec<_> = key
        .value
        .iter()
        .filter_map(|part| mistyped(plan, part))
        .collect();
    for (word, message) in &mistyped {
        errors.at(word, message);
    }
    if mistyped.is_empty() {
        let mut all = plain(plan);
        all.splice(..0, plan.self_token().map(|_| "self".to_owned()));
        errors.at(
            &key.word,
            format!(
                "`key(..)` names no argument, so all calls would share one entry\nif that is \
                 meant, write `skip({})`; if not, name what tells results apart",
                all.join(", ")
            ),
        );
    }
}

/// Returns a part of the key that begins with almost the name of an argument.
fn mistyped<'e>(plan: &Plan, part: &'e Expr) -> Option<(&'e Ident, String)> {
    let path = match part {
        Expr::Path(path) => path,
        Expr::Field(field) => return mistyped(plan, &field.base),
        Expr::MethodCall(call) => return mistyped(plan, &call.receiver),
        Expr::Reference(reference) => return mistyped(plan, &reference.expr),
        _ => return None,
    };
    let word = path.path.get_ident()?;
    let mut known = plain(plan);
    known.splice(..0, plan.self_token().map(|_| "self".to_owned()));
    nearest(&unraw(word), known.iter().map(String::as_str))?;
    Some((word, no_argument(plan, word, &unraw(word), &known)))
}

/// Settings that are one for all calls cannot use arguments.
fn fixed_settings(plan: &Plan, errors: &mut Errors) {
    let args = plan.args;
    let durations = [
        &args.wait,
        &args.stale,
        &args.soft_timeout,
        &args.hard_timeout,
    ];
    let durations = durations.map(|set| set.as_ref().map(|set| (&set.word, &set.value)));
    let lock = args.lock.as_ref();
    let lock = lock.and_then(|set| Some((&set.word, set.value.as_ref()?)));
    let none = args.cache_none.as_ref().and_then(|set| match &set.value {
        Some(NoneTimeout::Fixed(timeout)) => Some((&set.word, timeout)),
        Some(NoneTimeout::Never) | None => None,
    });
    let durations = durations
        .into_iter()
        .chain([none, lock])
        .flatten()
        .filter_map(|(word, value)| match value {
            FixedDuration::Const(expr) => Some((word, expr)),
            FixedDuration::Known(_) => None,
        });
    let others = [&args.key_prefix, &args.jitter, &args.refresh_ahead]
        .into_iter()
        .flatten();
    let others = others.map(|set| (&set.word, &set.value));
    let early = args.early.as_ref();
    let early = early.and_then(|set| Some((&set.word, set.value.as_ref()?)));
    let others = others.chain(early);
    let names = plan.names();
    for (word, expr) in durations.chain(others) {
        if let Some(name) = names.iter().find(|name| mentions(expr, &unraw(name))) {
            errors.at(
                expr,
                format!("`{word}` is the same for every call and cannot use `{name}`"),
            );
        }
    }
}

/// Checks that an entry of the handle, which holds the closures over the value, can own what they use.
pub(super) fn owned_captures(
    plan: &Plan,
    uses: &dyn Fn(&str) -> bool,
    mut wrong: impl FnMut(&Ident),
) {
    if let Beside::Inside = plan.beside {
        return;
    }
    let borrowed = plan
        .function
        .params
        .iter()
        .filter(|param| borrows(&param.ty));
    let names = borrowed.flat_map(|param| param.names());
    let receiver = plan.self_token().filter(|_| borrows_self(plan.function));
    let receiver = receiver.map(Ident::from);
    for name in receiver.into_iter().chain(names) {
        if uses(&unraw(&name)) {
            wrong(&name);
        }
    }
}

/// Returns the arguments that have a name of their own, without `self`.
fn plain(plan: &Plan) -> Vec<String> {
    let params = plan
        .function
        .params
        .iter()
        .filter(|param| param.pattern.is_none());
    params.map(|param| unraw(&param.name)).collect()
}
