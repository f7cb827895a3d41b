//! The attributes' own parsers, as a target for texts that nobody meant.
//!
//! The test runs it on its seeds and on changes of them; `fuzz/` at the root of the repository runs
//! it under libFuzzer.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::quote;
use syn::{ImplItemFn, ItemFn, TraitItemFn};

use crate::args::Args;
use crate::errors::Errors;
use crate::event::{Event, Kind};
use crate::expand::{cache_result, event};

#[cfg(test)]
#[path = "../../fuzz/short.rs"]
mod short;

/// A function that reads bytes, and how to find bytes that take it further than others.
#[derive(Debug)]
pub struct Target {
    /// What it is called.
    pub name: &'static str,
    /// Reads the bytes; panics where a promise is not kept.
    pub run: fn(&[u8]),
    /// Inputs to begin with.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// What means something where it stands.
    pub words: &'static [&'static [u8]],
}

/// What stands in the parentheses of the attribute, a line end, and what it stands above.
pub const ATTRIBUTE: Target = Target {
    name: "attribute",
    run,
    seeds,
    words: &[
        b"timeout",
        b"ttl",
        b"key_prefix",
        b"key(",
        b"skip(",
        b"kwargs(",
        b"name",
        b"cache",
        b"version",
        b"when",
        b"tags(",
        b"tag(",
        b"clear(",
        b"result",
        b"{",
        b"{id}",
        b"{result.id:02}",
        b"#[cache_put(f::entry(id))]",
        b"..",
        b"cache_none",
        b"jitter",
        b"wait",
        b"strict",
        b"local",
        b"associated",
        b"handle",
        b"crate",
        b" = ",
        b", ",
        b"never",
        b"\"1h30m\"",
        b"|v| ",
        b"self",
        b"&self",
        b"-> ",
        b"r#",
        b"'a",
        b"<",
        b">",
        b"::",
        b"{",
        b"}",
        b"(",
        b")",
        b"async ",
        b"pub ",
        b"const ",
        b"impl ",
        b"mut ",
        b"ref ",
        b"where ",
        b"Option<",
        b"Result<",
        b"#[cfg(x)]",
        b"...",
        b"0.5",
        b"1e400",
        b"-",
    ],
};

/// Deeper ones need more stack than a thread has, and rustc does not read them either.
const DEEPEST: usize = 24;

fn run(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (args, item) = text.split_once('\n').unwrap_or((&text, ""));
    let tokens = |text: &str| text.parse::<TokenStream>().ok();
    let (Some(args), Some(item)) = (tokens(args), tokens(item)) else {
        return;
    };
    if depth(&args) > DEEPEST || depth(&item) > DEEPEST || signs(&text) > DEEPEST {
        return;
    }
    let mut errors = Errors::default();
    Args::parse(args.clone(), &mut errors);
    check(
        &args,
        &item,
        &cache_result(args.clone(), item.clone()),
        &errors,
    );
    for kind in [Kind::Put, Kind::Evict] {
        let mut errors = Errors::default();
        Event::parse(kind, Span::call_site(), args.clone(), &mut errors);
        check(
            &args,
            &item,
            &event(kind, args.clone(), item.clone()),
            &errors,
        );
    }
}

fn check(args: &TokenStream, item: &TokenStream, output: &TokenStream, errors: &Errors) {
    // What was no function before need not be one after.
    if let Some(place) = Place::of(item) {
        let file = place.file(output);
        if let Err(error) = syn::parse2::<syn::File>(file) {
            panic!("the expansion does not parse: {error}\n{args}\n{item}\n{output}");
        }
    }
    // A mistake is said, or there is none. Beside other attributes of ours, it is said when they are done.
    let is_said = output.to_string().contains("compile_error");
    let waits = output.to_string().contains("cache_result") || args.to_string().contains("done");
    assert!(is_said || waits || errors.is_empty(), "{args}\n{item}");
}

/// Where a function may stand.
#[derive(Clone, Copy)]
enum Place {
    Free,
    Impl,
    Trait,
}

impl Place {
    fn of(item: &TokenStream) -> Option<Place> {
        let is_free = syn::parse2::<ItemFn>(item.clone());
        if is_free.is_ok_and(|item| item.sig.receiver().is_none()) {
            return Some(Place::Free);
        }
        if syn::parse2::<ImplItemFn>(item.clone()).is_ok() {
            return Some(Place::Impl);
        }
        let is_one = syn::parse2::<TraitItemFn>(item.clone());
        is_one
            .is_ok_and(|item| item.default.is_some())
            .then_some(Place::Trait)
    }

