//! The model of the annotated function: its parameters, its body, and how it runs.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{format_ident, quote};
use syn::parse::{ParseStream, Parser};
use syn::visit_mut::{self, VisitMut};
use syn::{
    Attribute, Block, FnArg, Item, Pat, PatIdent, PatType, Receiver, ReturnType, Signature, Type,
    Visibility,
};

use crate::boxed::{self, Boxed};
use crate::mentions::bindings;

pub(crate) struct Function {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    /// As written; `params` has the arguments one by one.
    pub(crate) sig: Signature,
    pub(crate) params: Vec<Param>,
    pub(crate) way: Way,
    /// What the body returns: the type that decides what is kept.
    pub(crate) returns: Type,
    /// `#![..]` at the top of the body.
    pub(crate) inner_attrs: Vec<Attribute>,
    /// The statements, without the braces; never parsed, so that half a body still expands.
    pub(crate) body: TokenStream,
    /// Where the braces are.
    pub(crate) braces: Span,
}

/// How the function runs.
pub(crate) enum Way {
    Sync,
    Async,
    /// `Box::pin(async move { .. })`, as `#[async_trait]` leaves it.
    Boxed(Boxed),
}

pub(crate) struct Param {
    /// The argument's own name, or an invented one if there is a pattern.
    pub(crate) name: Ident,
    pub(crate) ty: Type,
    /// The pattern that takes the argument apart, if it is not a plain name.
    pub(crate) pattern: Option<Pat>,
    /// Whether the body already takes it apart, as `#[async_trait]` makes it do.
    pub(crate) unpacked: bool,
}

impl Function {
    pub(crate) fn parse(item: TokenStream) -> syn::Result<Function> {
        let (attrs, vis, sig, braces) = header
            .parse2(item.clone())
            .map_err(|error| not_a_function(item, error))?;
        let (inner_attrs, body) = insides.parse2(braces.stream())?;
        let written = match &sig.output {
            ReturnType::Default => syn::parse_quote!(()),
            ReturnType::Type(_, ty) => Type::clone(ty),
        };
        let mut function = Function {
            params: sig
                .inputs
                .iter()
                .enumerate()
                .filter_map(Param::of)
                .collect(),
            way: if sig.asyncness.is_some() {
                Way::Async
            } else {
                Way::Sync
            },
            returns: written,
            attrs,
            vis,
            sig,
            inner_attrs,
            body,
            braces: braces.span(),
        };
        if let Way::Sync = function.way
            && let Some(output) = boxed::output(&function.returns)
            && let Some((boxed, block)) = boxed::body(&function.body)
        {
            for (name, pattern) in boxed::unpacked(&block) {
                for param in function
                    .params
                    .iter_mut()
                    .filter(|param| param.name == *name)
                {
                    param.pattern = Some(pattern.clone());
                    param.unpacked = true;
                }
            }
            function.returns = output.clone();
            function.body = statements(&block);
            function.braces = block.brace_token.span.join();
            function.way = Way::Boxed(boxed);
        }
        Ok(function)
    }

    pub(crate) fn receiver(&self) -> Option<&Receiver> {
        self.sig.receiver()
    }

    /// Returns the name without `r#`.
    pub(crate) fn name(&self) -> String {
        unraw(&self.sig.ident)
    }

    /// Returns whether the caller awaits the result.
    pub(crate) fn is_async(&self) -> bool {
        !matches!(self.way, Way::Sync)
    }

    /// Returns the type parameter that is the whole return type, if it is one.
    pub(crate) fn returns_parameter(&self) -> bool {
        let Type::Path(path) = &self.returns else {
            return false;
        };
        path.path.get_ident().is_some_and(|name| {
            self.sig
                .generics
                .type_params()
                .any(|param| param.ident == *name)
        })
    }

    /// Returns every name that the signature binds, `self` not included.
    pub(crate) fn bound_names(&self) -> Vec<Ident> {
        self.params.iter().flat_map(Param::names).collect()
    }
}

