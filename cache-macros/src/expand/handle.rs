//! The type beside a free function: `load::entry(7)`, `load::clear()`.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};
use syn::Expr;

use super::{attributes, batch, key, runs, site};
use crate::plan::Plan;

// Output:
//     pub struct load {}
//     impl load {
//         fn __site() -> &'static Site { .. }
//         pub fn entry(id: u64) -> Entry<Task> { .. }
//         pub async fn refresh(id: u64) -> Task { .. }
//         ..
//     }
pub(super) fn expand(plan: &Plan, name: &Ident) -> TokenStream {
    let vis = &plan.function.vis;
    let (on_type, on_functions) = (attributes::handle(plan), attributes::beside(plan));
    let site = site::function(plan);
    let runs = runs::expand(plan, |name| Ident::new(name, Span::call_site()));
    let batch = batch::expand(plan, |name| Ident::new(name, Span::call_site()));
    let whole = whole(plan);
    let by_name = by_name(plan, name);
    // Braces, not a semicolon: a unit struct would be a value with the function's name.
    quote! {
        #on_type
        #vis struct #name {}

        #on_functions
        impl #name {
            #site
            #(#runs)*
            #batch
            #whole
        }

        #on_functions
        #by_name
    }
}

/// Generates how `cache_evict(clear(load))` finds the function.
fn by_name(plan: &Plan, name: &Ident) -> TokenStream {
    let (runtime, private) = (&plan.runtime, plan.private());
    let (_, found) = site::reference(plan);
    let site = quote!(&'static #private::Site);
    let version = own_version(plan).map(|version| quote!(::core::convert::Into::into(#version)));
    let version = |function: TokenStream| {
        version.as_ref().map(|version| {
            quote! {
                fn #function() -> ::core::option::Option<#runtime::Version> {
                    ::core::option::Option::Some(#version)
                }
            }
        })
    };
    if plan.is_scattered() {
        let version = version(quote!(version_in));
        return quote! {
            impl #private::WholeIn for #name {
                fn site_in() -> #site {
                    #found
                }
                #version
            }
        };
    }
    let cache = plan.cache().map(|cache| {
        let cache = key::operand(cache);
        quote! {
            fn cache() -> ::core::option::Option<#runtime::Cache> {
                ::core::option::Option::Some(#runtime::Cache::clone(&#cache))
            }
        }
    });
    let version = version(quote!(version));
    quote! {
        impl #private::Whole for #name {
            fn site() -> #site {
                #found
            }
            #cache
            #version
        }
    }
}

/// The version of all entries, if they have one that is not the cache's.
fn own_version<'a>(plan: &'a Plan<'_>) -> Option<&'a Expr> {
    plan.version().filter(|version| !plan.varies(Some(version)))
}

/// Functions about all entries: `clear` and `stats`; where the cache or the version depends on the
/// arguments, `clear_in` and `stats_in`.
fn whole(plan: &Plan) -> TokenStream {
    let Plan {
        runtime, function, ..
    } = plan;
    let (vis, private) = (&function.vis, plan.private());
    let (_, site) = site::reference(plan);
    let (asyncness, wait) = if function.is_async() {
        (Some(quote!(async)), Some(quote!(.await)))
    } else {
        (None, None)
    };
    let named = |name: &str| match asyncness {
        Some(_) => Ident::new(name, Span::call_site()),
        None => format_ident!("{name}_blocking"),
    };
    let (clear, clear_in, clear_version) =
        (named("clear"), named("clear_in"), named("clear_version"));
    let nothing = quote!(::core::result::Result<(), #runtime::CacheError>);
    let version = own_version(plan);
    // A borrowed cache, as one of the function's version.
    let versioned = |cache: TokenStream| match version {
        Some(version) => quote!(&#runtime::Cache::with_version(#cache, #version)),
        None => cache,
    };
    let stats = match plan.cache() {
        Some(cache) if plan.varies(Some(cache)) => None,
        Some(cache) => {
            let cache = key::operand(cache);
            Some(quote!(stats_in(#site, &#cache)))
        }
        None => Some(quote!(stats(#site))),
    };
    let stats = stats.map(|stats| {
        quote! {
            #vis fn stats() -> #runtime::Stats {
                #private::#stats
            }
        }
    });
    if plan.is_scattered() {
        let given = Ident::new("cache", Span::mixed_site());
        let cache = versioned(quote!(#given));
        return quote! {
            #vis #asyncness fn clear_in(#given: &#runtime::Cache) -> #nothing {
                #private::#clear_in(#site, #cache)#wait
            }
            #vis fn stats_in(#given: &#runtime::Cache) -> #runtime::Stats {
                #private::stats_in(#site, #given)
            }
            #stats
        };
    }
    let cleared = match (plan.cache(), version) {
        (Some(cache), _) => {
            let cache = key::operand(cache);
            let cache = versioned(quote!(&#cache));
            quote!(#clear_in(#site, #cache))
        }
        (None, Some(version)) => quote!(#clear_version(#site, #version)),
        (None, None) => quote!(#clear(#site)),
    };
    quote! {
        #vis #asyncness fn clear() -> #nothing {
            #private::#cleared #wait
        }
        #stats
    }
}
