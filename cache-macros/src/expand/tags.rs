//! Tags: those that are known before the body are passed on inside it, those of the value are a closure.
//!
//! So the arguments of most tags need no clone, and a hit does nothing for any of them.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::ExprClosure;

use super::closure;
use crate::model::{Param, unraw};
use crate::plan::Plan;
use crate::tag::Tag;

/// Generates statements before the user's: the tags that do not mention the value.
//
// Output: cache_runtime::current().tag(format!("user:{user_id}"));
pub(super) fn statements(plan: &Plan) -> TokenStream {
    let (runtime, private) = (&plan.runtime, plan.private());
    let mut told = TokenStream::new();
    for tag in early(plan) {
        let made = tag.made(&private);
        told.extend(if let Tag::Each(_) = tag {
            let name = Ident::new("__tag", Span::mixed_site());
            quote!(for #name in #made { #runtime::current().tag(#name); })
        } else {
            quote!(#runtime::current().tag(#made);)
        });
    }
    let peeks = peeks(plan);
    if peeks.is_empty() {
        told
    } else {
        quote!({ #peeks #told })
    }
}

/// Generates calls on an entry or on a call, whose closure returns the tags of a value.
//
// Output: .tags(|result: &_| [format!("team:{}", result.team)])
pub(super) fn closures(
    plan: &Plan,
    call: impl Fn(TokenStream) -> TokenStream,
    is_moved: bool,
) -> TokenStream {
    let late = plan.args.tags.iter().flat_map(|tags| &tags.value);
    let late = late.filter(|tag| tag.mentions("result"));
    calls(plan, late, |tags, first| {
        let result = result(first);
        let mut closure: ExprClosure = syn::parse_quote!(|#result: &_| #tags);
        if is_moved {
            closure.capture.get_or_insert_default();
        }
        call(closure::owned(plan, &closure))
    })
}

/// Generates calls on an entry: the tags that do not mention the value.
//
// Output: .__tags([format!("user:{user_id}")])
pub(super) fn known(plan: &Plan) -> TokenStream {
    let peeks = peeks(plan);
    calls(plan, early(plan), |tags, _| {
        if peeks.is_empty() {
            quote!(.__tags(#tags))
        } else {
            quote!(.__tags({ #peeks #tags }))
        }
    })
}

/// Generates calls on an item of a batch function, for which no body runs: the tags that do not mention the
/// value.
//
// Output: .tagged(|| [format!("user:{user_id}")])
pub(super) fn told(plan: &Plan) -> TokenStream {
    let peeks = peeks(plan);
    calls(plan, early(plan), |tags, _| {
        if peeks.is_empty() {
            quote!(.tagged(|| #tags))
        } else {
            quote!(.tagged(|| { #peeks #tags }))
        }
    })
}

/// Returns `result` with the span at which the tag's `result` finds it.
pub(super) fn result(tag: &Tag) -> Ident {
    let span = tag.tokens().into_iter().next().map(|first| first.span());
    Ident::new("result", span.unwrap_or_else(Span::call_site))
}

/// Generates one call for all single tags, and one for each list.
fn calls<'t>(
    plan: &Plan,
    tags: impl Iterator<Item = &'t Tag>,
    call: impl Fn(TokenStream, &Tag) -> TokenStream,
) -> TokenStream {
    let private = plan.private();
    let (lists, single): (Vec<_>, Vec<_>) = tags.partition(|tag| matches!(tag, Tag::Each(_)));
    let mut calls = TokenStream::new();
    if let Some(first) = single.first() {
        let made = single.iter().map(|tag| tag.made(&private));
        calls.extend(call(quote!([#(#made),*]), first));
    }
    for list in lists {
        calls.extend(call(list.made(&private), list));
    }
    calls
}

fn early<'a>(plan: &'a Plan<'_>) -> impl Iterator<Item = &'a Tag> {
    let tags = plan.args.tags.iter().flat_map(|tags| &tags.value);
    tags.filter(|tag| !tag.mentions("result"))
}

/// Generates the parts of patterns that they use, by reference as for the key.
fn peeks(plan: &Plan) -> TokenStream {
    let is_used = |param: &&Param| {
        let mut parts = param.names().into_iter();
        param.pattern.is_some()
            && parts.any(|part| early(plan).any(|tag| tag.mentions(&unraw(&part))))
    };
    let params = plan.function.params.iter().filter(is_used);
    params.map(Param::peek).collect()
}
