//! Closures of the attribute: they own what they use, so that the body can still move it.

use proc_macro2::TokenStream;
use quote::quote;
use syn::ExprClosure;

use crate::mentions::{bindings, mentions, mentions_any};
use crate::plan::Plan;

/// The closure; before it, clones of the arguments that it mentions.
//
// Input:  |page| page.len() < limit
// Output: { let limit = Clone::clone(&limit); move |page| page.len() < limit }
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
    let uses_self = plan
        .self_token()
        .is_some_and(|_| mentions(&closure.body, "self"));
    if !clones.is_empty() || uses_self {
        closure.capture.get_or_insert_default();
    }
    if clones.is_empty() {
        quote!(#closure)
    } else {
        quote!({ #clones #closure })
    }
}