impl Param {
    fn of((index, input): (usize, &FnArg)) -> Option<Param> {
        let FnArg::Typed(PatType { pat, ty, .. }) = input else {
            return None;
        };
        let ty = Type::clone(ty);
        Some(match &**pat {
            Pat::Ident(PatIdent {
                by_ref: None,
                ident,
                subpat: None,
                ..
            }) => Param {
                name: ident.clone(),
                ty,
                pattern: None,
                unpacked: false,
            },
            pattern => Param {
                name: format_ident!("__arg{index}", span = Span::mixed_site()),
                ty,
                pattern: Some(pattern.clone()),
                unpacked: false,
            },
        })
    }

    /// Returns the names by which the body knows this argument.
    pub(crate) fn names(&self) -> Vec<Ident> {
        match &self.pattern {
            None => vec![self.name.clone()],
            Some(pattern) => bindings(pattern),
        }
    }

    /// Generates the statement at the top of the body that takes the argument apart.
    //
    // Input:  fn f((a, mut b): (u32, u32)) { .. }
    // Output: fn f(__arg0: (u32, u32)) { let (a, mut b) = __arg0; .. }
    pub(crate) fn unpack(&self) -> TokenStream {
        let name = &self.name;
        match &self.pattern {
            Some(pattern) if !self.unpacked && !matches!(pattern, Pat::Wild(_)) => {
                quote!(let #pattern = #name;)
            }
            _ => TokenStream::new(),
        }
    }

    /// Generates a clone of the argument under its own name, or taken apart.
    pub(crate) fn cloned(&self) -> TokenStream {
        let name = &self.name;
        match &self.pattern {
            None => quote!(let #name = ::core::clone::Clone::clone(&#name);),
            Some(pattern) => quote! {
                #[allow(unused_mut, unused_variables)]
                let #pattern = ::core::clone::Clone::clone(&#name);
            },
        }
    }

    /// Generates the argument taken apart by reference: for expressions that are evaluated before the body.
    pub(crate) fn peek(&self) -> TokenStream {
        let Some(mut pattern) = self.pattern.clone() else {
            return TokenStream::new();
        };
        Plain.visit_pat_mut(&mut pattern);
        let name = &self.name;
        quote! {
            #[allow(unused_variables)]
            let #pattern = &#name;
        }
    }
}

/// Removes `ref` and `mut` from the bindings of a pattern.
struct Plain;

impl VisitMut for Plain {
    fn visit_pat_ident_mut(&mut self, binding: &mut PatIdent) {
        binding.by_ref = None;
        binding.mutability = None;
        visit_mut::visit_pat_ident_mut(self, binding);
    }
}

pub(crate) fn unraw(ident: &Ident) -> String {
    use syn::ext::IdentExt;
    ident.unraw().to_string()
}

fn header(input: ParseStream) -> syn::Result<(Vec<Attribute>, Visibility, Signature, Group)> {
    let attrs = input.call(Attribute::parse_outer)?;
    let vis = input.parse()?;
    let sig: Signature = input.parse()?;
    match input.parse()? {
        TokenTree::Group(braces) if braces.delimiter() == Delimiter::Brace => {
            Ok((attrs, vis, sig, braces))
        }
        _ => Err(syn::Error::new_spanned(
            &sig.ident,
            "a function without a body has nothing to keep; put the attribute on the \
             implementations",
        )),
    }
}

/// Returns what is wrong with an item that is not a function; the parser knows best about half a function.
fn not_a_function(item: TokenStream, error: syn::Error) -> syn::Error {
    let message = match syn::parse2::<Item>(item) {
        Ok(Item::Impl(_) | Item::Trait(_)) => "expected a function; put the attribute on methods",
        Ok(Item::Verbatim(_)) | Err(_) => return error,
        Ok(_) => "expected a function; what is cached is what it returns",
    };
    syn::Error::new(error.span(), message)
}

fn insides(input: ParseStream) -> syn::Result<(Vec<Attribute>, TokenStream)> {
    Ok((input.call(Attribute::parse_inner)?, input.parse()?))
}

fn statements(block: &Block) -> TokenStream {
    let statements = &block.stmts;
    quote!(#(#statements)*)
}
