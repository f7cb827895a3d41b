//! The statements that collect changes: before the body what is known by then, after it the rest.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Expr, Path};

use super::clones::{self, taken};
use super::{Names, invented};
use crate::event::{Event, Item, Kind};
use crate::expand::key::operand;
use crate::expand::spot;
use crate::expand::tags;
use crate::model::{Function, unraw};
use crate::tag::Tag;
use crate::value::CacheRef;

pub(super) struct Changes<'a> {
    pub(super) function: &'a Function,
    pub(super) events: &'a [Event],
    pub(super) runtime: &'a Path,
    pub(super) private: &'a TokenStream,
    pub(super) names: &'a Names,
}

impl Changes<'_> {
    /// Generates what does not look at the result; and copies of the arguments that the rest needs.
    pub(super) fn early(&self) -> TokenStream {
        let mut out = self.unpacked();
        for (index, event) in self.events.iter().enumerate() {
            if let Some(CacheRef::Expr(cache)) = &event.cache {
                let (name, cache, runtime) =
                    (numbered("cache", index), operand(cache), self.runtime);
                out.extend(quote!(let #name = #runtime::Cache::clone(&#cache);));
            }
            for (number, item) in event.items.iter().enumerate() {
                if !item.is_late() {
                    out.extend(match (event.kind, item) {
                        (Kind::Put, Item::Entries(expr)) => {
                            let entries = self.entries(expr);
                            let name = numbered(&format!("put{index}_"), number);
                            quote!(let #name = #entries;)
                        }
                        _ => self.evict(index, item),
                    });
                }
            }
        }
        let copied = self.copied();
        if !copied.is_empty() {
            let copies = invented("__copies");
            let made = copied.iter().map(|name| self.copy(name));
            out.extend(quote!(let #copies = (#(#made,)*);));
        }
        out
    }

    /// Generates what looks at the result, or puts it somewhere; without that, whether there is one.
    pub(super) fn late(&self) -> TokenStream {
        let Names {
            changes,
            result,
            keep,
            ..
        } = self.names;
        let asked = quote!(#changes.succeeded(#keep, &#result));
        let value = self.value();
        let mut out = TokenStream::new();
        for (index, event) in self.events.iter().enumerate() {
            for (number, item) in event.items.iter().enumerate() {
                match (event.kind, item) {
                    (Kind::Put, Item::Entries(expr)) => {
                        let place = spot::invented(expr.span());
                        let entries = if item.is_late() {
                            self.entries(expr)
                        } else {
                            let name = numbered(&format!("put{index}_"), number);
                            quote!(#name)
                        };
                        out.extend(quote_spanned!(place=> #changes.put(#entries, #value);));
                    }
                    _ if item.is_late() => out.extend(self.evict(index, item)),
                    _ => {}
                }
            }
        }
        if out.is_empty() {
            return quote!(#asked;);
        }
        let copied = self.copied();
        let copies = (!copied.is_empty()).then(|| {
            let copies = invented("__copies");
            quote!(let (#(#copied,)*) = #copies;)
        });
        quote! {
            if let ::core::option::Option::Some(#value) = #asked {
                #copies
                #out
            }
        }
    }

    fn evict(&self, index: usize, item: &Item) -> TokenStream {
        let changes = &self.names.changes;
        let cache = match &self.events[index].cache {
            Some(CacheRef::Alias(alias)) => Some(quote!(#alias)),
            Some(CacheRef::Expr(_)) => {
                let name = numbered("cache", index);
                Some(quote!(&#name))
            }
            None => None,
        };
        match item {
            Item::Entries(expr) => {
                let taken = taken(self.function, expr, self.private);
                let place = spot::invented(expr.span());
                quote_spanned!(place=> #changes.evict(#taken);)
            }
            Item::Tag(tag) => {
                let cache = cache.unwrap_or_else(|| quote!("default"));
                let made = tag.made(self.private);
                match tag {
                    Tag::Each(_) => quote!(#changes.tags(#cache, #made);),
                    _ => quote!(#changes.tags(#cache, [#made]);),
                }
            }
            Item::Whole(function) => {
                let place = spot::invented(function.span());
                match cache {
                    None => quote_spanned!(place=> #changes.clear::<#function>();),
                    Some(cache) => quote_spanned!(place=> #changes.clear_in::<#function>(#cache);),
                }
            }
        }
    }

    fn entries(&self, expr: &Expr) -> TokenStream {
        let private = self.private;
        let taken = taken(self.function, expr, self.private);
        let place = spot::invented(expr.span());
        quote_spanned!(place=> #private::entries(#taken))
    }

    /// Returns `result` as the attributes know it.
    fn value(&self) -> Ident {
        let mut late = self.items().filter(|item| item.is_late());
        match late.next() {
            Some(Item::Tag(tag)) => tags::result(tag),
            Some(Item::Entries(expr)) => Ident::new("result", clones::place_of(expr, "result")),
            _ => invented("__value"),
        }
    }

    /// Returns the arguments that stand beside `result`: the body may consume them.
    fn copied(&self) -> Vec<Ident> {
        let mut names = self.function.bound_names();
        names.retain(|name| {
            let is_used = |item: &Item| item.is_late() && item.mentions(&unraw(name));
            self.items().any(is_used)
        });
        names
    }

    /// Generates a clone, if the argument stands beside `result`.
    fn copy(&self, name: &Ident) -> TokenStream {
        let private = self.private;
        let uses = |item: &&Item| item.is_late() && item.mentions(&unraw(name));
        let item = self.items().find(uses);
        let place = item.map_or_else(Span::call_site, |item| match item {
            Item::Entries(expr) => clones::place_of(expr, &name.to_string()),
            Item::Tag(tag) => tags::result(tag).span(),
            Item::Whole(path) => path.span(),
        });
        let place = spot::invented(place);
        let mut name = name.clone();
        name.set_span(name.span().located_at(place));
        quote_spanned!(place=> #private::copy_of(&#name))
    }

    /// `#[async_trait]` takes patterns apart in the body; here they are needed before.
    fn unpacked(&self) -> TokenStream {
        let params = self.function.params.iter().filter(|param| {
            let mut parts = param.names().into_iter();
            param.unpacked
                && parts.any(|part| self.items().any(|item| item.mentions(&unraw(&part))))
        });
        params.map(crate::model::Param::cloned).collect()
    }

    fn items(&self) -> impl Iterator<Item = &Item> {
        self.events.iter().flat_map(|event| &event.items)
    }
}

fn numbered(what: &str, index: usize) -> Ident {
    format_ident!("__{what}{index}", span = Span::mixed_site())
}
