//! A tag as the attribute writes it: a string with placeholders, an expression that is a tag, or `..` and
//! an expression that gives many.

use std::iter::Peekable;
use std::str::Chars;

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::quote;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Expr, ExprLit, ExprRange, Lit, LitStr, RangeLimits, Token};

use crate::mentions::mentions;
use crate::model::unraw;

pub(crate) enum Tag {
    /// `"user:{user_id}"`
    Text(Template),
    /// `TASKS`
    Expr(Expr),
    /// `..result.iter().map(|task| format!("task:{}", task.id))`
    Each(Expr),
}

/// A string for `format!`: holes that are names stay in it, other expressions follow it; so does `self`,
/// in whose place a closure may have another name.
//
// Written:  "user:{user_id}:{result.team:03}"
// Template: "user:{user_id}:{:03}", result.team
pub(crate) struct Template {
    text: LitStr,
    names: Vec<Ident>,
    exprs: Vec<Expr>,
}

/// Parses what is in the parentheses of `tags(..)`.
pub(crate) fn list(input: ParseStream) -> syn::Result<Vec<Tag>> {
    of(Punctuated::<Expr, Token![,]>::parse_terminated(input)?)
}

/// Returns the tags of these expressions, with all mistakes at once.
pub(crate) fn of(exprs: impl IntoIterator<Item = Expr>) -> syn::Result<Vec<Tag>> {
    let mut tags = Vec::new();
    let mut wrong: Option<syn::Error> = None;
    for tag in exprs.into_iter().map(Tag::of) {
        match (tag, &mut wrong) {
            (Ok(tag), _) => tags.push(tag),
            (Err(error), Some(errors)) => errors.combine(error),
            (Err(error), none) => *none = Some(error),
        }
    }
    wrong.map_or(Ok(tags), Err)
}

impl Tag {
    fn of(expr: Expr) -> syn::Result<Tag> {
        match expr {
            Expr::Lit(ExprLit {
                lit: Lit::Str(text),
                ..
            }) => Template::of(&text).map(Tag::Text),
            Expr::Lit(_) => Err(syn::Error::new_spanned(
                expr,
                "a tag is a string, as in `\"user:{user_id}\"`, or an expression that can be \
                 displayed",
            )),
            Expr::Range(ExprRange {
                start: None,
                limits: RangeLimits::HalfOpen(_),
                end: Some(each),
                ..
            }) => Ok(Tag::Each(*each)),
            Expr::Group(group) => Tag::of(*group.expr),
            expr => Ok(Tag::Expr(expr)),
        }
    }

    /// Returns whether it mentions this name.
    pub(crate) fn mentions(&self, name: &str) -> bool {
        match self {
            Tag::Text(Template { names, exprs, .. }) => {
                names.iter().any(|known| unraw(known) == name)
                    || exprs.iter().any(|expr| mentions(expr, name))
            }
            Tag::Expr(expr) | Tag::Each(expr) => mentions(expr, name),
        }
    }

    /// Returns the name, if the tag is a bare one, which says nothing about what it is.
    pub(crate) fn as_name(&self) -> Option<&Ident> {
        match self {
            Tag::Expr(Expr::Path(path)) => path.path.get_ident(),
            _ => None,
        }
    }

