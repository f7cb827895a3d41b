//! A wrong attribute: the function stays as it is, so that one mistake gives one error.

use proc_macro2::TokenStream;

pub(super) fn keep(mut item: TokenStream, error: &syn::Error) -> TokenStream {
    item.extend(error.to_compile_error());
    item
}
