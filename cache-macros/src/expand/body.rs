//! What happens in the function: the key, what is kept, and one call into the runtime.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::Type;

use super::{closure, key, site, spot, tags};
use crate::mentions::mentions_any;
use crate::model::{Param, Way};
use crate::plan::Plan;
use crate::value::Timeout;

/// The statements that stand instead of the user's.
//
// Output:
//     let mut __key = Key::of(load::__site());
//     __key.arg(&id);
//     let __probe = Probe::<Result<Task, DbError>>::NEW;
//     let __keep = { use probe::*; (&&&&&&__probe).keep() };
//     Cached::<Result<Task, DbError>, _>::new(&__key, __keep).run(move || -> Result<Task, DbError> { .. })
pub(super) fn statements(plan: &Plan) -> TokenStream {
    let names = Names::new();
    let (site, _) = site::reference(plan);
    let peeks = key::peeks(plan);
    let key = key::statements(plan, &names.key);
    let keep = keep(plan, &names);
    let options = options(plan);
    let body = body(plan);
    let (run, run_async) = match plan.detaches() {
        Some(_) => (quote!(run_behind), quote!(run_async_behind)),
        None if plan.args.hard_timeout.is_some() => (quote!(run), quote!(run_async_within)),
        None => (quote!(run), quote!(run_async)),
    };

    let returns = &plan.function.returns;
    let call = &names.call;
    let cached = cached(plan, &names);
    let behind = behind(plan);
    match &plan.function.way {
        Way::Sync => quote! {
            #site
            #peeks
            #key
            #keep
            #behind
            #cached #options.#run(move || -> #returns #body)
        },
        // In a block, so that the key is not part of the future.
        Way::Async | Way::Boxed(_) => quote! {
            #site
            #peeks
            let #call = {
                #key
                #keep
                #behind
                #cached #options.#run_async(async move #body)
            };
            #call.await
        },
    }
}

/// Checks for each argument of a body that may outlive its call that it can be moved along: otherwise the error
/// would be about a closure that the user has not written.
fn behind(plan: &Plan) -> TokenStream {
    if plan.detaches().is_none() {
        return TokenStream::new();
    }
    let private = plan.private();
    let params = plan.function.params.iter().map(|param| {
        let place = spot::invented(spot::of_type(&param.ty));
        let mut name = param.name.clone();
        name.set_span(name.span().located_at(place));
        quote_spanned!(place=> #private::goes_behind(&#name);)
    });
    params.collect()
}

/// Generates a call of this key, which keeps that.
pub(super) fn cached(plan: &Plan, names: &Names) -> TokenStream {
    let private = plan.private();
    let constructor = if plan.args.local.is_some() {
        quote!(local)
    } else {
        quote!(new)
    };
    let returns = &plan.function.returns;
    let place = spot::invented(spot::of_type(returns));
    let mut kept = names.keep.clone();
    kept.set_span(place);
    let made = &names.key;
    quote_spanned!(place=> #private::Cached::<#returns, _>::#constructor(&#made, #kept))
}

/// Generates what is kept of the return type: decided by the type, through method resolution.
pub(super) fn keep(plan: &Plan, names: &Names) -> TokenStream {
    let private = plan.private();
    let Names { probe, keep, .. } = names;
    let returns = &plan.function.returns;
    if plan.function.returns_parameter() {
        return quote!(let #keep = #private::probe::Probe::<#returns>::NEW.keep_whole(););
    }
    let method = if plan.args.cache_none.is_some() {
        quote!(keep_none)
    } else {
        quote!(keep)
    };
    // The type is outside the block: inside, the user's names would meet the traits'.
    quote! {
        let #probe = #private::probe::Probe::<#returns>::NEW;
        let #keep = {
            use #private::probe::*;
            (&&&&&&#probe).#method()
        };
    }
}

/// Generates the calls between `Cached::new` and `run`.
pub(super) fn options(plan: &Plan) -> TokenStream {
    let private = plan.private();
    let mut calls = TokenStream::new();
    if let Some(when) = &plan.args.when {
        let when = closure::owned(plan, &when.value);
        calls.extend(quote!(.when(#when)));
    }
    if let Some(Timeout::Closure(timeout)) = plan.args.timeout.as_ref().map(|set| &set.value) {
        let timeout = closure::owned(plan, timeout);
        calls.extend(quote!(.timeout_of(#timeout)));
    }
    calls.extend(tags::closures(
        plan,
        |closure| quote!(.tags(#closure)),
        false,
    ));
    if plan.args.strict.is_some() || plan.args.hard_timeout.is_some() {
        let place = spot::invented(spot::of_type(&plan.function.returns));
        // A path is underlined from its first word to its last.
        let private = spot::located(private, place);
        calls.extend(quote_spanned! {place=>
            .or_error(#private::failed)
        });
    }
    calls
}

/// Returns the user's statements, in generated braces: theirs would be `unused_braces`.
fn body(plan: &Plan) -> Group {
    let function = plan.function;
    let pin = function.is_async().then(|| pin(&function.returns));
    let unpack = function.params.iter().map(Param::unpack);
    let tags = tags::statements(plan);
    let timeout = timeout(plan);
    let statements = &function.body;
    braces(
        function.braces,
        quote!(#pin #tags #(#unpack)* #timeout #statements),
    )
}

/// Generates a timeout that depends on the call, in force before the user's statements.
fn timeout(plan: &Plan) -> TokenStream {
    let Some(Timeout::Expr(timeout)) = plan.args.timeout.as_ref().map(|set| &set.value) else {
        return TokenStream::new();
    };
    let runtime = &plan.runtime;
    let params = plan.function.params.iter();
    let parts = params
        .filter(|param| param.unpacked && mentions_any(timeout, &param.names()))
        .map(Param::cloned);
    quote! {
        #(#parts)*
        #runtime::current().timeout(#timeout);
    }
}

/// An `async` block cannot say its type; this statement does, so that mistakes in the body are
/// reported as in any function.
pub(super) fn pin(returns: &Type) -> TokenStream {
    let ret = Ident::new("__ret", Span::mixed_site());
    quote! {
        if let ::core::option::Option::Some(#ret) = ::core::option::Option::None::<#returns> {
            return #ret;
        }
    }
}

/// Returns generated braces where the user's are.
pub(super) fn braces(place: Span, inside: impl ToTokens) -> Group {
    let mut group = Group::new(Delimiter::Brace, inside.to_token_stream());
    group.set_span(spot::invented(place));
    group
}

/// The variables of an expansion; the user's code cannot name them.
pub(super) struct Names {
    pub(super) key: Ident,
    pub(super) probe: Ident,
    pub(super) keep: Ident,
    pub(super) cache: Ident,
    call: Ident,
}

impl Names {
    pub(super) fn new() -> Names {
        let name = |name| Ident::new(name, Span::mixed_site());
        Names {
            key: name("__key"),
            probe: name("__probe"),
            keep: name("__keep"),
            cache: name("__cache"),
            call: name("__call"),
        }
    }
}
