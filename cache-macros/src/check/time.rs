//! Checks settings about time: what they need of the function, and of one another.

use syn::Type;

use super::borrows::{borrows, borrows_self};
use crate::errors::Errors;
use crate::plan::Plan;
use crate::value::FixedDuration;

pub(super) fn check(plan: &Plan, errors: &mut Errors) {
    owned_arguments(plan, errors);
    an_old_value(plan, errors);
    one_way_ahead(plan, errors);
    limits_in_order(plan, errors);
    somebody_to_lock_out(plan, errors);
    a_place_for_errors(plan, errors);
}

/// Checks that a body that continues in the background owns what it uses. One error for all arguments.
fn owned_arguments(plan: &Plan, errors: &mut Errors) {
    let Some(word) = plan.detaches() else { return };
    let mut borrowed = Vec::new();
    if borrows_self(plan.function) {
        borrowed.push("`self` (take `self: Arc<Self>`)".to_owned());
    }
    for param in &plan.function.params {
        if borrows(&param.ty) {
            let instead = owned(&param.ty);
            let name = match &param.pattern {
                None => format!("`{}`", param.name),
                Some(_) => "a pattern".to_owned(),
            };
            borrowed.push(match instead {
                Some(instead) => format!("{name} (take `{instead}`)"),
                None => name,
            });
        }
    }
    if borrowed.is_empty() {
        return;
    }
    let why = if word == "hard_timeout" {
        "a `fn` with a `hard_timeout` runs on another thread, which may outlive the call"
    } else {
        "the function may run on behind the call"
    };
    errors.at(
        word,
        format!(
            "`{word}` needs arguments that are owned: {why}, and {} {} borrowed\nwith borrowed \
             arguments there is `early = 1.0`, which renews a value before its timeout and needs no \
             background{}",
            borrowed.join(", "),
            if borrowed.len() == 1 { "is" } else { "are" },
            if word == "hard_timeout" {
                "; an `async fn` can have a `hard_timeout` with any arguments"
            } else {
                ""
            }
        ),
    );
}

/// Returns what to write instead of a borrowed type, if that is plain.
fn owned(ty: &Type) -> Option<String> {
    match ty {
        Type::Reference(reference) => Some(match &*reference.elem {
            Type::Path(path) if path.path.is_ident("str") => "String".to_owned(),
            Type::Path(path) => {
                let last = &path.path.segments.last()?.ident;
                if path.path.segments.last()?.arguments.is_empty() {
                    format!("Arc<{last}>")
                } else {
                    return None;
                }
            }
            Type::Slice(slice) => match &*slice.elem {
                Type::Path(path) => format!("Vec<{}>", path.path.get_ident()?),
                _ => return None,
            },
            _ => return None,
        }),
        Type::Path(path) => {
            let last = path.path.segments.last()?;
            let syn::PathArguments::AngleBracketed(arguments) = &last.arguments else {
                return None;
            };
            let [syn::GenericArgument::Type(inner)] = arguments.args.iter().collect::<Vec<_>>()[..]
            else {
                return None;
            };
            owned(inner).map(|inner| format!("{}<{inner}>", last.ident))
        }
        Type::ImplTrait(_) => Some("impl .. + 'static".to_owned()),
        _ => None,
    }
}

fn an_old_value(plan: &Plan, errors: &mut Errors) {
    if let (Some(soft), None) = (&plan.args.soft_timeout, &plan.args.stale) {
        errors.at(
            &soft.word,
            "`soft_timeout` serves the old value to a caller who would wait longer, and without \
             `stale` there is none; add `stale = \"1h\"`, or write `hard_timeout`, which gives up",
        );
    }
}

fn one_way_ahead(plan: &Plan, errors: &mut Errors) {
    if let (Some(early), Some(ahead)) = (&plan.args.early, &plan.args.refresh_ahead) {
        errors.at(
            &early.word,
            format!(
                "`{}` and `{}` exclude each other: both renew a value before its timeout; keep one",
                early.word, ahead.word
            ),
        );
    }
}

fn limits_in_order(plan: &Plan, errors: &mut Errors) {
    if let (Some(soft), Some(hard)) = (&plan.args.soft_timeout, &plan.args.hard_timeout)
        && let (FixedDuration::Known(soft_limit), FixedDuration::Known(hard_limit)) =
            (&soft.value, &hard.value)
        && soft_limit >= hard_limit
    {
        errors.at(
            &soft.word,
            "`soft_timeout` must be shorter than `hard_timeout`: first the old value is served, \
             and where there is none, the call gives up later",
        );
    }
}

fn somebody_to_lock_out(plan: &Plan, errors: &mut Errors) {
    if let (Some(lock), Some(_)) = (&plan.args.lock, &plan.args.local) {
        errors.at(
            &lock.word,
            "`lock` is about other processes, and a `local` value is in this one alone; remove \
             `lock`: within a process one caller runs the function for all anyway",
        );
    }
}

/// Types that are certainly not a `Result`.
const PLAIN: &[&str] = &[
    "bool", "char", "str", "String", "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16",
    "i32", "i64", "i128", "isize", "f32", "f64", "Option", "Vec", "Arc", "Rc", "Box", "HashMap",
    "BTreeMap", "HashSet", "BTreeSet",
];

fn a_place_for_errors(plan: &Plan, errors: &mut Errors) {
    let strict = plan.args.strict.as_ref().map(|set| &set.word);
    let hard = plan.args.hard_timeout.as_ref().map(|set| &set.word);
    let is_plain = match &plan.function.returns {
        Type::Tuple(_) | Type::Array(_) => true,
        Type::Path(path) => path
            .path
            .segments
            .last()
            .is_some_and(|last| PLAIN.iter().any(|plain| last.ident == plain)),
        _ => false,
    };
    let Some(word) = strict.or(hard).filter(|_| is_plain) else {
        return;
    };
    errors.at(
        word,
        format!(
            "`{word}` can end in an error of the cache, so the function must return a `Result<T, E>` \
             with `E: From<CacheError>`"
        ),
    );
}