    /// Returns its tokens, for their location.
    pub(crate) fn tokens(&self) -> TokenStream {
        match self {
            Tag::Text(template) => {
                let text = &template.text;
                quote!(#text)
            }
            Tag::Expr(expr) | Tag::Each(expr) => quote!(#expr),
        }
    }

    /// Generates the expression that makes it; for `..` a list of tags.
    pub(crate) fn made(&self, private: &TokenStream) -> TokenStream {
        match self {
            Tag::Text(Template { text, exprs, .. }) => {
                quote!(#private::format!(#text #(, #exprs)*))
            }
            Tag::Expr(expr) => quote!(#private::format!("{}", #expr)),
            Tag::Each(expr) => quote!(#private::each_tag(#expr)),
        }
    }
}

impl Template {
    fn of(literal: &LitStr) -> syn::Result<Template> {
        let wrong = |message: &str| syn::Error::new(literal.span(), message);
        let value = literal.value();
        if value.is_empty() {
            return Err(wrong("a tag needs a name, as in `\"user:{user_id}\"`"));
        }
        let mut text = String::new();
        let (mut names, mut exprs) = (Vec::new(), Vec::new());
        let mut rest = value.chars().peekable();
        while let Some(next) = rest.next() {
            text.push(next);
            match next {
                '{' | '}' if rest.peek() == Some(&next) => text.extend(rest.next()),
                '}' => {
                    return Err(wrong(
                        "this `}` closes no hole; for the brace itself write `}}`",
                    ));
                }
                '{' => {
                    let (inside, spec) = hole(&mut rest).ok_or_else(|| {
                        wrong(
                            "this `{` is never closed; a hole is `{user_id}`, and the brace \
                             itself is `{{`",
                        )
                    })?;
                    match read(literal, &inside)? {
                        Hole::Name(name) => {
                            text.push_str(&unraw(&name));
                            names.push(name);
                        }
                        Hole::Expr(expr) => exprs.push(expr),
                    }
                    if spec.contains('$') {
                        return Err(wrong(
                            "the width of a hole cannot be an argument; format it in a hole of its \
                             own, or write the tag as an expression: `format!(..)`",
                        ));
                    }
                    text.push_str(&spec);
                    text.push('}');
                }
                _ => {}
            }
        }
        Ok(Template {
            text: LitStr::new(&text, literal.span()),
            names,
            exprs,
        })
    }
}

enum Hole {
    Name(Ident),
    Expr(Expr),
}

fn read(literal: &LitStr, inside: &str) -> syn::Result<Hole> {
    let wrong = |message: String| syn::Error::new(literal.span(), message);
    if inside.trim().is_empty() {
        return Err(wrong(
            "this hole is empty; write into it what the tag is of, as in `{user_id}`".to_owned(),
        ));
    }
    let tokens = LitStr::new(inside, literal.span()).parse::<TokenStream>();
    let tokens = tokens.map_err(|_| wrong(format!("`{{{inside}}}` is no expression")))?;
    match Ident::parse_any.parse2(tokens.clone()) {
        Ok(name) if name != "self" => return Ok(Hole::Name(name)),
        _ => {}
    }
    match syn::parse2::<Expr>(with_own_members(tokens)) {
        Ok(Expr::Lit(_)) => Err(wrong(format!(
            "`{{{inside}}}` is the same for every call; a hole is an expression over the arguments \
             and `result`, as in `{{user_id}}`"
        ))),
        Ok(expr) => Ok(Hole::Expr(expr)),
        Err(error) => Err(wrong(format!("`{{{inside}}}` is no expression: {error}"))),
    }
}

/// Marks members as generated: all tokens of a placeholder are located at the string, and a compiler that
/// suggests another field would otherwise replace the string.
fn with_own_members(tokens: TokenStream) -> TokenStream {
    let mut after_dot = false;
    let tokens = tokens.into_iter().map(|mut token| {
        match &mut token {
            TokenTree::Ident(word) if after_dot => {
                word.set_span(Span::mixed_site().located_at(word.span()));
            }
            TokenTree::Group(group) => {
                let mut inner = Group::new(group.delimiter(), with_own_members(group.stream()));
                inner.set_span(group.span());
                *group = inner;
            }
            _ => {}
        }
        after_dot = matches!(&token, TokenTree::Punct(punct) if punct.as_char() == '.');
        token
    });
    tokens.collect()
}

/// Returns what is in a placeholder, and its format, from the colon on. `None` if it is not closed.
fn hole(rest: &mut Peekable<Chars<'_>>) -> Option<(String, String)> {
    let (mut inside, mut depth) = (String::new(), 0_usize);
    loop {
        let next = rest.next()?;
        match next {
            '}' if depth == 0 => return Some((inside, String::new())),
            ':' if depth == 0 && rest.peek() != Some(&':') => break,
            ':' if depth == 0 => inside.extend(rest.next()),
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            '"' => {
                inside.push(next);
                quoted(rest, &mut inside)?;
                continue;
            }
            '\'' => {
                inside.push(next);
                character(rest, &mut inside);
                continue;
            }
            _ => {}
        }
        inside.push(next);
    }
    let mut spec = ":".to_owned();
    loop {
        match rest.next()? {
            '}' => return Some((inside, spec)),
            next => spec.push(next),
        }
    }
}

/// Skips the rest of a string, whose braces are its own.
fn quoted(rest: &mut Peekable<Chars<'_>>, inside: &mut String) -> Option<()> {
    loop {
        let next = rest.next()?;
        inside.push(next);
        match next {
            '"' => return Some(()),
            '\\' => inside.push(rest.next()?),
            _ => {}
        }
    }
}

/// Skips the rest of `'}'`, if it is a character and not a lifetime.
fn character(rest: &mut Peekable<Chars<'_>>, inside: &mut String) {
    let mut ahead = rest.clone();
    let length = match ahead.next() {
        Some('\\') => 3,
        Some(_) if ahead.next() == Some('\'') => 2,
        _ => 0,
    };
    inside.extend(rest.by_ref().take(length));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(text: &str) -> Result<String, String> {
        let literal = LitStr::new(text, Span::call_site());
        Template::of(&literal)
            .map(|template| Tag::Text(template).made(&quote!(p)).to_string())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn names_stay_in_the_text_and_expressions_follow_it() {
        for (text, expected) in [
            ("tasks", r#"p :: format ! ("tasks")"#),
            ("{id}-{ lang }", r#"p :: format ! ("{id}-{lang}")"#),
            ("{{id}}", r#"p :: format ! ("{{id}}")"#),
            ("{id:02}", r#"p :: format ! ("{id:02}")"#),
            ("{type}", r#"p :: format ! ("{type}")"#),
            ("{self:?}-{id}", r#"p :: format ! ("{:?}-{id}" , self)"#),
            (
                "{result.team}:{id}:{a + 1:>4}",
                r#"p :: format ! ("{}:{id}:{:>4}" , result . team , a + 1)"#,
            ),
            ("{Kind::A:?}", r#"p :: format ! ("{:?}" , Kind :: A)"#),
            (r#"{map["}:"]}"#, r#"p :: format ! ("{}" , map ["}:"])"#),
            (
                "{text.replace(':', '}')}",
                r#"p :: format ! ("{}" , text . replace (':' , '}'))"#,
            ),
            (
                "{Task { id: 1 }.name()}",
                r#"p :: format ! ("{}" , Task { id : 1 } . name ())"#,
            ),
        ] {
            assert_eq!(made(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn mistakes_are_said() {
        for (text, expected) in [
            ("", "needs a name"),
            ("a{", "never closed"),
            ("a{id", "never closed"),
            ("a{id:02", "never closed"),
            ("a}", "closes no hole"),
            ("a{}", "is empty"),
            ("a{0}", "the same for every call"),
            ("a{id +}", "no expression"),
            ("a{\"}", "never closed"),
            ("{id:>width$}", "cannot be an argument"),
        ] {
            let error = made(text).expect_err(text);
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
