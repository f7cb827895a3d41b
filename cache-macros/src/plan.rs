//! What the output needs to know of the function and its settings together.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::{Expr, GenericParam, Path, Receiver, ReceiverKind, Token, Type, Visibility};

use crate::args::{Args, Set};
use crate::mentions::{has_impl_trait, has_word, mentions_any};
use crate::model::{Function, unraw};
use crate::value::CacheRef;

pub(crate) struct Plan<'a> {
    pub(crate) args: &'a Args,
    pub(crate) function: &'a Function,
    pub(crate) kind: Kind,
    pub(crate) beside: Beside,
    /// The path of the runtime.
    pub(crate) runtime: Path,
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    Free,
    Method,
    /// In an `impl`, without `self`.
    Associated,
}

/// Where the description of the function is, and what is generated beside the function.
pub(crate) enum Beside {
    /// In a type of this name, with `entry`, `refresh`, ..: beside a free function.
    Handle(Ident),
    /// In a function of the same `impl`, beside `<stem>_entry`, `<stem>_refresh`, ..
    Companions(Ident),
    /// In the body: a trait, or a private method, has no room beside it.
    Inside,
}

/// Returns the path of the runtime.
pub(crate) fn runtime(args: &Args) -> Path {
    args.krate.as_ref().map_or_else(
        || syn::parse_quote!(::cache_runtime),
        |path| path.value.clone(),
    )
}

impl<'a> Plan<'a> {
    pub(crate) fn new(args: &'a Args, function: &'a Function) -> Plan<'a> {
        let kind = match (function.receiver(), &args.associated) {
            (Some(_), _) => Kind::Method,
            (None, Some(_)) => Kind::Associated,
            (None, None) => Kind::Free,
        };
        let name = args.handle.as_ref().map(|handle| handle.value.clone());
        let private = matches!(function.vis, Visibility::Inherited) && name.is_none();
        let name = name.unwrap_or_else(|| function.sig.ident.clone());
        Plan {
            args,
            function,
            kind,
            beside: match kind {
                Kind::Free => Beside::Handle(name),
                _ if private => Beside::Inside,
                _ => Beside::Companions(name),
            },
            runtime: runtime(args),
        }
    }

    /// Returns the module of the runtime that expansions use.
    pub(crate) fn private(&self) -> TokenStream {
        let runtime = &self.runtime;
        quote!(#runtime::__private)
    }

    /// Returns the `self` of the receiver; another `self` would be another variable.
    pub(crate) fn self_token(&self) -> Option<Token![self]> {
        self.function.receiver().map(|receiver| receiver.self_token)
    }

    /// Whether it is an `Arc` or an `Rc`: clones of it are one.
    pub(crate) fn counts_self(&self) -> bool {
        self.function.receiver().is_some_and(|receiver| {
            let ReceiverKind::Typed(_, ty) = &receiver.kind else {
                return false;
            };
            matches!(&**ty, Type::Path(path) if is_counted(path))
        })
    }

    /// Returns every name that expressions of the attribute may use: arguments, their parts, and `self`.
    pub(crate) fn names(&self) -> Vec<Ident> {
        let receiver = self.self_token().map(Ident::from);
        receiver
            .into_iter()
            .chain(self.function.bound_names())
            .collect()
    }

    /// The expression that gives the cache.
    pub(crate) fn cache(&self) -> Option<&Expr> {
        match self.args.cache.as_ref().map(|set| &set.value) {
            Some(CacheRef::Expr(cache)) => Some(cache),
            _ => None,
        }
    }

    pub(crate) fn version(&self) -> Option<&Expr> {
        self.args.version.as_ref().map(|set| &set.value)
    }

    /// Whether calls may differ in what this expression gives.
    pub(crate) fn varies(&self, expr: Option<&Expr>) -> bool {
        let generics = self.function.sig.generics.params.iter();
        let parameters: Vec<_> = generics
            .filter_map(|param| match param {
                GenericParam::Type(param) => Some(&param.ident),
                GenericParam::Const(param) => Some(&param.ident),
                GenericParam::Lifetime(_) => None,
            })
            .collect();
        expr.is_some_and(|expr| mentions_any(expr, &self.names()) || has_word(expr, &parameters))
    }

    /// Whether it takes the arguments to know where all entries are.
    pub(crate) fn is_scattered(&self) -> bool {
        self.varies(self.cache()) || self.varies(self.version())
    }

    /// Returns the setting that lets the body run longer than the call, if there is one.
    pub(crate) fn detaches(&self) -> Option<&Ident> {
        let args = self.args;
        let ahead = args.refresh_ahead.as_ref().map(|set| &set.word);
        let soft = args.soft_timeout.as_ref().map(|set| &set.word);
        // A future can be dropped, a thread cannot.
        let hard = args.hard_timeout.as_ref().map(|set| &set.word);
        ahead
            .or(soft)
            .or_else(|| hard.filter(|_| !self.function.is_async()))
    }

    /// Returns how functions for many items take `self`; or why there can be none.
    pub(crate) fn items(&self) -> Result<ItemsReceiver, &'static str> {
        if let Beside::Inside = self.beside {
            return Err(
                "a private method, or one of a trait, has no room beside it; for a private one \
                 write `handle = name`",
            );
        }
        let params = &self.function.params;
        if params.is_empty() {
            return Err("without arguments there is one entry alone");
        }
        if params.iter().any(|param| has_impl_trait(&param.ty)) {
            return Err(
                "the items of an iterator are of one type, and `impl Trait` may be many; write \
                        a type parameter",
            );
        }
        let Some(receiver) = self.function.receiver() else {
            return Ok(ItemsReceiver::default());
        };
        ItemsReceiver::of(receiver).ok_or("`self` would be taken by the first; take `&self`")
    }

    pub(crate) fn skips(&self, name: &Ident) -> bool {
        is_in(self.args.skip.as_ref(), &unraw(name))
    }

    pub(crate) fn skips_self(&self) -> bool {
        is_in(self.args.skip.as_ref(), "self")
    }

    /// Whether the argument enters the key by name.
    pub(crate) fn is_keyword(&self, name: &Ident) -> bool {
        is_in(self.args.kwargs.as_ref(), &unraw(name))
    }
}

