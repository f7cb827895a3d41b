//! Checks `cache_put` and `cache_evict` against the function.

use syn::{Expr, GenericArgument, PathArguments, ReceiverKind, Type};

use super::tags::mistaken;
use crate::errors::Errors;
use crate::event::{Event, Item, Kind};
use crate::mentions::mentions;
use crate::model::{Function, Way, unraw};
use crate::value::CacheRef;

pub(crate) fn check(function: &Function, events: &[Event], errors: &mut Errors) {
    runs_here(function, errors);
    for event in events {
        if let Some(CacheRef::Expr(cache)) = &event.cache
            && mentions(cache, "result")
        {
            errors.at(
                cache,
                "the cache is chosen before the body, where `result` is not known yet",
            );
        }
        if event.kind == Kind::Put && returns_nothing(&function.returns) {
            errors.add(syn::Error::new(
                event.place,
                "the function returns nothing that could be put; return the new value, or forget \
                 the entry with `#[cache_evict(..)]`",
            ));
        }
        for item in &event.items {
            match item {
                Item::Entries(expr) => names_entries(event.kind, expr, errors),
                Item::Tag(tag) => mistaken(function, tag, errors),
                Item::Whole(_) => {}
            }
            if item.is_late() {
                beside_the_result(function, item, errors);
            }
        }
    }
}

/// The changes are made when the function ends, so the work must end with it.
fn runs_here(function: &Function, errors: &mut Errors) {
    if let Some(constness) = &function.sig.constness {
        errors.at(
            constness,
            "a `const fn` cannot change a cache: that happens at run time; remove `const`, or the \
             attribute",
        );
    }
    if let Type::Never(never) = &function.returns {
        errors.at(never, "a function that never returns never succeeds");
    }
    let is_future = match &function.returns {
        Type::ImplTrait(opaque) => opaque.bounds.iter().any(|bound| {
            matches!(bound, syn::TypeParamBound::Trait(bound)
                if bound.path.segments.last().is_some_and(|last| last.ident == "Future"))
        }),
        returns => crate::boxed::output(returns).is_some(),
    };
    if is_future && matches!(function.way, Way::Sync) {
        errors.at(
            &function.returns,
            "the function has done nothing yet when it returns its future; write an `async fn`, or \
             let the whole body be `Box::pin(async move { .. })`",
        );
    }
}

/// Reports what is plainly no entry; the rest is left to its type.
fn names_entries(kind: Kind, expr: &Expr, errors: &mut Errors) {
    match expr {
        Expr::Lit(literal) => errors.at(
            literal,
            match (kind, &literal.lit) {
                (Kind::Evict, syn::Lit::Str(tag)) => format!(
                    "a tag stands in `tag(..)`, and an entry is an expression: write \
                     `tag({:?})`, or `get_task::entry(task_id)`",
                    tag.value()
                ),
                _ => "expected an entry, as in `get_task::entry(task_id)`".to_owned(),
            },
        ),
        Expr::Await(awaited) => names_entries(kind, &awaited.base, errors),
        Expr::Try(tried) => names_entries(kind, &tried.expr, errors),
        Expr::MethodCall(call) if acts(&call.method) => errors.at(
            &call.method,
            format!(
                "name the entry alone, without `.{}(..)`: the attribute does it when the function \
                 has succeeded",
                call.method
            ),
        ),
        Expr::Call(call) => {
            if let Expr::Path(path) = &*call.func
                && let Some(last) = path.path.segments.last()
                && (last.ident == "clear" || last.ident == "clear_in")
            {
                errors.at(
                    call,
                    "all entries of a function are `clear(get_user_tasks)` here, in another cache \
                     with `cache = ..`",
                );
            }
        }
        _ => {}
    }
}

fn acts(method: &syn::Ident) -> bool {
    ["delete", "set", "expire", "touch"]
        .iter()
        .any(|act| method == act)
}

/// Checks what stands beside `result`: it is evaluated after the body, which may have consumed the arguments.
fn beside_the_result(function: &Function, item: &Item, errors: &mut Errors) {
    let tokens = match item {
        Item::Entries(expr) => quote::quote!(#expr),
        Item::Tag(tag) => tag.tokens(),
        Item::Whole(_) => return,
    };
    if let Item::Entries(_) = item
        && function
            .bound_names()
            .iter()
            .any(|name| unraw(name) == "result")
    {
        errors.at(
            &tokens,
            "`result` is an argument here, and in the attribute it is what the function returns; \
             give the argument another name",
        );
    }
    let is_shared = function.receiver().is_none_or(|receiver| {
        matches!(&receiver.kind, ReceiverKind::Reference(_, _, None))
            || matches!(&receiver.kind, ReceiverKind::Typed(_, ty) if is_shared_reference(ty))
    });
    let mut taken = Vec::new();
    if !is_shared && item.mentions("self") {
        taken.push("self".to_owned());
    }
    for param in &function.params {
        let is_changed =
            matches!(&param.ty, Type::Reference(reference) if reference.mutability.is_some());
        if is_changed
            && let Some(name) = param
                .names()
                .iter()
                .find(|name| item.mentions(&unraw(name)))
        {
            taken.push(unraw(name));
        }
    }
    for name in taken {
        errors.at(
            &tokens,
            format!(
                "`{name}` is the body's own and cannot stand beside `result`; return what is needed \
                 of it, or name it in an entry of its own, without `result`"
            ),
        );
    }
}

fn is_shared_reference(ty: &Type) -> bool {
    matches!(ty, Type::Reference(reference) if reference.mutability.is_none())
}

/// `()`, and a `Result` or an `Option` of it.
fn returns_nothing(ty: &Type) -> bool {
    match ty {
        Type::Tuple(tuple) => tuple.elems.is_empty(),
        Type::Path(path) => path.path.segments.last().is_some_and(|last| {
            let PathArguments::AngleBracketed(arguments) = &last.arguments else {
                return false;
            };
            (last.ident == "Result" || last.ident == "Option")
                && matches!(arguments.args.first(), Some(GenericArgument::Type(ty))
                    if returns_nothing(ty))
        }),
        _ => false,
    }
}