    fn file(self, output: &TokenStream) -> TokenStream {
        match self {
            Place::Free => quote!(#output),
            Place::Impl => quote!(impl Service { #output }),
            Place::Trait => quote!(trait Service { #output }),
        }
    }
}

fn depth(tokens: &TokenStream) -> usize {
    let groups = tokens.clone().into_iter().map(|token| match token {
        TokenTree::Group(group) => 1 + depth(&group.stream()),
        _ => 0,
    });
    groups.max().unwrap_or(0)
}

/// The longest row of signs: each may be an expression or a type around the next.
fn signs(text: &str) -> usize {
    let rows = text.split(|c: char| c.is_alphanumeric() || c == '_' || c == '"');
    let lengths = rows.map(|row| row.chars().filter(|c| !c.is_whitespace()).count());
    lengths.max().unwrap_or(0)
}

fn seeds() -> Vec<Vec<u8>> {
    [
        ("timeout = 600, key_prefix = \"user_tasks\"",
         "/// Doc\n#[cfg(x)] pub async fn tasks(user_id: u64, status: Option<&str>) -> Result<Vec<Task>, E> { db(user_id).await }"),
        ("timeout = \"1h30m\"", "fn square(n: u64) -> u64 { #![allow(x)] n * n }"),
        ("timeout = never, name = \"sync\"", "pub async fn r#type(r#in: u8) { work(r#in).await; }"),
        ("skip(self)", "pub async fn get(&self, id: u64) -> Option<Task> { self.db.get(id).await }"),
        ("key(self.tenant, id)", "fn get(self: &Arc<Self>, id: u64) -> Option<Task> { self.db.get(id) }"),
        ("associated, handle = loaded", "fn load(id: u64) -> Task { Self::read(id) }"),
        ("timeout = 2.5", "pub fn first<'a, T: Load, const N: usize>(from: &'a [T; N], how: impl How) -> Vec<T> where T: Clone { how.apply(from) }"),
        ("skip(self), timeout = 5", "fn find<'a>(&'a self, id: u64) -> ::core::pin::Pin<Box<dyn ::core::future::Future<Output = Result<T, E>> + ::core::marker::Send + 'a>> where Self: 'a { Box::pin(async move { let __self = self; let __ret: Result<T, E> = { __self.find(id).await }; __ret }) }"),
        ("key(a, other), timeout = Duration::from_secs(b)", "pub fn patterns((a, mut b): (u32, u64), Other { id: ref other }: Other, _: u8) -> u64 { b += 1; b }"),
        ("kwargs(status), skip(pool)", "fn tasks(pool: &Pool, user_id: u64, status: Option<String>) -> Rows { pool.rows() }"),
        ("cache = ctx.caches[0], version = ctx.version + 1, key(id)", "pub fn task(ctx: &Ctx, id: u64) -> Task { ctx.task(id) }"),
        ("when = |page| page.len() < limit, timeout = |page: &Page| page.expires_in", "pub async fn page(limit: usize, url: String) -> Page { fetch(url).await }"),
        ("ttl = 0, cache = \"sessions\", jitter = 0.1, wait = \"500ms\", strict, local, crate = ::app::cache, cache_none = 30,", "pub fn find(id: u64) -> Result<Option<Arc<Task>>, DbError> { read(id) }"),
        ("timeot = 5, skip(idd), jitter = 2.0, name", "pub fn find(id: u64) -> &str { read(id) }"),
        ("local", "struct Nothing;"),
        ("tags(\"user:{user.id}:{result.team:?}\", TASKS, ..result.tags())", "async fn f(user: User) -> Result<Team, E> { g(user).await }"),
        ("f::entry(id, &slug), g::entry(result.id, slug), tag(\"user:{result.id}\"), clear(h), cache = self.cache", "fn f(&self, id: u64, slug: String, (a, b): (u8, u8)) -> Option<Task> { g(id, slug, a) }"),
        ("f::entry(id)", "#[cache_evict(tag(\"a\"))] #[cache_put(g::entry(*result))] async fn f(id: u64) -> impl Into<u64> { id }"),
    ]
    .map(|(args, item)| format!("{args}\n{item}").into_bytes())
    .to_vec()
}

#[cfg(test)]
#[test]
fn attribute() {
    short::run(&ATTRIBUTE, 1500);
}
