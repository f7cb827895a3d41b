//! The three functions that a handle and a method's companions share: the entry of a call, a call
//! that refreshes it, and a call without the cache.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::{GenericParam, Receiver, ReceiverKind};

use super::body::{self, Names};
use super::{attributes, closure, key, site, tags};
use crate::mentions::mentions_any;
use crate::model::{Function, Param};
use crate::plan::{Kind, Plan};
use crate::value::Timeout;

/// Generates the functions, with the names that `name` makes from `entry`, `refresh` and `uncached`.
pub(super) fn expand(plan: &Plan, name: impl Fn(&str) -> Ident) -> [TokenStream; 3] {
    [
        entry(plan, &name("entry")),
        run(plan, &name("refresh"), "refreshing"),
        run(plan, &name("uncached"), "uncached"),
    ]
}

// Output: pub fn entry(id: u64) -> Entry<Task> { <the key>; Entry::<Task>::__new(__key) }
fn entry(plan: &Plan, name: &Ident) -> TokenStream {
    let Plan {
        runtime,
        function: annotated,
        ..
    } = plan;
    let private = plan.private();
    let ty = if annotated.is_async() {
        quote!(Entry)
    } else {
        quote!(BlockingEntry)
    };
    let returns = &annotated.returns;
    let of = if annotated.returns_parameter() {
        quote!(#private::Opaque<#returns>)
    } else if plan.args.cache_none.is_some() {
        quote!(#private::NoneToo<#returns>)
    } else {
        quote!(#returns)
    };
    // A `local` value has no bytes: its entry says so in its type.
    let form = plan
        .args
        .local
        .is_some()
        .then(|| quote!(, #private::InProcess));
    let new = quote!(#runtime::#ty::<#of #form>::__new);
    let peeks = key::peeks(plan);
    let names = Names::new();
    let key_name = &names.key;
    let key = key::statements(plan, key_name);
    let keep_name = &names.keep;
    let timeout = plan.args.timeout.as_ref().map(|set| &set.value);
    let mut of_value = tags::closures(
        plan,
        |tags| quote!(.__tags_of::<#returns, _, _, _>(#keep_name, #tags)),
        true,
    );
    let mut is_asked = !of_value.is_empty();
    let last = match timeout {
        // The last of all, since it takes patterns apart.
        Some(Timeout::Expr(timeout)) => {
            let parts = parts(plan, timeout);
            if parts.is_empty() {
                quote!(.__timeout(#timeout))
            } else {
                quote!(.__timeout({ #parts #timeout }))
            }
        }
        Some(Timeout::Closure(timeout)) => {
            let mut timeout = timeout.clone();
            timeout.capture.get_or_insert_default();
            let timeout = closure::owned(plan, &timeout);
            is_asked = true;
            quote!(.__timeout_of::<#returns, _, _, _>(#keep_name, #timeout))
        }
        _ => TokenStream::new(),
    };
    // A kept `None` has a timeout of its own, and bypasses the closure.
    let is_closure = matches!(timeout, Some(Timeout::Closure(_)));
    if let Some(none) = &plan.args.cache_none
        && (is_closure || none.value.is_some())
    {
        is_asked = true;
        of_value.extend(quote!(.__none_of::<#returns, _>(#keep_name)));
    }
    let keep = is_asked.then(|| body::keep(plan, &names));
    let tags = tags::known(plan);
    let body = quote!(#key #keep #new(#key_name) #tags #of_value #last);
    let params: Vec<_> = annotated
        .params
        .iter()
        .map(|param| param.name.clone())
        .collect();
    function(
        plan,
        quote!(fn #name),
        &params,
        quote!(#runtime::#ty<#of #form>),
        quote!(#peeks #body),
    )
}

/// Generates the parts of patterns that the expression uses, as the body would see them.
fn parts(plan: &Plan, timeout: &syn::Expr) -> TokenStream {
    let params = plan.function.params.iter();
    params
        .filter(|param| mentions_any(timeout, &param.names()))
        .map(Param::unpack)
        .collect()
}

// Output: pub async fn refresh(id: u64) -> Task { refreshing(load::__site(), load(id)).await }
fn run(plan: &Plan, name: &Ident, how: &str) -> TokenStream {
    let private = plan.private();
    let (_, site) = site::reference(plan);
    let params: Vec<_> = plan
        .function
        .params
        .iter()
        .enumerate()
        .map(|param| passed_on(plan, param))
        .collect();
    let receiver = plan.self_token().into_iter().map(Ident::from);
    let passed = receiver.chain(params.iter().cloned());
    let callee = callee(plan);
    let call = quote!(#callee(#(#passed),*));
    let returns = plan.function.returns.to_token_stream();
    if plan.function.is_async() {
        let how = Ident::new(how, Span::mixed_site());
        let body = quote!(#private::#how(#site, #call).await);
        function(plan, quote!(async fn #name), &params, returns, body)
    } else {
        let how = format_ident!("{how}_blocking", span = Span::mixed_site());
        let body = quote!(#private::#how(#site, || #call));
        function(plan, quote!(fn #name), &params, returns, body)
    }
}

/// Generates one function, with the visibility, generics and bounds of the annotated one.
fn function(
    plan: &Plan,
    head: TokenStream,
    params: &[Ident],
    returns: TokenStream,
    body: TokenStream,
) -> TokenStream {
    let Function { vis, sig, .. } = plan.function;
    let attrs = match plan.kind {
        // The attributes of the handle's `impl` cover them.
        Kind::Free => TokenStream::new(),
        Kind::Method | Kind::Associated => attributes::beside(plan),
    };
    let (generics, bounds) = (&sig.generics, &sig.generics.where_clause);
    let receiver = plan.function.receiver().map(without_mut);
    let types = plan.function.params.iter().map(|param| &param.ty);
    quote! {
        #attrs
        #vis #head #generics (#receiver #(#params: #types),*) -> #returns #bounds {
            #body
        }
    }
}

/// Renames a parameter with the function's own name, which would shadow the function.
pub(super) fn passed_on(plan: &Plan, (index, param): (usize, &Param)) -> Ident {
    if plan.kind == Kind::Free && param.name == plan.function.sig.ident {
        return format_ident!("__arg{index}", span = Span::mixed_site());
    }
    param.name.clone()
}

/// Returns the function, with the type parameters that cannot be inferred from the arguments.
pub(super) fn callee(plan: &Plan) -> TokenStream {
    let name = &plan.function.sig.ident;
    let turbofish = turbofish(plan);
    match plan.kind {
        Kind::Free => quote!(#name #turbofish),
        Kind::Method | Kind::Associated => quote!(Self::#name #turbofish),
    }
}

pub(super) fn turbofish(plan: &Plan) -> Option<TokenStream> {
    let sig = &plan.function.sig;
    let params: Vec<_> = sig
        .generics
        .params
        .iter()
        .filter_map(|param| match param {
            GenericParam::Type(param) => Some(&param.ident),
            GenericParam::Const(param) => Some(&param.ident),
            GenericParam::Lifetime(_) => None,
        })
        .collect();
    (!params.is_empty()).then(|| quote!(::<#(#params),*>))
}

/// Returns the receiver and a comma.
pub(super) fn without_mut(receiver: &Receiver) -> TokenStream {
    let mut receiver = receiver.clone();
    receiver.attrs.clear();
    if !matches!(receiver.kind, ReceiverKind::Reference(..)) {
        receiver.mutability = None;
    }
    quote!(#receiver,)
}
