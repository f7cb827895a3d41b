//! The key of a call: built from references, owned before the body moves the arguments.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Expr, GenericParam};

use super::body::Names;
use super::{site, spot};
use crate::mentions::{has_impl_trait, mentions_any};
use crate::model::{Param, unraw};
use crate::plan::{Beside, Kind, Plan};

/// Generates the statements that make the key.
//
// Output:
//     let mut __key = Key::of(load::__site());
//     __key.ty::<T>().arg(&id).arg(&lang);
pub(super) fn statements(plan: &Plan, key: &Ident) -> TokenStream {
    let private = plan.private();
    let (_, site) = site::reference(plan);
    let parts = parts(plan);
    if parts.is_empty() {
        return quote!(let #key = #private::Key::of(#site););
    }
    // An argument that the body ignores can still tell results apart.
    let is_ignored = |param: &Param| param.pattern.is_none() && unraw(&param.name).starts_with('_');
    let ignored = plan.function.params.iter().any(is_ignored);
    let allow = ignored.then(|| quote!(#[allow(clippy::used_underscore_binding)]));
    let cache = plan.cache().map(|expr| {
        let (name, expr) = (Names::new().cache, operand(expr));
        let runtime = &plan.runtime;
        // A clone: the body may consume the argument that holds it.
        quote!(let #name = #runtime::Cache::clone(&#expr);)
    });
    quote! {
        #cache
        let mut #key = #private::Key::of(#site);
        #allow
        #key #parts;
    }
}

/// Generates the calls that add what tells one call from another.
fn parts(plan: &Plan) -> TokenStream {
    let mut key = TokenStream::new();
    match (plan.kind, &plan.beside) {
        (Kind::Free, _) => {}
        // It may be in a trait or its impl, whose parameters need not be in `Self`: a closure has all of them.
        (_, Beside::Inside) => key.extend(quote!(.within(&|| ()))),
        // A method and its companions name the same `Self`.
        _ => key.extend(quote!(.owner::<Self>())),
    }
    for param in &plan.function.sig.generics.params {
        match param {
            GenericParam::Type(param) => {
                let name = &param.ident;
                key.extend(quote!(.ty::<#name>()));
            }
            GenericParam::Const(param) => {
                let name = &param.ident;
                key.extend(quote!(.constant(&#name)));
            }
            GenericParam::Lifetime(_) => {}
        }
    }
    for param in &plan.function.params {
        // A type parameter without a name.
        if has_impl_trait(&param.ty) && !plan.skips(&param.name) {
            let name = &param.name;
            key.extend(quote!(.ty_of(&#name)));
        }
    }
    key.extend(arguments(plan));
    if plan.cache().is_some() {
        let name = Names::new().cache;
        key.extend(quote!(.in_cache(&#name)));
    }
    if let Some(version) = plan.version() {
        key.extend(quote!(.version(#version)));
    }
    key
}

/// Generates the statements that make the parts of patterns visible to the expressions of the key.
pub(super) fn peeks(plan: &Plan) -> TokenStream {
    let key = plan.args.key.iter().flat_map(|key| &key.value);
    let exprs: Vec<_> = key.chain(plan.version()).chain(plan.cache()).collect();
    let params = plan.function.params.iter().filter(|param| {
        param.pattern.is_some() && exprs.iter().any(|expr| mentions_any(expr, &param.names()))
    });
    params.map(Param::peek).collect()
}

fn arguments(plan: &Plan) -> TokenStream {
    let params = &plan.function.params;
    let mut calls: TokenStream = match &plan.args.key {
        Some(key) => key
            .value
            .iter()
            .map(|expr| {
                // An error is about this part, not about the whole attribute.
                let and = quote_spanned!(spot::invented(expr.span())=> &);
                let expr = operand(expr);
                quote!(.arg(#and #expr))
            })
            .collect(),
        None => params
            .iter()
            .filter(|param| !plan.skips(&param.name) && !plan.is_keyword(&param.name))
            .map(|param| {
                let (and, name) = reference(param);
                quote!(.arg(#and #name))
            })
            .collect(),
    };
    for param in params.iter().filter(|param| plan.is_keyword(&param.name)) {
        let word = unraw(&param.name);
        let (and, name) = reference(param);
        calls.extend(quote!(.kwarg(#word, #and #name)));
    }
    calls
}

/// Returns `&name`, located at the argument's type, which is what an error is about.
fn reference(param: &Param) -> (TokenStream, Ident) {
    let place = spot::of_type(&param.ty);
    let mut name = param.name.clone();
    name.set_span(name.span().located_at(place));
    (quote_spanned!(spot::invented(place)=> &), name)
}

/// Returns the expression such that a `&` in front applies to all of it.
pub(super) fn operand(expr: &Expr) -> TokenStream {
    match expr {
        Expr::Path(_)
        | Expr::Field(_)
        | Expr::MethodCall(_)
        | Expr::Call(_)
        | Expr::Index(_)
        | Expr::Lit(_)
        | Expr::Macro(_)
        | Expr::Paren(_)
        | Expr::Tuple(_)
        | Expr::Array(_)
        | Expr::Reference(_)
        | Expr::Unary(_) => quote!(#expr),
        _ => quote!((#expr)),
    }
}
