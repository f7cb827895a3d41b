//! The output: the function with its call into the runtime, and what is generated beside it.

mod attributes;
mod batch;
mod body;
mod closure;
mod companions;
mod docs;
mod events;
mod fallback;
mod function;
mod handle;
mod key;
mod runs;
mod site;
mod spot;
mod tags;

use proc_macro2::TokenStream;
use quote::quote;

use crate::args::Args;
use crate::check::check;
use crate::errors::Errors;
use crate::model::Function;
use crate::plan::{self, Beside, Plan};

pub(crate) use self::events::expand as event;

pub(crate) fn cache_result(args: TokenStream, item: TokenStream) -> TokenStream {
    if let Some(output) = after_events(&args, &item) {
        return output;
    }
    match try_cache_result(args, item.clone()) {
        Ok(output) => output,
        Err(error) => fallback::keep(item, &error),
    }
}

/// Expands the events first: what a function changes is part of what is cached, wherever their attributes are.
fn after_events(args: &TokenStream, item: &TokenStream) -> Option<TokenStream> {
    let known = Args::parse(args.clone(), &mut Errors::default());
    let runtime = plan::runtime(&known);
    events::before(item, quote!(#[#runtime::cache_result(#args)]))
}

fn try_cache_result(args: TokenStream, item: TokenStream) -> syn::Result<TokenStream> {
    let mut errors = Errors::default();
    let function = Function::parse(item)?;
    let args = Args::parse(args, &mut errors);
    let plan = Plan::new(&args, &function);
    check(&plan, &mut errors);
    errors.finish()?;

    let mut output = function::expand(&plan);
    output.extend(match &plan.beside {
        Beside::Handle(name) => handle::expand(&plan, name),
        Beside::Companions(stem) => companions::expand(&plan, stem),
        Beside::Inside => TokenStream::new(),
    });
    Ok(output)
}
