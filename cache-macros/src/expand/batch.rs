//! Many calls at once: `load::many([7, 8])` and `load::warm([7, 8])`, both built on one function that passes
//! the items to the runtime.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::visit::{self, Visit};
use syn::{
    GenericParam, Generics, Lifetime, LifetimeParam, Type, TypeParam, WherePredicate, parse_quote,
};

use super::body::{self, Names};
use super::{attributes, key, runs, tags};
use crate::mentions::mentions_any;
use crate::model::{Param, unraw};
use crate::plan::{Beside, Kind, Plan};
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
    let (vis, bounds) = (&function.vis, &generics.where_clause);
    let attrs = match plan.kind {
        // The attributes of the handle's `impl` cover them.
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

/// The function on which the others are built, and how they call it.
struct Home {
    base: Ident,
    call: TokenStream,
}

fn home(plan: &Plan) -> Option<Home> {
    let turbofish = runs::turbofish(plan);
    match &plan.beside {
        Beside::Handle(handle) => {
            let base = Ident::new("__batch", Span::mixed_site());
            let call = quote!(#handle::#base #turbofish);
            Some(Home { base, call })
        }
        Beside::Companions(stem) => {
            let base = format_ident!("__{}_batch", unraw(stem), span = Span::mixed_site());
            let call = quote!(Self::#base #turbofish);
            Some(Home { base, call })
        }
        Beside::Inside => None,
    }
}

/// Generates how an item looks up its cache, and how it is called.
fn run(plan: &Plan, own: &TokenStream, batch: &Ident, items: &Ident) -> TokenStream {
    let private = plan.private();
    let names = Names::new();
    let (peeks, key) = (key::peeks(plan), key::statements(plan, &names.key));
    let keep = body::keep(plan, &names);
    let cached = body::cached(plan, &names);
    let function = function(plan, items);
    // What is kept of a function's own result, the function itself decides.
    let options = function.is_some().then(|| body::options(plan));
    let params = &plan.function.params;
    let item = tuple(params.iter().map(|param| &param.name));
    let passed: Vec<_> = params
        .iter()
        .enumerate()
        .map(|param| runs::passed_on(plan, param))
        .collect();
    let called = tuple(passed.iter());
    let own = (!own.is_empty()).then(|| quote!(#own,));
    let asked = asked(plan, &item);
    let callee = runs::callee(plan);
    let reason = if plan.function.returns_parameter() {
        quote!(|_| ::core::option::Option::None)
    } else {
        let probe = &names.probe;
        quote!({ use #private::reason::*; (&&&#probe).reason() })
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
                #cached #options #asked
            },
            move |#called| #callee(#own #(#passed),*),
            #reason,
            #function
        )
    }
}

/// `batch = …` as a closure over the items: their results, and the items again.
//
// Output:
//     move |__items| async move {
//         let __items = Parted::new(__items, |(db, id)| ((db,), id));
//         let (db,) = __items.first();
//         let __answer = load_many(db, __items.rest()).await;
//         __items.whole::<_, Task, _>(__answer, |(db,), id| (db, id))
//     }
fn function(plan: &Plan, items: &Ident) -> Option<TokenStream> {
    let private = plan.private();
    let function = &plan.args.batch.as_ref()?.value;
    let own = plan.self_token().map(|own| quote!(#own,));
    let returns = &plan.function.returns;
    let (head, wait) = match plan.function.is_async() {
        true => (Some(quote!(async move)), Some(quote!(.await))),
        false => (None, None),
    };
    let names = plan.function.params.iter().map(|param| param.name.clone());
    let names: Vec<_> = names.collect();
    let is_skipped = |name: &&Ident| plan.skips(name);
    let (skipped, rest): (Vec<&Ident>, Vec<&Ident>) = names.iter().partition(is_skipped);
    let (item, rest) = (tuple(names.iter()), tuple(rest.into_iter()));
    let answer = Ident::new("__answer", Span::mixed_site());
    Some(quote! {
        move |#items| #head {
            let #items = #private::Parted::new(#items, |#item| ((#(#skipped,)*), #rest));
            let (#(#skipped,)*) = #items.first();
            let #answer = #function(#own #(#skipped,)* #items.rest()) #wait;
            #items.whole::<_, #returns, _>(#answer, |(#(#skipped,)*), #rest| #item)
        }
    })
}

/// An item that has met its cache. For a batch function it comes with what a body would tell: a timeout
/// that depends on the call, and tags.
//
// Output: .asked(()).told(|| { let name = Clone::clone(&name); Timeout::from(ttl(name)) }).with((id, name))
fn asked(plan: &Plan, item: &TokenStream) -> TokenStream {
    if plan.args.batch.is_none() {
        return quote!(.asked(#item));
    }
    let timeout = match plan.args.timeout.as_ref().map(|set| &set.value) {
        Some(Timeout::Expr(timeout)) => {
            let runtime = &plan.runtime;
            let params = plan.function.params.iter();
            let parts = params
                .filter(|param| mentions_any(timeout, &param.names()))
                .map(Param::cloned);
            quote! {
                .told(|| {
                    #(#parts)*
                    <#runtime::Timeout as ::core::convert::From<_>>::from(#timeout)
                })
            }
        }
        _ => TokenStream::new(),
    };
    let tags = tags::told(plan);
    if timeout.is_empty() && tags.is_empty() {
        return quote!(.asked(#item));
    }
    quote!(.asked(()) #timeout #tags .with(#item))
}

/// Returns `a` for one, `(a, b)` for several.
fn tuple<'n>(names: impl ExactSizeIterator<Item = &'n Ident>) -> TokenStream {
    match names.len() {
        1 => quote!(#(#names)*),
        _ => quote!((#(#names),*)),
    }
}

/// Returns the type of an item, and the function's generics with a lifetime for what is borrowed in it.
//
// Input:  id: u64, name: Cow<str>
// Output: Item<fn(&'__item ()) -> (u64, Cow<str>)>
fn item(plan: &Plan) -> (TokenStream, Generics) {
    let mut generics = plan.function.sig.generics.clone();
    let types: Vec<_> = plan.function.params.iter().map(|param| &param.ty).collect();
    let item = match &types[..] {
        [one] => one.to_token_stream(),
        types => quote!((#(#types),*)),
    };
    if !types.iter().any(|ty| may_leave_out_a_lifetime(plan, ty)) {
        return (item, generics);
    }
    // An argument may elide a lifetime, and the item of an iterator may not; but what is returned may,
    // and then it is that of the only argument.
    let private = plan.private();
    let lifetime = Lifetime::new("'__item", Span::mixed_site());
    let item = quote!(#private::Item<fn(&#lifetime ()) -> #item>);
    // The bounds that a signature implies for `&Context<'a>` and `&T`.
    let mut longer: Vec<WherePredicate> = Vec::new();
    for param in &generics.params {
        match param {
            GenericParam::Lifetime(LifetimeParam { lifetime: own, .. }) => {
                longer.push(parse_quote!(#own: #lifetime));
            }
            GenericParam::Type(TypeParam { ident, .. }) => {
                longer.push(parse_quote!(#ident: #lifetime))
            }
            GenericParam::Const(_) => {}
        }
    }
    if plan.kind != Kind::Free {
        longer.push(parse_quote!(Self: #lifetime));
    }
    if !longer.is_empty() {
        generics.make_where_clause().predicates.extend(longer);
    }
    let lifetime = GenericParam::Lifetime(LifetimeParam::new(lifetime));
    generics.params.insert(0, lifetime);
    (item, generics)
}

/// Types that have no lifetime of their own.
const OWNED: &[&str] = &[
    "bool", "char", "str", "String", "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16",
    "i32", "i64", "i128", "isize", "f32", "f64", "Option", "Vec", "Arc", "Rc", "Box", "HashMap",
    "BTreeMap", "HashSet", "BTreeSet", "Uuid", "PathBuf", "Duration",
];

/// Returns whether there may be an elided lifetime in the type: `&str`, and `Cow<str>`, which an
/// `async fn` has to write `Cow<'_, str>`.
fn may_leave_out_a_lifetime(plan: &Plan, ty: &Type) -> bool {
    struct Found<'a>(bool, &'a Plan<'a>);
    impl<'ast> Visit<'ast> for Found<'_> {
        fn visit_type_reference(&mut self, reference: &'ast syn::TypeReference) {
            self.0 |= reference.lifetime.is_none();
            visit::visit_type_reference(self, reference);
        }

        fn visit_lifetime(&mut self, lifetime: &'ast Lifetime) {
            self.0 |= lifetime.ident == "_";
        }

        fn visit_path_segment(&mut self, segment: &'ast syn::PathSegment) {
            let is_owned = OWNED.iter().any(|owned| segment.ident == owned);
            let mut params = self.1.function.sig.generics.type_params();
            let is_param = params.any(|param| param.ident == segment.ident);
            self.0 |= !(self.1.function.is_async() || is_owned || is_param);
            visit::visit_path_segment(self, segment);
        }

        fn visit_type_fn_ptr(&mut self, _: &'ast syn::TypeFnPtr) {}
    }
    let mut found = Found(false, plan);
    found.visit_type(ty);
    found.0
}
