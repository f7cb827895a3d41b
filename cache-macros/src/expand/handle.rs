//! The type beside a free function: `load::entry(7)`, `load::clear()`.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

use super::{attributes, batch, key, runs, site};
use crate::mentions::mentions_any;
use crate::plan::Plan;
use crate::value::CacheRef;

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
    match plan.args.cache.as_ref().map(|set| &set.value) {
        Some(CacheRef::Expr(cache)) if mentions_any(cache, &plan.names()) => quote! {
            impl #private::WholeIn for #name {
                fn site_in() -> #site {
                    #found
                }
            }
        },
        given => {
            let cache = match given {
                Some(CacheRef::Expr(cache)) => {
                    let cache = key::operand(cache);
                    Some(quote! {
                        fn cache() -> ::core::option::Option<#runtime::Cache> {
                            ::core::option::Option::Some(#runtime::Cache::clone(&#cache))
                        }
                    })
                }
                _ => None,
            };
            quote! {
                impl #private::Whole for #name {
                    fn site() -> #site {
                        #found
                    }
                    #cache
                }
            }
        }
    }
}

/// Generates the functions about all entries: `clear` and `stats`; or, if the cache depends on the arguments,
/// `clear_in` and `stats_in`.
fn whole(plan: &Plan) -> TokenStream {
    let Plan {
        runtime, function, ..
    } = plan;
    let (vis, private) = (&function.vis, plan.private());
    let (_, site) = site::reference(plan);
    let (asyncness, clear, clear_in, wait) = if function.is_async() {
        (
            quote!(async),
            quote!(clear),
            quote!(clear_in),
            quote!(.await),
        )
    } else {
        (
            quote!(),
            quote!(clear_blocking),
            quote!(clear_in_blocking),
            quote!(),
        )
    };
    let nothing = quote!(::core::result::Result<(), #runtime::CacheError>);
    match plan.args.cache.as_ref().map(|set| &set.value) {
        Some(CacheRef::Expr(cache)) if mentions_any(cache, &plan.names()) => quote! {
            #vis #asyncness fn clear_in(cache: &#runtime::Cache) -> #nothing {
                #private::#clear_in(#site, cache)#wait
            }
            #vis fn stats_in(cache: &#runtime::Cache) -> #runtime::Stats {
                #private::stats_in(#site, cache)
            }
        },
        Some(CacheRef::Expr(cache)) => {
            let cache = key::operand(cache);
            quote! {
                #vis #asyncness fn clear() -> #nothing {
                    #private::#clear_in(#site, &#cache)#wait
                }
                #vis fn stats() -> #runtime::Stats {
                    #private::stats_in(#site, &#cache)
                }
            }
        }
        _ => quote! {
            #vis #asyncness fn clear() -> #nothing {
                #private::#clear(#site)#wait
            }
            #vis fn stats() -> #runtime::Stats {
                #private::stats(#site)
            }
        },
    }
}
