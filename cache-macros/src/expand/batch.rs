//! Many calls at once: `load::many([7, 8])` and `load::warm([7, 8])`, both over one function that hands
//! the items to the runtime.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::visit_mut::{self, VisitMut};
use syn::{GenericParam, Generics, Lifetime, LifetimeParam, Type};

use super::body::{self, Names};
use super::{attributes, key, runs};
use crate::mentions::mentions_any;
use crate::model::{Param, unraw};
use crate::plan::{Kind, Place, Plan};
use crate::value::Timeout;

/// Nothing, where the function cannot be called for many items.
//
// Output:
//     async fn __batch(__batch: Batch, __items: impl IntoIterator<Item = u64>) -> Batched<Task> {
//         <what is kept>
//         __batch.run(__items, |id| { <the key> .asked(id) }, |id| load(id), ..).await
//     }
//     pub async fn many(__items: impl IntoIterator<Item = u64>) -> Vec<Task> {
//         load::__batch(Batch::many(), __items).await.results()
//     }
//     pub fn warm(__items: impl IntoIterator<Item = u64>) -> Warm<impl Future<Output = Batched<Task>>> {
//         Warm::new(|__batch| load::__batch(__batch, __items))
//     }
pub(super) fn expand(plan: &Plan, name: impl Fn(&str) -> Ident) -> TokenStream {
    let (Ok(receiver), Some(home)) = (plan.items(), home(plan)) else {
        return TokenStream::new();
    };
    let (item, generics) = item(plan);
    let Plan {
        runtime, function, ..
    } = plan;
    let (private, returns) = (plan.private(), &function.returns);
    let (vis, bounds) = (&function.vis, &function.sig.generics.where_clause);
    let attrs = match plan.kind {
        // The handle's `impl` has them once for all.
        Kind::Free => TokenStream::new(),
        Kind::Method | Kind::Associated => attributes::beside(plan),
    };
    let invented = |name| Ident::new(name, Span::mixed_site());
    let (batch, items) = (invented("__batch"), invented("__items"));
    let of_items = quote!(#items: impl ::core::iter::IntoIterator<Item = #item>);
    let (declared, passed) = (&receiver.declared, plan.self_token());
    let passed = passed.map(|own| quote!(#own,));
    let (asyncness, wait) = match function.is_async() {
        true => (Some(quote!(async)), Some(quote!(.await))),
        false => (None, None),
    };
    let (warm_type, begun) = match function.is_async() {
        true => (
            quote!(Warm),
            quote!(impl ::core::future::Future<Output = #private::Batched<#returns>>),
        ),
        false => (
            quote!(BlockingWarm),
            quote!(impl ::core::ops::FnOnce(#private::Batch) -> #private::Batched<#returns>),
        ),
    };
    let run = run(plan, &receiver.handed_on, &batch, &items);
    let (base, call) = (&home.base, home.call);
    let (many, warm) = (name("many"), name("warm"));
    quote! {
        #attrs
        #asyncness fn #base #generics (#declared #batch: #private::Batch, #of_items) -> #private::Batched<#returns> #bounds {
            #run #wait
        }
        #attrs
        #vis #asyncness fn #many #generics (#declared #of_items) -> ::std::vec::Vec<#returns> #bounds {
            #call(#passed #private::Batch::many(), #items) #wait .results()
        }
        #attrs
        #vis fn #warm #generics (#declared #of_items) -> #runtime::#warm_type<#begun> #bounds {
            #runtime::#warm_type::new(move |#batch| #call(#passed #batch, #items))
        }
    }
}

/// The function that the others are over, and how they call it.
struct Home {
    base: Ident,
    call: TokenStream,
}

fn home(plan: &Plan) -> Option<Home> {
    let turbofish = runs::turbofish(plan);
    match &plan.place {
        Place::Handle(handle) => {
            let base = Ident::new("__batch", Span::mixed_site());
            let call = quote!(#handle::#base #turbofish);
            Some(Home { base, call })
        }
        Place::Companions(stem) => {
            let base = format_ident!("__{}_batch", unraw(stem), span = Span::mixed_site());
            let call = quote!(Self::#base #turbofish);
            Some(Home { base, call })
        }
        Place::Inside => None,
    }
}

/// How an item meets its cache, and how it is called.
fn run(plan: &Plan, own: &TokenStream, batch: &Ident, items: &Ident) -> TokenStream {
    let private = plan.private();
    let names = Names::new();
    let (peeks, key) = (key::peeks(plan), key::statements(plan, &names.key));
    let keep = body::keep(plan, &names);
    let cached = body::cached(plan, &names);
    let function = function(plan, items);
    // What is kept of a function's own result, the function sees to.
    let options = function.is_some().then(|| options(plan));
    let params = &plan.function.params;
    let item = tuple(params.iter().map(|param| param.name.clone()));
    let passed: Vec<_> = params
        .iter()
        .enumerate()
        .map(|param| runs::passed_on(plan, param))
        .collect();
    let called = tuple(passed.iter().cloned());
    let own = (!own.is_empty()).then(|| quote!(#own,));
    let callee = runs::callee(plan);
    let reason = if plan.function.returns_parameter() {
        quote!(|_| ::core::option::Option::None)
    } else {
        let probe = &names.probe;
        quote!({ use #private::reason::*; (&&#probe).reason() })
    };
    let run = match (plan.function.is_async(), function.is_some()) {
        (true, false) => quote!(run),
        (true, true) => quote!(run_with),
        (false, false) => quote!(run_blocking),
        (false, true) => quote!(run_blocking_with),
    };
    quote! {
        #keep
        #batch.#run(
            #items,
            move |#item| {
                #peeks
                #key
                #cached #options.asked(#item)
            },
            move |#called| #callee(#own #(#passed),*),
            #reason,
            #function
        )
    }
}

/// `batch = …` as a closure over the items.
fn function(plan: &Plan, items: &Ident) -> Option<TokenStream> {
    let private = plan.private();
    let function = &plan.args.batch.as_ref()?.value;
    let own = plan.self_token().map(|own| quote!(#own,));
    let returns = &plan.function.returns;
    let (head, wait) = match plan.function.is_async() {
        true => (Some(quote!(async move)), Some(quote!(.await))),
        false => (None, None),
    };
    Some(quote! {
        move |#items| #head {
            (
                #private::Answer::<_, #returns>::answers(#function(#own &#items) #wait, &#items),
                #items,
            )
        }
    })
}

/// The closures of the attribute. A timeout that depends on the call is one here: the body, in which it
/// would be told, does not run.
fn options(plan: &Plan) -> TokenStream {
    let mut options = body::options(plan);
    if let Some(Timeout::Expr(timeout)) = plan.args.timeout.as_ref().map(|set| &set.value) {
        let runtime = &plan.runtime;
        let params = plan.function.params.iter();
        let parts = params
            .filter(|param| mentions_any(timeout, &param.names()))
            .map(Param::cloned);
        let told = Ident::new("__timeout", Span::mixed_site());
        options.extend(quote! {
            .timeout_of({
                #(#parts)*
                let #told = <#runtime::Timeout as ::core::convert::From<_>>::from(#timeout);
                move |_| #told
            })
        });
    }
    options
}

/// `a` of one, `(a, b)` of several.
fn tuple(names: impl ExactSizeIterator<Item = Ident>) -> TokenStream {
    match names.len() {
        1 => quote!(#(#names)*),
        _ => quote!((#(#names),*)),
    }
}

/// The type of an item, and the function's generics with a lifetime for what is borrowed in it.
fn item(plan: &Plan) -> (TokenStream, Generics) {
    let mut generics = plan.function.sig.generics.clone();
    let mut borrowed = Borrowed {
        lifetime: Lifetime::new("'__item", Span::mixed_site()),
        is_met: false,
    };
    let types = plan.function.params.iter().map(|param| {
        let mut ty = param.ty.clone();
        borrowed.visit_type_mut(&mut ty);
        ty
    });
    let types: Vec<Type> = types.collect();
    if borrowed.is_met {
        let lifetime = LifetimeParam::new(borrowed.lifetime);
        generics.params.insert(0, GenericParam::Lifetime(lifetime));
    }
    let item = match &types[..] {
        [one] => one.to_token_stream(),
        types => quote!((#(#types),*)),
    };
    (item, generics)
}

/// Names the lifetimes that a signature may leave out and the item of an iterator may not.
struct Borrowed {
    lifetime: Lifetime,
    is_met: bool,
}

impl VisitMut for Borrowed {
    fn visit_type_reference_mut(&mut self, reference: &mut syn::TypeReference) {
        if reference.lifetime.is_none() {
            reference.lifetime = Some(self.lifetime.clone());
            self.is_met = true;
        }
        visit_mut::visit_type_reference_mut(self, reference);
    }

    fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
        if lifetime.ident == "_" {
            *lifetime = self.lifetime.clone();
            self.is_met = true;
        }
    }

    // Those of a function's own arguments are its own.
    fn visit_type_fn_ptr_mut(&mut self, _: &mut syn::TypeFnPtr) {}

    fn visit_parenthesized_generic_arguments_mut(
        &mut self,
        _: &mut syn::ParenthesizedGenericArguments,
    ) {
    }
}
