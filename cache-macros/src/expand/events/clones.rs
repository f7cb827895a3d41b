//! Arguments that an expression takes by value are cloned, since the body needs them too.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::spanned::Spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{Expr, ExprClosure, FieldValue, Type};

use crate::expand::spot;
use crate::mentions::bindings;
use crate::model::Function;

/// Returns the expression with clones in it.
//
// Input:  page::entry(slug, &lang, id)
// Output: page::entry(copy_of(&slug), &lang, id)
pub(super) fn taken(function: &Function, expr: &Expr, private: &TokenStream) -> TokenStream {
    let params = function.params.iter();
    let names = params
        .filter(|param| param.pattern.is_some() || !is_copied(&param.ty))
        .flat_map(|param| param.names());
    let mut clones = Clones {
        names: names.collect(),
        private,
    };
    let mut expr = expr.clone();
    clones.visit_expr_mut(&mut expr);
    quote!(#expr)
}

/// Returns where the tokens first contain this word.
pub(super) fn place_of(tokens: &impl ToTokens, word: &str) -> Span {
    fn find(tokens: TokenStream, word: &str) -> Option<Span> {
        tokens.into_iter().find_map(|token| match token {
            TokenTree::Ident(ident) if ident == word => Some(ident.span()),
            TokenTree::Group(group) => find(group.stream(), word),
            _ => None,
        })
    }
    find(tokens.to_token_stream(), word).unwrap_or_else(Span::call_site)
}

struct Clones<'a> {
    names: Vec<Ident>,
    private: &'a TokenStream,
}

impl Clones<'_> {
    fn is_argument(&self, expr: &Expr) -> bool {
        matches!(expr, Expr::Path(path)
            if path.path.get_ident().is_some_and(|name| self.names.contains(name)))
    }

    /// Visits something that is only looked at.
    fn look(&mut self, expr: &mut Expr) {
        if !self.is_argument(expr) {
            self.visit_expr_mut(expr);
        }
    }
}

impl VisitMut for Clones<'_> {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        if self.is_argument(expr) {
            let (place, private) = (spot::invented(expr.span()), self.private);
            *expr = syn::parse_quote_spanned!(place=> #private::copy_of(&#expr));
            return;
        }
        match expr {
            Expr::Reference(reference) => self.look(&mut reference.expr),
            Expr::Field(field) => self.look(&mut field.base),
            Expr::Unary(unary) => self.look(&mut unary.expr),
            Expr::Index(index) => {
                self.look(&mut index.expr);
                self.visit_expr_mut(&mut index.index);
            }
            Expr::Binary(binary) => {
                self.look(&mut binary.left);
                self.look(&mut binary.right);
            }
            Expr::MethodCall(call) => {
                self.look(&mut call.receiver);
                for arg in &mut call.args {
                    self.visit_expr_mut(arg);
                }
            }
            _ => visit_mut::visit_expr_mut(self, expr),
        }
    }

    // `Filter { slug }`
    fn visit_field_value_mut(&mut self, field: &mut FieldValue) {
        if self.is_argument(&field.expr) {
            field.colon_token.get_or_insert_default();
        }
        visit_mut::visit_field_value_mut(self, field);
    }

    fn visit_expr_closure_mut(&mut self, closure: &mut ExprClosure) {
        let own: Vec<_> = closure.inputs.iter().flat_map(bindings).collect();
        let outer = self.names.clone();
        self.names.retain(|name| !own.contains(name));
        self.visit_expr_mut(&mut closure.body);
        self.names = outer;
    }
}

/// Returns whether a type is certainly `Copy`, or cannot be cloned.
fn is_copied(ty: &Type) -> bool {
    const PLAIN: &[&str] = &[
        "bool", "char", "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64",
        "i128", "isize", "f32", "f64",
    ];
    match ty {
        Type::Reference(_) => true,
        Type::Path(path) => PLAIN.iter().any(|plain| path.path.is_ident(plain)),
        Type::Group(group) => is_copied(&group.elem),
        _ => false,
    }
}
