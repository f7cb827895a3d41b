//! Attributes: which of the user's stay on the function, and which are copied beside it.

use proc_macro2::TokenStream;
use quote::quote;
use syn::punctuated::Punctuated;
use syn::{Attribute, Meta, Token};

use crate::plan::Plan;

/// Returns attributes for functions beside the annotated one: its conditions and lint levels, no page in the
/// documentation, and no lints about code that the user did not write.
pub(super) fn beside(plan: &Plan) -> TokenStream {
    let copied = plan.function.attrs.iter().filter_map(copy);
    quote! {
        #(#copied)*
        #[doc(hidden)]
        #[allow(clippy::all, clippy::nursery, clippy::pedantic, deprecated, unused)]
    }
}

/// Returns the same for a type that is named like a function.
pub(super) fn handle(plan: &Plan) -> TokenStream {
    let copied = plan.function.attrs.iter().filter_map(copy);
    quote! {
        #(#copied)*
        #[doc(hidden)]
        #[allow(missing_debug_implementations, non_camel_case_types, unused)]
    }
}

fn copy(attr: &Attribute) -> Option<TokenStream> {
    let meta = copy_meta(&attr.meta)?;
    Some(quote!(#[#meta]))
}

/// `cfg` and lint levels; what is expected of the function is allowed beside it.
//
// Input:  cfg_attr(feature = "x", inline, expect(deprecated))
// Output: cfg_attr(feature = "x", allow(deprecated))
fn copy_meta(meta: &Meta) -> Option<TokenStream> {
    let path = meta.path();
    if path.is_ident("cfg") || path.is_ident("allow") {
        return Some(quote!(#meta));
    }
    let list = meta.require_list().ok()?;
    if path.is_ident("expect") {
        let lints = &list.tokens;
        return Some(quote!(allow(#lints)));
    }
    if path.is_ident("cfg_attr") {
        let metas = list
            .parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)
            .ok()?;
        let mut metas = metas.iter();
        let condition = metas.next()?;
        let copied: Vec<_> = metas.filter_map(copy_meta).collect();
        return (!copied.is_empty()).then(|| quote!(cfg_attr(#condition, #(#copied),*)));
    }
    None
}
