//! The values that settings take, and how each is parsed.

use std::time::Duration;

use proc_macro2::{Ident, TokenStream};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Expr, ExprClosure, ExprLit, ExprUnary, Lit, LitFloat, LitStr, Path, Token, UnOp};

use crate::duration;

/// How long a result lives.
pub(crate) enum Timeout {
    /// Known now: `600`, `"10m"`.
    Fixed(Duration),
    Never,
    /// Evaluated on a miss, before the body.
    Expr(Expr),
    /// Called with the value that will be kept.
    Closure(ExprClosure),
}

/// Which cache: an alias, or an expression that gives a `Cache`.
pub(crate) enum CacheRef {
    Alias(LitStr),
    Expr(Expr),
}

/// A duration that is the same for every call.
pub(crate) enum FixedDuration {
    Known(Duration),
    /// A constant expression of type `Duration`.
    Const(Expr),
}

/// How long a `None` lives.
pub(crate) enum NoneTimeout {
    Fixed(FixedDuration),
    Never,
}

impl ToTokens for FixedDuration {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match self {
            FixedDuration::Known(known) => tokens.extend(duration::tokens(*known)),
            FixedDuration::Const(expr) => expr.to_tokens(tokens),
        }
    }
}

pub(crate) fn flag(_: ParseStream) -> syn::Result<()> {
    Ok(())
}

pub(crate) fn expression(input: ParseStream) -> syn::Result<Expr> {
    input.parse()
}

/// Parses a number, or an expression that will be one.
pub(crate) fn version(input: ParseStream) -> syn::Result<Expr> {
    let expr = expression(input)?;
    match number(&expr) {
        Some((_, Lit::Int(_))) => Ok(expr),
        None if !is_literal(&expr) => Ok(expr),
        _ => Err(wrong(&expr, "expected an integer, as in `version = 2`")),
    }
}

/// Parses a name for something that the attribute generates.
pub(crate) fn name(input: ParseStream) -> syn::Result<Ident> {
    Ident::parse_any(input).map_err(|error| {
        let message = "expected a name without quotes, as in `handle = tasks_cache`";
        syn::Error::new(error.span(), message)
    })
}

pub(crate) fn literal(input: ParseStream) -> syn::Result<LitStr> {
    let expr = expression(input)?;
    as_text(&expr).ok_or_else(|| wrong(&expr, "expected a string literal"))
}

/// Parses a string literal, or a constant that is a string.
pub(crate) fn text(input: ParseStream) -> syn::Result<Expr> {
    let expr = expression(input)?;
    if is_literal(&expr) && as_text(&expr).is_none() {
        return Err(wrong(
            &expr,
            "expected a string literal, or a constant that is a string",
        ));
    }
    Ok(expr)
}

pub(crate) fn expressions(input: ParseStream) -> syn::Result<Vec<Expr>> {
    let list = Punctuated::<Expr, Token![,]>::parse_terminated(input)?;
    Ok(list.into_iter().collect())
}

/// Names of arguments, without `r#`: of `r#type` there is `type` as well.
pub(crate) fn names(input: ParseStream) -> syn::Result<Vec<Ident>> {
    let one = |input: ParseStream| {
        let name = Ident::parse_any(input).map_err(|error| {
            syn::Error::new(
                error.span(),
                "expected the name of an argument, without quotes",
            )
        })?;
        if input.is_empty() || input.peek(Token![,]) {
            return Ok(name.unraw());
        }
        Err(input.error("expected the names of arguments; for expressions there is `key(..)`"))
    };
    let list = Punctuated::<Ident, Token![,]>::parse_terminated_with(input, one)?;
    Ok(list.into_iter().collect())
}

pub(crate) fn cache(input: ParseStream) -> syn::Result<CacheRef> {
    let expr = expression(input)?;
    match as_text(&expr) {
        Some(alias) => Ok(CacheRef::Alias(alias)),
        None if is_literal(&expr) => Err(wrong(
            &expr,
            "expected an alias in quotes, or an expression giving a `Cache`",
        )),
        None => Ok(CacheRef::Expr(expr)),
    }
}

pub(crate) fn closure(input: ParseStream) -> syn::Result<ExprClosure> {
    match expression(input)? {
        Expr::Closure(closure) => over_the_value(closure),
        other => Err(wrong(
            &other,
            "expected a closure over the value that would be kept, as in `|value| !value.is_empty()`",
        )),
    }
}

