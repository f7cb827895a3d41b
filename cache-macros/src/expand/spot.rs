//! The location that a generated token claims, so that type errors point at the user's types.

use proc_macro2::{Span, TokenStream};
use syn::Type;
use syn::spanned::Spanned;

/// Returns the word of a type that an error should underline: `Option` of `Option<&str>`, `User` of
/// `&crate::User`.
pub(super) fn of_type(ty: &Type) -> Span {
    match ty {
        Type::Path(path) => path
            .path
            .segments
            .last()
            .map_or_else(|| ty.span(), |last| last.ident.span()),
        Type::Reference(reference) => of_type(&reference.elem),
        Type::Group(group) => of_type(&group.elem),
        _ => ty.span(),
    }
}

/// Returns the tokens as if they were at that location.
pub(super) fn located(tokens: TokenStream, place: Span) -> TokenStream {
    let located = tokens.into_iter().map(|mut token| {
        token.set_span(token.span().located_at(place));
        token
    });
    located.collect()
}

/// Returns the same location for generated code: its names do not meet the user's, and lints skip it.
pub(super) fn invented(place: Span) -> Span {
    Span::mixed_site().located_at(place)
}
