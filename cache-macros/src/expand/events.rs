//! `#[cache_put]` and `#[cache_evict]`: the function, and what it does to the cache around its body.
//!
//! All of them on one function are one expansion, whichever comes first.

mod changes;
mod clones;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Meta, Path};

use self::changes::Changes;
use super::{body, fallback};
use crate::check::events::check;
use crate::errors::Errors;
use crate::event::{Event, Kind};
use crate::mentions::has_impl_trait;
use crate::model::{Function, Way};

pub(crate) fn expand(kind: Kind, args: TokenStream, item: TokenStream) -> TokenStream {
    if is_done(&args) {
        return item;
    }
    let (events, rest) = match split(&item) {
        Ok(Split {
            events,
            others,
            item,
        }) => {
            let used = events.iter().map(|(_, attr)| done(attr));
            let rest = quote!(#(#used)* #(#others)* #item);
            (events, rest)
        }
        Err(_) => (Vec::new(), item),
    };
    try_expand(kind, args, &events, rest.clone())
        .unwrap_or_else(|error| fallback::keep(rest, &error))
}

/// Puts those attributes first, since `cache_result` caches the function along with what it changes; `None` if
/// there are none.
pub(super) fn before(item: &TokenStream, cached: impl ToTokens) -> Option<TokenStream> {
    let split = split(item).ok().filter(|split| !split.events.is_empty())?;
    let events = split.events.iter().map(|(_, attr)| attr);
    let Split { others, item, .. } = &split;
    Some(quote!(#(#events)* #cached #(#others)* #item))
}

/// An item and its attributes, with those of this crate separated.
struct Split {
    events: Vec<(Kind, Attribute)>,
    others: Vec<Attribute>,
    item: TokenStream,
}

fn split(item: &TokenStream) -> syn::Result<Split> {
    let parse = |input: ParseStream| {
        let attrs = input.call(Attribute::parse_outer)?;
        Ok((attrs, input.parse::<TokenStream>()?))
    };
    let (attrs, item) = parse.parse2(item.clone())?;
    let (mut events, mut others) = (Vec::new(), Vec::new());
    for attr in attrs {
        let is_done = matches!(&attr.meta, Meta::List(list) if is_done(&list.tokens));
        match Kind::of(&attr) {
            Some(kind) if !is_done => events.push((kind, attr)),
            _ => others.push(attr),
        }
    }
    Ok(Split {
        events,
        others,
        item,
    })
}

/// The attribute as one that has been read: it stays, since the user's import is for it.
//
// Input:  #[cache_put(get_task::entry(id))]
// Output: #[cache_put(@done)]
fn done(attr: &Attribute) -> TokenStream {
    let path = attr.path();
    quote!(#[#path(@done)])
}

fn is_done(args: &TokenStream) -> bool {
    args.to_string().replace(' ', "") == "@done"
}

fn try_expand(
    kind: Kind,
    args: TokenStream,
    others: &[(Kind, Attribute)],
    item: TokenStream,
) -> syn::Result<TokenStream> {
    let mut errors = Errors::default();
    let function = Function::parse(item)?;
    let mut events = vec![Event::parse(kind, Span::call_site(), args, &mut errors)];
    for (kind, attr) in others {
        events.push(Event::of(attr, *kind, &mut errors));
    }
    check(&function, &events, &mut errors);
    errors.finish()?;
    Ok(around(&function, &events))
}

/// The function as it was, with a new body.
fn around(function: &Function, events: &[Event]) -> TokenStream {
    let Function {
        attrs,
        vis,
        sig,
        inner_attrs,
        braces,
        way,
        ..
    } = function;
    let mut statements = statements(function, events);
    if let Way::Boxed(boxed) = way {
        let (pin, attrs) = (&boxed.pin, &boxed.attrs);
        let (async_token, capture) = (&boxed.async_token, &boxed.capture);
        let future = body::braces(*braces, statements);
        statements = quote!(#pin(#(#attrs)* #async_token #capture #future));
    }
    let block = body::braces(*braces, quote!(#(#inner_attrs)* #statements));
    quote!(#(#attrs)* #vis #sig #block)
}

// Output:
//     let mut __changes = Changes::of("app::update_task");
//     __changes.evict(get_task::entry(task_id));
//     let __result = async move { .. }.await;
//     let __probe = Probe::of(&__result);
//     let __keep = { use probe::*; (&&&&&&__probe).keep() };
//     if let Some(result) = __changes.succeeded(__keep, &__result) {
//         __changes.evict(get_user_tasks::entry(result.user_id, None));
//     }
//     __changes.apply().await;
//     __result
fn statements(function: &Function, events: &[Event]) -> TokenStream {
    let runtime = runtime(events);
    let private = quote!(#runtime::__private);
    let names = Names::new();
    let Names {
        changes,
        result,
        probe,
        keep,
    } = &names;
    let made = Changes {
        function,
        events,
        runtime: &runtime,
        private: &private,
        names: &names,
    };
    let (early, late) = (made.early(), made.late());
    let name = function.name();
    let run = run(function, &private);
    let kept = if function.returns_parameter() {
        quote!(let #keep = #probe.keep_whole();)
    } else {
        quote! {
            let #keep = {
                use #private::probe::*;
                (&&&&&&#probe).keep()
            };
        }
    };
    let apply = if function.is_async() {
        quote!(apply().await)
    } else {
        quote!(apply_blocking())
    };
    quote! {
        let mut #changes = #private::Changes::of(
            ::core::concat!(::core::module_path!(), "::", #name),
        );
        #early
        let #result = #run;
        let #probe = #private::probe::Probe::of(&#result);
        #kept
        #late
        #changes.#apply;
        #result
    }
}

/// Generates the body, so that its `return` and `?` end there.
fn run(function: &Function, private: &TokenStream) -> TokenStream {
    let returns = &function.returns;
    let statements = &function.body;
    // A type without a name cannot be written.
    let is_named = !has_impl_trait(returns);
    if function.is_async() {
        let pin = is_named.then(|| body::pin(returns));
        let body = body::braces(function.braces, quote!(#pin #statements));
        return quote!(async move #body.await);
    }
    let arrow = is_named.then(|| quote!(-> #returns));
    let body = body::braces(function.braces, statements);
    if is_named {
        quote!(#private::call(move || #arrow #body))
    } else {
        quote!(#private::call(move || #body))
    }
}

fn runtime(events: &[Event]) -> Path {
    let given = events.iter().find_map(|event| event.krate.clone());
    given.unwrap_or_else(|| syn::parse_quote!(::cache_runtime))
}

/// The variables of an expansion; the user's code cannot name them.
struct Names {
    changes: Ident,
    result: Ident,
    probe: Ident,
    keep: Ident,
}

impl Names {
    fn new() -> Names {
        Names {
            changes: invented("__changes"),
            result: invented("__result"),
            probe: invented("__probe"),
            keep: invented("__keep"),
        }
    }
}

fn invented(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}