pub(crate) fn timeout(input: ParseStream) -> syn::Result<Timeout> {
    if never(input)? {
        return Ok(Timeout::Never);
    }
    match expression(input)? {
        Expr::Closure(closure) => over_the_value(closure).map(Timeout::Closure),
        expr => Ok(match known(&expr)? {
            Some(Signed::Positive(known)) => Timeout::Fixed(known),
            // As in Django: not kept.
            Some(Signed::Negative) => Timeout::Fixed(Duration::ZERO),
            None => Timeout::Expr(expr),
        }),
    }
}

pub(crate) fn fixed_duration(input: ParseStream) -> syn::Result<FixedDuration> {
    let expr = expression(input)?;
    match known(&expr)? {
        Some(Signed::Positive(known)) => Ok(FixedDuration::Known(known)),
        Some(Signed::Negative) => Err(wrong(&expr, "a duration cannot be negative here")),
        None if matches!(expr, Expr::Closure(_)) => Err(wrong(
            &expr,
            "expected a duration: seconds, a text like `\"5s\"`, or a constant of type `Duration`",
        )),
        None => Ok(FixedDuration::Const(expr)),
    }
}

pub(crate) fn optional_duration(input: ParseStream) -> syn::Result<Option<FixedDuration>> {
    if input.is_empty() || input.peek(Token![,]) {
        return Ok(None);
    }
    fixed_duration(input).map(Some)
}

pub(crate) fn none_timeout(input: ParseStream) -> syn::Result<Option<NoneTimeout>> {
    if !input.is_empty() && never(input)? {
        return Ok(Some(NoneTimeout::Never));
    }
    Ok(optional_duration(input)?.map(NoneTimeout::Fixed))
}

/// The word `never`, if that is all.
fn never(input: ParseStream) -> syn::Result<bool> {
    let word = input.fork().call(Ident::parse_any);
    let is_all = input.peek2(Token![,]) || ends_after_one(input);
    let is_never = is_all && word.is_ok_and(|word| word == "never");
    if is_never {
        Ident::parse_any(input)?;
    }
    Ok(is_never)
}

/// Parses a share between 0 and 1, as a float.
pub(crate) fn share(input: ParseStream) -> syn::Result<Expr> {
    let message = "the share must be a number from 0.0 to 1.0, as in `jitter = 0.1`";
    float(input, message, |share| (0.0..=1.0).contains(&share))
}

/// Parses a share that is neither nothing nor all, as a float.
pub(crate) fn inner_share(input: ParseStream) -> syn::Result<Expr> {
    let message = "the share must be a number above 0.0 and below 1.0, as in `refresh_ahead = 0.8`";
    float(input, message, |share| share > 0.0 && share < 1.0)
}

/// Parses how eager it is, as a float.
pub(crate) fn optional_factor(input: ParseStream) -> syn::Result<Option<Expr>> {
    if input.is_empty() || input.peek(Token![,]) {
        return Ok(None);
    }
    let message = "the factor must be a number above 0.0, as in `early = 1.0`; larger is earlier";
    float(input, message, |factor| factor > 0.0).map(Some)
}

/// Parses a number that fits, as a float, or an expression that will be one.
fn float(input: ParseStream, message: &str, fits: impl FnOnce(f64) -> bool) -> syn::Result<Expr> {
    let expr = expression(input)?;
    let digits = match number(&expr).filter(|(_, digits)| with_unit(digits).is_none()) {
        Some((false, Lit::Int(int))) => int.base10_digits().to_owned(),
        Some((false, Lit::Float(float))) => float.base10_digits().to_owned(),
        None if !is_literal(&expr) => return Ok(expr),
        _ => return Err(wrong(&expr, message)),
    };
    match digits.parse::<f64>() {
        Ok(number) if fits(number) => {
            let float = LitFloat::new(&format!("{number:?}"), expr.span());
            Ok(Expr::Lit(ExprLit {
                attrs: Vec::new(),
                lit: Lit::Float(float),
            }))
        }
        _ => Err(wrong(&expr, message)),
    }
}

/// Parses the path of a function.
pub(crate) fn function(input: ParseStream) -> syn::Result<Path> {
    match expression(input)? {
        Expr::Path(path) if path.qself.is_none() => Ok(path.path),
        other => Err(wrong(
            &other,
            "expected the path of a function, as in `load_many` or `Self::load_many`",
        )),
    }
}