/// Whether the list, of which the words have no `r#`, has this one.
fn is_in(list: Option<&Set<Vec<Ident>>>, name: &str) -> bool {
    list.is_some_and(|list| list.value.iter().any(|word| word == name))
}

/// The `self` of a function that calls a method for many items.
#[derive(Default)]
pub(crate) struct ItemsReceiver {
    /// In the signature, with a comma.
    pub(crate) declared: TokenStream,
    /// As passed to the method.
    pub(crate) handed_on: TokenStream,
}

impl ItemsReceiver {
    /// Returns `None` if `self` can be used only once.
    fn of(receiver: &Receiver) -> Option<ItemsReceiver> {
        let own = receiver.self_token;
        let (declared, handed_on) = match &receiver.kind {
            ReceiverKind::Reference(and, lifetime, None) => {
                (quote!(#and #lifetime #own), quote!(#own))
            }
            ReceiverKind::Typed(colon, ty) => match &**ty {
                Type::Reference(reference) if reference.mutability.is_none() => {
                    (quote!(#own #colon #ty), quote!(#own))
                }
                Type::Path(path) if is_counted(path) => (
                    quote!(#own #colon &#ty),
                    quote!(::core::clone::Clone::clone(#own)),
                ),
                _ => return None,
            },
            _ => return None,
        };
        Some(ItemsReceiver {
            declared: quote!(#declared,),
            handed_on,
        })
    }
}

/// Returns whether it is `Arc<Self>` or `Rc<Self>`, whose clones are the same object.
fn is_counted(path: &syn::TypePath) -> bool {
    let last = path.path.segments.last();
    last.is_some_and(|last| last.ident == "Arc" || last.ident == "Rc")
}
