//! Closures of the attribute: they own what they use, so that the body can still move it.

use proc_macro2::{Group, Ident, Spacing, Span, TokenStream, TokenTree};
use quote::quote;
use syn::ExprClosure;

use crate::mentions::{bindings, mentions, mentions_any};
use crate::plan::Plan;

/// The closure; before it, clones of the arguments that it mentions.
//
// Input:  |page| page.len() < limit
// Output: { let limit = Clone::clone(&limit); move |page| page.len() < limit }
//
// So is a `self` that is an `Arc`, and the closure has it under another name. Of any other `self` the closure
// has the fields that it mentions, and the body those that are `Copy` as well.
pub(super) fn owned(plan: &Plan, closure: &ExprClosure) -> TokenStream {
    let mut closure = closure.clone();
    let own: Vec<_> = closure.inputs.iter().flat_map(bindings).collect();
    let mut clones = TokenStream::new();
    for param in &plan.function.params {
        let mut names = param.names();
        names.retain(|name| !own.contains(name));
        if !mentions_any(&closure.body, &names) {
            continue;
        }
        clones.extend(param.cloned());
    }
    let receiver = plan
        .self_token()
        .filter(|_| mentions(&closure.body, "self"));
    if !clones.is_empty() || receiver.is_some() {
        closure.capture.get_or_insert_default();
    }
    let mut tokens = quote!(#closure);
    if let Some(receiver) = receiver.filter(|_| plan.counts_self()) {
        let own = Ident::new("__self", Span::mixed_site());
        clones.extend(quote!(let #own = ::core::clone::Clone::clone(&#receiver);));
        tokens = with_self(tokens, &own);
    }
    if clones.is_empty() {
        tokens
    } else {
        quote!({ #clones #tokens })
    }
}

/// Returns the same with `own` in place of `self`, except for the `self` of a path (`self::helper`).
fn with_self(tokens: TokenStream, own: &Ident) -> TokenStream {
    let mut tokens = tokens.into_iter().peekable();
    let mut replaced = TokenStream::new();
    while let Some(token) = tokens.next() {
        let token = match token {
            TokenTree::Group(group) => {
                let inner = with_self(group.stream(), own);
                let mut same = Group::new(group.delimiter(), inner);
                same.set_span(group.span());
                TokenTree::Group(same)
            }
            TokenTree::Ident(word) if word == "self" && !is_path(tokens.peek()) => {
                TokenTree::Ident(Ident::new(
                    &own.to_string(),
                    own.span().located_at(word.span()),
                ))
            }
            other => other,
        };
        replaced.extend([token]);
    }
    replaced
}

/// Returns whether a path continues here.
fn is_path(next: Option<&TokenTree>) -> bool {
    matches!(next, Some(TokenTree::Punct(punct))
        if punct.as_char() == ':' && punct.spacing() == Spacing::Joint)
}
