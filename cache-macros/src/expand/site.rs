//! The static description of the function, and how the generated code reaches it.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};

use crate::duration;
use crate::model::unraw;
use crate::plan::{Beside, Plan};
use crate::value::{CacheRef, NoneTimeout, Timeout};

/// Generates the statements that end in a reference to the description.
//
// Output:
//     fn here() {}
//     static SITE: Site = Site::new("load", || type_name_of_val(&here), file!(), line!(), column!())
//         .key_prefix("load");
//     &SITE
fn description(plan: &Plan) -> TokenStream {
    let private = plan.private();
    let name = plan
        .args
        .name
        .as_ref()
        .map_or_else(|| plan.function.name(), |set| set.value.value());
    let settings = settings(plan);
    quote! {
        fn here() {}
        static SITE: #private::Site = #private::Site::new(
            #name,
            || ::core::any::type_name_of_val(&here),
            ::core::file!(),
            ::core::line!(),
            ::core::column!(),
        )
        #settings;
        &SITE
    }
}

/// Generates one builder call for each setting that is the same for every call.
fn settings(plan: &Plan) -> TokenStream {
    let args = plan.args;
    let mut calls = TokenStream::new();
    if let Some(prefix) = &args.key_prefix {
        let prefix = &prefix.value;
        calls.extend(quote!(.key_prefix(#prefix)));
    }
    match args.timeout.as_ref().map(|set| &set.value) {
        Some(Timeout::Fixed(fixed)) => {
            let fixed = duration::tokens(*fixed);
            calls.extend(quote!(.timeout(#fixed)));
        }
        Some(Timeout::Never) => calls.extend(quote!(.timeout_never())),
        Some(Timeout::Expr(_) | Timeout::Closure(_)) | None => {}
    }
    if let Some(CacheRef::Alias(alias)) = args.cache.as_ref().map(|set| &set.value) {
        calls.extend(quote!(.cache(#alias)));
    }
    // The bare flag is passed on by `keep_none`.
    match args.cache_none.as_ref().and_then(|set| set.value.as_ref()) {
        Some(NoneTimeout::Fixed(timeout)) => calls.extend(quote!(.cache_none_for(#timeout))),
        Some(NoneTimeout::Never) => calls.extend(quote!(.cache_none_never())),
        None => {}
    }
    if let Some(jitter) = &args.jitter {
        let jitter = &jitter.value;
        calls.extend(quote!(.jitter(#jitter)));
    }
    let durations = [
        (&args.wait, quote!(wait)),
        (&args.stale, quote!(stale)),
        (&args.soft_timeout, quote!(soft_timeout)),
        (&args.hard_timeout, quote!(hard_timeout)),
    ];
    for (set, call) in durations {
        if let Some(set) = set {
            let duration = &set.value;
            calls.extend(quote!(.#call(#duration)));
        }
    }
    if let Some(share) = &args.refresh_ahead {
        let share = &share.value;
        calls.extend(quote!(.refresh_ahead(#share)));
    }
    if let Some(factor) = &args.early {
        let factor = factor
            .value
            .as_ref()
            .map_or(quote!(1.0), |factor| quote!(#factor));
        calls.extend(quote!(.early(#factor)));
    }
    if let Some(lock) = &args.lock {
        let call = match &lock.value {
            Some(life) => quote!(.lock_for(#life)),
            None => quote!(.lock()),
        };
        calls.extend(call);
    }
    if args.tags.is_some() {
        calls.extend(quote!(.tagged()));
    }
    if args.strict.is_some() {
        calls.extend(quote!(.strict()));
    }
    if args.local.is_some() {
        calls.extend(quote!(.local()));
    }
    calls
}

/// Generates the function that returns the description to the function and to its companions.
pub(super) fn function(plan: &Plan) -> TokenStream {
    let private = plan.private();
    let name = function_name(plan);
    let description = description(plan);
    quote! {
        fn #name() -> &'static #private::Site {
            #description
        }
    }
}

/// Returns how the function and its companions refer to the description; and the statement that must come
/// before, if there is no room beside the function.
pub(super) fn reference(plan: &Plan) -> (TokenStream, TokenStream) {
    let name = function_name(plan);
    match &plan.beside {
        Beside::Handle(handle) => (TokenStream::new(), quote!(#handle::#name())),
        Beside::Companions(_) => (TokenStream::new(), quote!(Self::#name())),
        Beside::Inside => {
            let description = description(plan);
            (quote!(let #name = { #description };), quote!(#name))
        }
    }
}

fn function_name(plan: &Plan) -> Ident {
    match &plan.beside {
        Beside::Companions(stem) => {
            format_ident!("__{}_site", unraw(stem), span = Span::mixed_site())
        }
        _ => Ident::new("__site", Span::mixed_site()),
    }
}
