//! The annotated function: everything the user wrote around a new body.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{FnArg, Pat, PatIdent, Signature};

use super::{body, docs};
use crate::model::{Function, Way};
use crate::plan::Plan;

pub(super) fn expand(plan: &Plan) -> TokenStream {
    let Function {
        attrs,
        vis,
        inner_attrs,
        braces,
        way,
        ..
    } = plan.function;
    let docs = docs::paragraph(plan);
    let sig = signature(plan.function);
    let mut statements = body::statements(plan);
    if let Way::Boxed(boxed) = way {
        let (pin, attrs) = (&boxed.pin, &boxed.attrs);
        let (async_token, capture) = (&boxed.async_token, &boxed.capture);
        let future = body::braces(*braces, statements);
        statements = quote!(#pin(#(#attrs)* #async_token #capture #future));
    }
    let block = body::braces(*braces, quote!(#(#inner_attrs)* #statements));
    quote!(#(#attrs)* #docs #vis #sig #block)
}

/// Returns the signature as written, with patterns replaced by names.
fn signature(function: &Function) -> Signature {
    let mut sig = function.sig.clone();
    let typed = sig.inputs.iter_mut().filter_map(|input| match input {
        FnArg::Typed(typed) => Some(typed),
        FnArg::Receiver(_) => None,
    });
    for (input, param) in typed.zip(&function.params) {
        if param.pattern.is_some() && !param.unpacked {
            *input.pat = Pat::Ident(PatIdent {
                attrs: Vec::new(),
                by_ref: None,
                mutability: None,
                ident: param.name.clone(),
                subpat: None,
            });
        }
    }
    sig
}
