//! Which names an expression mentions: found in its tokens, including macros and format strings.

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::visit::{self, Visit};
use syn::{Pat, Type, TypeImplTrait};

use crate::model::unraw;

/// Returns whether the tokens mention one of the names as a value.
pub(crate) fn mentions_any(tokens: &impl ToTokens, names: &[Ident]) -> bool {
    names.iter().any(|name| mentions(tokens, &unraw(name)))
}

/// Whether the tokens mention the name as a value: `id`, `f(id)`, `0..id`, `format!("{id}")`, but
/// not the field `.id`, nor the module `id::`.
pub(crate) fn mentions(tokens: &impl ToTokens, name: &str) -> bool {
    in_stream(tokens.to_token_stream(), name)
}

/// Whether one of these words stands in the tokens, whatever it is there: a type parameter is `T::VERSION`.
pub(crate) fn has_word(tokens: &impl ToTokens, words: &[&Ident]) -> bool {
    tokens
        .to_token_stream()
        .into_iter()
        .any(|token| match token {
            TokenTree::Ident(word) => words.contains(&&word),
            TokenTree::Group(group) => has_word(&group.stream(), words),
            _ => false,
        })
}

/// Whether the body says `Self`, and means the `impl` around the function: items within the body
/// have a `Self` of their own.
pub(crate) fn mentions_self_type(body: &TokenStream) -> bool {
    let mut own_item = false;
    body.clone().into_iter().any(|token| match token {
        TokenTree::Ident(word) if word == "Self" => true,
        TokenTree::Ident(word)
            if ["impl", "trait", "struct", "enum"]
                .iter()
                .any(|item| word == item) =>
        {
            own_item = true;
            false
        }
        TokenTree::Group(group) => {
            let skipped = own_item && group.delimiter() == Delimiter::Brace;
            own_item &= !skipped;
            !skipped && mentions_self_type(&group.stream())
        }
        TokenTree::Punct(punct) if punct.as_char() == ';' => {
            own_item = false;
            false
        }
        _ => false,
    })
}

/// Whether the type has a type parameter without a name in it.
pub(crate) fn has_impl_trait(ty: &Type) -> bool {
    struct Found(bool);
    impl<'ast> Visit<'ast> for Found {
        fn visit_type_impl_trait(&mut self, _: &'ast TypeImplTrait) {
            self.0 = true;
        }
    }
    let mut found = Found(false);
    found.visit_type(ty);
    found.0
}

/// The names that a pattern binds.
pub(crate) fn bindings(pattern: &Pat) -> Vec<Ident> {
    struct Bindings(Vec<Ident>);
    impl<'ast> Visit<'ast> for Bindings {
        fn visit_pat_ident(&mut self, binding: &'ast syn::PatIdent) {
            self.0.push(binding.ident.clone());
            visit::visit_pat_ident(self, binding);
        }
    }
    let mut found = Bindings(Vec::new());
    found.visit_pat(pattern);
    found.0
}

fn in_stream(tokens: TokenStream, name: &str) -> bool {
    let tokens: Vec<_> = tokens.into_iter().collect();
    let is_punct = |index: Option<usize>, wanted: char| {
        matches!(
            index.and_then(|index| tokens.get(index)),
            Some(TokenTree::Punct(punct)) if punct.as_char() == wanted
        )
    };
    tokens.iter().enumerate().any(|(index, token)| match token {
        TokenTree::Ident(word) if unraw(word) == name => {
            let before = |by: usize| index.checked_sub(by);
            let field = is_punct(before(1), '.') && !is_punct(before(2), '.');
            let module = is_punct(Some(index + 1), ':') && is_punct(Some(index + 2), ':');
            let item = is_punct(before(1), ':') && is_punct(before(2), ':');
            !(field || module || item)
        }
        TokenTree::Literal(literal) => in_format(&literal.to_string(), name),
        TokenTree::Group(group) => in_stream(group.stream(), name),
        _ => false,
    })
}

/// `"{id}"` and `"{id:?}"`.
fn in_format(literal: &str, name: &str) -> bool {
    literal.contains('"')
        && literal.split('{').skip(1).any(|hole| {
            hole.strip_prefix(name)
                .is_some_and(|rest| rest.starts_with(['}', ':']))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(code: &str, name: &str) -> bool {
        mentions(&code.parse::<TokenStream>().expect("not tokens"), name)
    }

    #[test]
    fn finds_values() {
        for code in [
            "id", "id.len()", "f(&id)", "0..id", "..id", "r#id", "x[id]", "id as u8",
        ] {
            assert!(says(code, "id"), "{code}");
        }
        assert!(says(r#"format!("{a}-{id:?}")"#, "id"));
        assert!(says("self.tenant", "self"));
    }

    #[test]
    fn leaves_fields_paths_and_other_words() {
        for code in [
            "a.id",
            "a.id()",
            "id::MAX",
            "a::id",
            "ident",
            r#"format!("id")"#,
        ] {
            assert!(!says(code, "id"), "{code}");
        }
    }

    #[test]
    fn an_inner_impl_has_its_own_self() {
        let body =
            |code: &str| mentions_self_type(&code.parse::<TokenStream>().expect("not tokens"));
        assert!(body("let x = Self::new(); x"));
        assert!(body("vec![Self::A]"));
        assert!(!body(
            "struct A; impl A { fn new() -> Self { A } } A::new()"
        ));
        assert!(body("struct A; Self::new()"));
    }
}
