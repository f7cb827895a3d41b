//! What `#[cache_put(..)]` and `#[cache_evict(..)]` say: entries, tags and whole functions.

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::spanned::Spanned;
use syn::{Attribute, Expr, ExprCall, Ident, Meta, Path, Token};

use crate::errors::Errors;
use crate::mentions::mentions;
use crate::tag::{self, Tag};
use crate::value::{self, CacheRef};

/// One attribute.
pub(crate) struct Event {
    pub(crate) kind: Kind,
    /// Where the attribute is.
    pub(crate) place: Span,
    pub(crate) items: Vec<Item>,
    /// The cache of the tags, and of whole functions to be cleared.
    pub(crate) cache: Option<CacheRef>,
    pub(crate) krate: Option<Path>,
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    Put,
    Evict,
}

pub(crate) enum Item {
    /// `get_task::entry(task_id)`, or a loop that gives entries.
    Entries(Expr),
    /// Each of `tag("user:{result.user_id}", "tasks")`.
    Tag(Tag),
    /// `clear(get_user_tasks)`
    Whole(Path),
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Put => "cache_put",
            Kind::Evict => "cache_evict",
        }
    }

    /// Returns which of them an attribute is, if it is one.
    pub(crate) fn of(attr: &Attribute) -> Option<Kind> {
        let last = &attr.path().segments.last()?.ident;
        [Kind::Put, Kind::Evict]
            .into_iter()
            .find(|kind| last == kind.name())
    }
}

impl Item {
    /// Returns whether it looks at the result.
    pub(crate) fn is_late(&self) -> bool {
        self.mentions("result")
    }

    pub(crate) fn mentions(&self, name: &str) -> bool {
        match self {
            Item::Entries(expr) => mentions(expr, name),
            Item::Tag(tag) => tag.mentions(name),
            Item::Whole(_) => false,
        }
    }
}

impl Event {
    /// Parses another attribute of the same function.
    pub(crate) fn of(attr: &Attribute, kind: Kind, errors: &mut Errors) -> Event {
        let tokens = match &attr.meta {
            Meta::List(list) => list.tokens.clone(),
            _ => TokenStream::new(),
        };
        Event::parse(kind, attr.span(), tokens, errors)
    }

    /// Parses what is in the parentheses of the attribute.
    pub(crate) fn parse(
        kind: Kind,
        place: Span,
        tokens: TokenStream,
        errors: &mut Errors,
    ) -> Event {
        let mut event = Event {
            kind,
            place,
            items: Vec::new(),
            cache: None,
            krate: None,
        };
        let mut is_wrong = false;
        let read = |input: ParseStream| {
            while !input.is_empty() {
                if let Err(error) = event.read_one(input) {
                    errors.add(error);
                    is_wrong = true;
                    while !input.is_empty() && !input.peek(Token![,]) {
                        input.parse::<TokenTree>()?;
                    }
                }
                if !input.is_empty() {
                    input.parse::<Token![,]>()?;
                }
            }
            Ok(())
        };
        if let Err(error) = read.parse2(tokens) {
            errors.add(error);
            is_wrong = true;
        }
        if event.items.is_empty() && !is_wrong {
            errors.add(syn::Error::new(place, nothing(kind)));
        }
        event
    }

    fn read_one(&mut self, input: ParseStream) -> syn::Result<()> {
        if input.peek(Ident::peek_any) && input.peek2(Token![=]) {
            return self.read_setting(input);
        }
        let expr: Expr = input.parse()?;
        if !input.is_empty() && !input.peek(Token![,]) {
            return Err(input.error("expected a comma, or the end"));
        }
        match special(&expr) {
            Some((_, word)) if self.kind == Kind::Put => Err(syn::Error::new(
                word.span(),
                format!("`{word}(..)` forgets entries; write `#[cache_evict({word}(..))]`"),
            )),
            Some((call, word)) if word == "tag" => self.read_tags(call, word),
            Some((call, _)) => self.read_whole(call),
            None => {
                self.items.push(Item::Entries(expr));
                Ok(())
            }
        }
    }

    fn read_setting(&mut self, input: ParseStream) -> syn::Result<()> {
        let word = Ident::parse_any(input)?;
        let name = word.to_string();
        let wrong = |message: String| Err(syn::Error::new(word.span(), message));
        input.parse::<Token![=]>()?;
        let is_twice = match name.as_str() {
            "cache" if self.kind == Kind::Put => {
                return wrong("an entry knows its cache already; remove `cache`".to_owned());
            }
            "cache" => self.cache.replace(value::cache(input)?).is_some(),
            "crate" => self.krate.replace(value::crate_path(input)?).is_some(),
            _ => {
                return wrong(format!(
                    "unknown setting `{name}`; `{}` takes {}, and {}",
                    self.kind.name(),
                    what(self.kind),
                    match self.kind {
                        Kind::Put => "`crate`",
                        Kind::Evict => "`cache` and `crate`",
                    }
                ));
            }
        };
        if is_twice {
            return wrong(format!("`{name}` is given twice; keep one of them"));
        }
        Ok(())
    }

    fn read_tags(&mut self, call: &ExprCall, word: &Ident) -> syn::Result<()> {
        if call.args.is_empty() {
            return Err(syn::Error::new(
                word.span(),
                "`tag(..)` names no tag; write `tag(\"user:{user_id}\")`",
            ));
        }
        for tag in tag::of(call.args.iter().cloned())? {
            self.items.push(Item::Tag(tag));
        }
        Ok(())
    }

    fn read_whole(&mut self, call: &ExprCall) -> syn::Result<()> {
        let message = "`clear(..)` takes the names of cached functions, as in \
                       `clear(get_user_tasks)`; the entries of a method are reached by a tag";
        if call.args.is_empty() {
            return Err(syn::Error::new_spanned(call, message));
        }
        for arg in &call.args {
            match arg {
                Expr::Path(path) if path.qself.is_none() => {
                    self.items.push(Item::Whole(path.path.clone()));
                }
                other => return Err(syn::Error::new_spanned(other, message)),
            }
        }
        Ok(())
    }
}

/// `tag(..)` and `clear(..)`.
fn special(expr: &Expr) -> Option<(&ExprCall, &Ident)> {
    let Expr::Call(call) = expr else { return None };
    let Expr::Path(function) = &*call.func else {
        return None;
    };
    let word = function.path.get_ident()?;
    (word == "tag" || word == "clear").then_some((call, word))
}

fn what(kind: Kind) -> &'static str {
    match kind {
        Kind::Put => "entries, as in `get_task::entry(task_id)`",
        Kind::Evict => {
            "entries, as in `get_task::entry(task_id)`, tags, as in `tag(\"user:{user_id}\")`, and \
             whole functions, as in `clear(get_tasks)`"
        }
    }
}

fn nothing(kind: Kind) -> String {
    let does = match kind {
        Kind::Put => "puts nothing",
        Kind::Evict => "evicts nothing",
    };
    format!("`{}` {does}; it takes {}", kind.name(), what(kind))
}
