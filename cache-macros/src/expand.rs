//! The output: the function with its call into the runtime, and what stands beside it.

mod attributes;
mod body;
mod closure;
mod companions;
mod docs;
mod fallback;
mod function;
mod handle;
mod key;
mod runs;
mod site;
mod spot;
mod tags;

use proc_macro2::TokenStream;

use crate::args::Args;
use crate::check::check;
use crate::errors::Errors;
use crate::model::Function;
use crate::plan::{Place, Plan};

pub(crate) fn cache_result(args: TokenStream, item: TokenStream) -> TokenStream {
    match try_cache_result(args, item.clone()) {
        Ok(output) => output,
        Err(error) => fallback::keep(item, &error),
    }
}

fn try_cache_result(args: TokenStream, item: TokenStream) -> syn::Result<TokenStream> {
    let mut errors = Errors::default();
    let function = Function::parse(item)?;
    let args = Args::parse(args, &mut errors);
    let plan = Plan::new(&args, &function);
    check(&plan, &mut errors);
    errors.finish()?;

    let mut output = function::expand(&plan);
    output.extend(match &plan.place {
        Place::Handle(name) => handle::expand(&plan, name),
        Place::Companions(stem) => companions::expand(&plan, stem),
        Place::Inside => TokenStream::new(),
    });
    Ok(output)
}