/// Parses an absolute path, or one from the root of this crate.
pub(crate) fn crate_path(input: ParseStream) -> syn::Result<Path> {
    if input.peek(LitStr) {
        let text: LitStr = input.parse()?;
        let message = format!("write the path without quotes: `crate = {}`", text.value());
        return Err(wrong(&text, &message));
    }
    let path = Path::parse_mod_style(input)?;
    let first = path.segments[0].ident.to_string();
    if path.leading_colon.is_some() || first == "crate" || first == "$crate" {
        return Ok(path);
    }
    let text = path.to_token_stream().to_string().replace(' ', "");
    Err(wrong(
        &path,
        &if first == "super" || first == "self" {
            "the path must not be relative; start it with `crate::`, or with `::` and the name \
             of a crate"
                .to_owned()
        } else {
            format!(
                "the path must be absolute: `::{text}` for a crate, `crate::{text}` for a \
                 module of this one"
            )
        },
    ))
}

enum Signed {
    Positive(Duration),
    Negative,
}

/// Returns the duration that a literal states, if the expression is one.
fn known(expr: &Expr) -> syn::Result<Option<Signed>> {
    if let Some(text) = as_text(expr) {
        let read = duration::parse(&text.value()).map_err(|message| wrong(expr, &message))?;
        return Ok(Some(Signed::Positive(read)));
    }
    let number = number(expr);
    if let Some(written) = number.and_then(|(_, digits)| with_unit(digits)) {
        let message = format!("a number with a unit needs quotes; write `\"{written}\"`");
        return Err(wrong(expr, &message));
    }
    let digits = match number {
        Some((true, _)) => return Ok(Some(Signed::Negative)),
        Some((false, Lit::Int(int))) => int.base10_digits(),
        Some((false, Lit::Float(float))) => float.base10_digits(),
        None if !is_literal(expr) => return Ok(None),
        _ => {
            return Err(wrong(
                expr,
                "expected a duration: seconds, or a text like `\"10m\"`",
            ));
        }
    };
    match duration::seconds(digits) {
        Some(read) => Ok(Some(Signed::Positive(read))),
        None => Err(wrong(
            expr,
            "this many seconds are too long; write `never` instead",
        )),
    }
}

/// Returns a number as written: whether it has a minus, and its digits.
fn number(expr: &Expr) -> Option<(bool, &Lit)> {
    match expr {
        Expr::Unary(ExprUnary {
            op: UnOp::Neg(_),
            expr,
            ..
        }) => number(expr).map(|(minus, lit)| (!minus, lit)),
        Expr::Lit(ExprLit {
            lit: lit @ (Lit::Int(_) | Lit::Float(_)),
            ..
        }) => Some((false, lit)),
        Expr::Group(group) => number(&group.expr),
        _ => None,
    }
}

/// Returns a number as written, if what follows its digits is not a type: Rust reads the `m` of `10m` as a suffix,
/// and without this it would be ten seconds.
fn with_unit(number: &Lit) -> Option<String> {
    const TYPES: [&str; 15] = [
        "", "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize",
        "f32", "f64",
    ];
    let suffix = match number {
        Lit::Int(int) => int.suffix(),
        Lit::Float(float) => float.suffix(),
        _ => "",
    };
    (!TYPES.contains(&suffix)).then(|| number.to_token_stream().to_string())
}

fn as_text(expr: &Expr) -> Option<LitStr> {
    match expr {
        Expr::Lit(ExprLit {
            lit: Lit::Str(text),
            ..
        }) => Some(text.clone()),
        Expr::Group(group) => as_text(&group.expr),
        _ => None,
    }
}

fn is_literal(expr: &Expr) -> bool {
    match expr {
        Expr::Lit(_) => true,
        Expr::Group(group) => is_literal(&group.expr),
        _ => false,
    }
}

fn over_the_value(closure: ExprClosure) -> syn::Result<ExprClosure> {
    if let Some(asyncness) = &closure.asyncness {
        return Err(wrong(
            asyncness,
            "the closure is asked on the spot and cannot be async",
        ));
    }
    if closure.inputs.len() != 1 {
        return Err(wrong(
            &closure,
            "the closure takes one argument: the value that would be kept",
        ));
    }
    Ok(closure)
}

fn ends_after_one(input: ParseStream) -> bool {
    let ahead = input.fork();
    ahead.call(Ident::parse_any).is_ok() && ahead.is_empty()
}

fn wrong(tokens: &impl ToTokens, message: &str) -> syn::Error {
    syn::Error::new_spanned(tokens, message)
}
