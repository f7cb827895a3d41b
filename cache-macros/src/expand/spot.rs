//! Where an invented token says it stands, so that errors of types point at the user's types.

use proc_macro2::{Span, TokenStream};
use syn::Type;
use syn::spanned::Spanned;

/// The word of a type that an error should underline: `Option` of `Option<&str>`, `User` of
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

/// The tokens, as if they stood there.
pub(super) fn located(tokens: TokenStream, place: Span) -> TokenStream {
    let located = tokens.into_iter().map(|mut token| {
        token.set_span(token.span().located_at(place));
        token
    });
    located.collect()
}

/// The same place, as code of the macro: names do not meet the user's, lints keep away.
pub(super) fn invented(place: Span) -> Span {
    Span::mixed_site().located_at(place)
}
