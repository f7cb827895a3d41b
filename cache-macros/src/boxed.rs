//! The shape that `#[async_trait]` leaves behind: a function that returns a boxed future.
//!
//! `#[async_trait]` stands on the `impl`, so it runs first, and the attribute meets
//!
//! ```text
//! fn get<'life0, 'async_trait>(&'life0 self, id: u64)
//!     -> Pin<Box<dyn Future<Output = Task> + Send + 'async_trait>>
//! where ..
//! {
//!     Box::pin(async move { .. })
//! }
//! ```
//!
//! What is cached is the `Output`. Functions that are written like this by hand have the same shape.

use proc_macro2::{Ident, TokenStream};
use syn::parse::Parser;
use syn::visit::{self, Visit};
use syn::{
    AssocType, Attribute, Block, Expr, ExprCall, ExprPath, GenericArgument, Local, Pat, Path,
    PathArguments, Stmt, Token, Type, TypeParamBound,
};

/// The parts around the statements of the future.
pub(crate) struct Boxed {
    /// `Box::pin`.
    pub(crate) pin: ExprPath,
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) async_token: Token![async],
    pub(crate) capture: Option<Token![move]>,
}

/// Returns `Task` of `Pin<Box<dyn Future<Output = Task> + ..>>` and of `BoxFuture<'_, Task>`.
pub(crate) fn output(ty: &Type) -> Option<&Type> {
    let path = as_path(ty)?;
    let name = &path.segments.last()?.ident;
    if name == "BoxFuture" || name == "LocalBoxFuture" {
        return type_argument(path);
    }
    let boxed = (name == "Pin").then(|| type_argument(path))??;
    let path = as_path(boxed).filter(|path| ends_with(path, "Box"))?;
    let Type::TraitObject(object) = type_argument(path)? else {
        return None;
    };
    object.bounds.iter().find_map(|bound| match bound {
        TypeParamBound::Trait(bound) if ends_with(&bound.path, "Future") => arguments(&bound.path)?
            .find_map(|argument| match argument {
                GenericArgument::AssocType(AssocType { ident, ty, .. }) if ident == "Output" => {
                    Some(ty)
                }
                _ => None,
            }),
        _ => None,
    })
}

/// Returns the `async` block of a body that is `Box::pin(async move { .. })` and nothing else.
pub(crate) fn body(tokens: &TokenStream) -> Option<(Boxed, Block)> {
    let mut statements = Block::parse_within.parse2(tokens.clone()).ok()?;
    let (Some(Stmt::Expr(Expr::Call(call), None)), true) =
        (statements.pop(), statements.is_empty())
    else {
        return None;
    };
    let ExprCall { func, args, .. } = call;
    let Expr::Path(pin) = *func else { return None };
    let mut last = pin.path.segments.iter().rev();
    let called = (last.next()?, last.next()?);
    if called.0.ident != "pin" || called.1.ident != "Box" || args.len() != 1 {
        return None;
    }
    let Expr::Async(future) = args.into_iter().next()? else {
        return None;
    };
    let boxed = Boxed {
        pin,
        attrs: future.attrs,
        async_token: future.async_token,
        capture: future.capture,
    };
    Some((boxed, future.block))
}

/// Where `#[async_trait]` has moved the patterns of the arguments: the names it gave to the
/// arguments, each with its pattern.
//
// Input:  let (a, b) = { let __arg1 = __arg1; __arg1 };
// Output: (__arg1, (a, b))
pub(crate) fn unpacked(block: &Block) -> Vec<(&Ident, &Pat)> {
    let mut found = Unpacked(Vec::new());
    found.visit_block(block);
    found.0
}

/// Anywhere in the block: `cache_put` and `cache_evict` put their own statements around the body.
struct Unpacked<'ast>(Vec<(&'ast Ident, &'ast Pat)>);

impl<'ast> Visit<'ast> for Unpacked<'ast> {
    fn visit_local(&mut self, local: &'ast Local) {
        if let Some(init) = &local.init
            && let Expr::Block(inner) = &*init.expr
            && let [Stmt::Local(_), Stmt::Expr(Expr::Path(name), None)] = &*inner.block.stmts
            && let Some(name) = name.path.get_ident()
            && name.to_string().starts_with("__arg")
        {
            self.0.push((name, &local.pat));
        }
        visit::visit_local(self, local);
    }
}

fn as_path(ty: &Type) -> Option<&Path> {
    match ty {
        Type::Path(path) => Some(&path.path),
        Type::Group(group) => as_path(&group.elem),
        Type::Paren(paren) => as_path(&paren.elem),
        _ => None,
    }
}

fn ends_with(path: &Path, name: &str) -> bool {
    path.segments
        .last()
        .is_some_and(|segment| segment.ident == name)
}

fn type_argument(path: &Path) -> Option<&Type> {
    arguments(path)?.find_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}

fn arguments(path: &Path) -> Option<impl Iterator<Item = &GenericArgument>> {
    match &path.segments.last()?.arguments {
        PathArguments::AngleBracketed(angle) => Some(angle.args.iter()),
        _ => None,
    }
}
