//! The functions beside a method: `service.get_entry(7)`, `service.get_refresh(7)`.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use super::{attributes, batch, runs, site};
use crate::model::unraw;
use crate::plan::Plan;

// Output:
//     fn __get_site() -> &'static Site { .. }
//     pub fn get_entry(&self, id: u64) -> Entry<Task> { .. }
//     pub async fn get_refresh(&self, id: u64) -> Task { .. }
//     pub async fn get_uncached(&self, id: u64) -> Task { .. }
pub(super) fn expand(plan: &Plan, stem: &Ident) -> TokenStream {
    let attrs = attributes::beside(plan);
    let site = site::function(plan);
    let name = |name: &str| format_ident!("{}_{name}", unraw(stem), span = stem.span());
    let runs = runs::expand(plan, name);
    let batch = batch::expand(plan, name);
    quote! {
        #attrs
        #site
        #(#runs)*
        #batch
    }
}
