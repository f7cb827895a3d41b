//! The rules: what cannot be cached, and settings that contradict the function or one another.

mod borrows;
pub(crate) mod events;
mod returns;
mod settings;
mod tags;
mod time;

use syn::{Safety, Signature, Type};

use crate::errors::Errors;
use crate::mentions::mentions_self_type;
use crate::model::{Function, Way};
use crate::plan::{Kind, Plan};

/// Finds every mistake, so that they are reported together.
pub(crate) fn check(plan: &Plan, errors: &mut Errors) {
    // A setting that could not be parsed looks like one that is missing: rules about those would
    // report a mistake that is none.
    let settings_are_read = errors.is_empty();
    signature(&plan.function.sig, errors);
    attributes(plan.function, errors);
    returns::check(plan.function, errors);
    settings::check(plan, errors);
    time::check(plan, errors);
    tags::check(plan, errors);
    if settings_are_read {
        returns::read_back(plan, errors);
        place(plan, errors);
        changed_arguments(plan, errors);
        settings::check_what_is_missing(plan, errors);
    }
}

fn signature(sig: &Signature, errors: &mut Errors) {
    if let Some(constness) = &sig.constness {
        errors.at(
            constness,
            "a `const fn` cannot be cached: a cache is read at run time; remove `const`, or the \
             attribute",
        );
    }
    if let Safety::Unsafe(unsafety) = &sig.safety {
        errors.at(
            unsafety,
            "an `unsafe fn` cannot be cached: a hit would not run what its caller vouched for; \
             cache a safe function around it",
        );
    }
    if let Some(abi) = &sig.abi {
        errors.at(
            abi,
            "an `extern` function cannot be cached; cache a Rust function around it",
        );
    }
    if let Some(variadic) = &sig.variadic {
        errors.at(
            variadic,
            "a function with variable arguments cannot be cached",
        );
    }
    for input in &sig.inputs {
        let attrs = match input {
            syn::FnArg::Receiver(receiver) => &receiver.attrs,
            syn::FnArg::Typed(typed) => &typed.attrs,
        };
        for attr in attrs {
            if attr.path().is_ident("cfg") || attr.path().is_ident("cfg_attr") {
                errors.at(
                    attr,
                    "an argument of a cached function cannot be conditional; write the function \
                     twice, with `#[cfg]` on each",
                );
            }
        }
    }
}

/// A hit does not run the body, so what the body would change stays as it is.
fn changed_arguments(plan: &Plan, errors: &mut Errors) {
    if plan.args.key.is_some() {
        // What is not named there was left out on purpose.
        return;
    }
    for param in &plan.function.params {
        if let Type::Reference(reference) = &param.ty
            && reference.mutability.is_some()
            && !plan.skips(&param.name)
        {
            errors.at(
                &param.ty,
                format!(
                    "a hit would not change `{name}`: return what is to be changed, or write \
                     `skip({name})` if that may be",
                    name = param.name
                ),
            );
        }
    }
}

fn attributes(function: &Function, errors: &mut Errors) {
    let starts = function.attrs.iter().find(|attr| {
        let last = attr.path().segments.last();
        last.is_some_and(|last| last.ident == "main" || last.ident == "test")
    });
    if let Some(attr) = starts {
        errors.at(
            attr,
            "what starts a program or a test runs once and cannot be cached; put the attribute on a \
             function that it calls",
        );
    }
    for attr in &function.attrs {
        if attr
            .path()
            .segments
            .last()
            .is_some_and(|segment| segment.ident == "cache_result")
        {
            errors.at(
                attr,
                "the function is cached already; keep one `#[cache_result]`",
            );
        }
    }
}

/// Checks where the function is: an attribute cannot see the `impl` around it, so the function has to tell.
fn place(plan: &Plan, errors: &mut Errors) {
    let Function { sig, body, .. } = plan.function;
    match (plan.kind, &plan.args.associated) {
        (Kind::Method, Some(associated)) => errors.at(
            &associated.word,
            "this is a method; `associated` is for functions without `self`, remove it",
        ),
        (Kind::Free, _) if mentions_self_type(&quote::quote!(#sig; #body)) => errors.at(
            &sig.ident,
            "`Self` says that this function stands in an `impl`; add `associated` to \
             `#[cache_result]`",
        ),
        _ => {}
    }
    if let Way::Sync = plan.function.way
        && crate::boxed::output(&plan.function.returns).is_some()
    {
        errors.at(
            &plan.function.returns,
            "a future cannot be cached, only its output; write an `async fn`, or let the whole \
             body be `Box::pin(async move { .. })`",
        );
    }
}
