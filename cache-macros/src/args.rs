//! The arguments of the attribute: one table lists them, and every setting remembers its word.

use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Expr, ExprClosure, LitStr, Path, Token, parenthesized};

use crate::errors::Errors;
use crate::suggest::{listed, nearest};
use crate::tag::{self, Tag};
use crate::value::{self, CacheRef, FixedDuration, NoneTimeout, Timeout};

/// What the attribute says; not yet checked against the function.
#[derive(Default)]
pub(crate) struct Args {
    pub(crate) timeout: Option<Set<Timeout>>,
    pub(crate) key_prefix: Option<Set<Expr>>,
    pub(crate) key: Option<Set<Vec<Expr>>>,
    pub(crate) skip: Option<Set<Vec<Ident>>>,
    pub(crate) kwargs: Option<Set<Vec<Ident>>>,
    pub(crate) name: Option<Set<LitStr>>,
    pub(crate) cache: Option<Set<CacheRef>>,
    pub(crate) version: Option<Set<Expr>>,
    pub(crate) tags: Option<Set<Vec<Tag>>>,
    pub(crate) when: Option<Set<ExprClosure>>,
    pub(crate) cache_none: Option<Set<Option<NoneTimeout>>>,
    pub(crate) jitter: Option<Set<Expr>>,
    pub(crate) stale: Option<Set<FixedDuration>>,
    pub(crate) refresh_ahead: Option<Set<Expr>>,
    pub(crate) early: Option<Set<Option<Expr>>>,
    pub(crate) lock: Option<Set<Option<FixedDuration>>>,
    pub(crate) wait: Option<Set<FixedDuration>>,
    pub(crate) soft_timeout: Option<Set<FixedDuration>>,
    pub(crate) hard_timeout: Option<Set<FixedDuration>>,
    pub(crate) strict: Option<Set<()>>,
    pub(crate) local: Option<Set<()>>,
    pub(crate) associated: Option<Set<()>>,
    pub(crate) batch: Option<Set<Path>>,
    pub(crate) handle: Option<Set<Ident>>,
    pub(crate) krate: Option<Set<Path>>,
}

/// A setting, and the word that set it.
pub(crate) struct Set<T> {
    pub(crate) word: Ident,
    pub(crate) value: T,
}

struct Argument {
    word: &'static str,
    form: Form,
    example: &'static str,
    read: fn(&mut Args, &Ident, ParseStream) -> syn::Result<()>,
}

#[derive(Clone, Copy, PartialEq)]
enum Form {
    Value,
    List,
    Flag,
    FlagOrValue,
}

macro_rules! arguments {
    ($($word:literal $form:ident $example:literal => $field:ident: $read:expr;)*) => {
        const ARGUMENTS: &[Argument] = &[$(Argument {
            word: $word,
            form: Form::$form,
            example: $example,
            read: |args, word, input| {
                args.$field = Some(Set { word: word.clone(), value: $read(input)? });
                Ok(())
            },
        }),*];

        impl Args {
            /// Returns the word that has already set what `word` sets.
            fn earlier(&self, word: &str) -> Option<&Ident> {
                match word {
                    $($word => self.$field.as_ref().map(|set| &set.word),)*
                    _ => None,
                }
            }
        }
    };
}

arguments! {
    "timeout" Value "timeout = 600" => timeout: value::timeout;
    "ttl" Value "ttl = 600" => timeout: value::timeout;
    "key_prefix" Value "key_prefix = \"user_tasks\"" => key_prefix: value::text;
    "key" List "key(id, filter.name)" => key: value::expressions;
    "skip" List "skip(pool)" => skip: value::names;
    "kwargs" List "kwargs(status)" => kwargs: value::names;
    "name" Value "name = \"get_user_tasks\"" => name: value::literal;
    "cache" Value "cache = \"sessions\"" => cache: value::cache;
    "version" Value "version = 2" => version: value::version;
    "tags" List "tags(\"user:{user_id}\")" => tags: tag::list;
    "when" Value "when = |value| !value.is_empty()" => when: value::closure;
    "cache_none" FlagOrValue "cache_none" => cache_none: value::none_timeout;
    "jitter" Value "jitter = 0.1" => jitter: value::share;
    "stale" Value "stale = \"1h\"" => stale: value::fixed_duration;
    "refresh_ahead" Value "refresh_ahead = 0.8" => refresh_ahead: value::inner_share;
    "early" FlagOrValue "early = 1.0" => early: value::optional_factor;
    "lock" FlagOrValue "lock" => lock: value::optional_duration;
    "wait" Value "wait = \"5s\"" => wait: value::fixed_duration;
    "soft_timeout" Value "soft_timeout = \"100ms\"" => soft_timeout: value::fixed_duration;
    "hard_timeout" Value "hard_timeout = \"2s\"" => hard_timeout: value::fixed_duration;
    "strict" Flag "strict" => strict: value::flag;
    "local" Flag "local" => local: value::flag;
    "associated" Flag "associated" => associated: value::flag;
    "batch" Value "batch = load_many" => batch: value::function;
    "handle" Value "handle = tasks_cache" => handle: value::name;
    "crate" Value "crate = ::cache_runtime" => krate: value::crate_path;
}

/// What other caches call these arguments.
const ELSEWHERE: &[(&[&str], &str)] = &[
    (
        &[
            "time", "expire", "expires", "expiry", "max_age", "seconds", "duration",
        ],
        "timeout",
    ),
    (&["prefix", "namespace"], "key_prefix"),
    (&["args", "keys", "vary_on"], "key"),
    (&["exclude", "ignore"], "skip"),
    (&["alias", "backend", "store"], "cache"),
    (&["func", "function"], "name"),
    (&["tag", "labels", "depends_on", "groups"], "tags"),
    (&["condition", "unless", "filter"], "when"),
    (&["option", "none", "nil"], "cache_none"),
    (&["memory", "in_memory"], "local"),
    (
        &["grace", "fail_safe", "stale_if_error", "max_stale", "swr"],
        "stale",
    ),
    (&["refresh", "eager", "eager_refresh"], "refresh_ahead"),
    (&["xfetch", "beta"], "early"),
    (&["time_limit", "limit", "deadline"], "hard_timeout"),
    (&["many", "bulk", "batch_function", "loader"], "batch"),
    (&["mutex", "single_flight", "distributed_lock"], "lock"),
];

impl Args {
    /// Parses what is in the parentheses of the attribute.
    pub(crate) fn parse(tokens: TokenStream, errors: &mut Errors) -> Args {
        let mut args = Args::default();
        let read = |input: ParseStream| {
            while !input.is_empty() {
                if let Err(error) = args.read_one(input) {
                    errors.add(error);
                    skip_to_comma(input)?;
                }
                if !input.is_empty() {
                    input.parse::<Token![,]>()?;
                }
            }
            Ok(())
        };
        if let Err(error) = read.parse2(tokens) {
            errors.add(error);
        }
        args
    }

    fn read_one(&mut self, input: ParseStream) -> syn::Result<()> {
        if !input.peek(Ident::peek_any) {
            return Err(input.error("expected a setting by its name, as in `timeout = 600`"));
        }
        let word = Ident::parse_any(input)?;
        let name = word.to_string();
        let Some(argument) = ARGUMENTS.iter().find(|argument| name == argument.word) else {
            return Err(syn::Error::new(word.span(), unknown(&name)));
        };
        if let Some(earlier) = self.earlier(&name) {
            return Err(syn::Error::new(
                word.span(),
                twice(&name, &earlier.to_string()),
            ));
        }
        argument.read(self, &word, input)?;
        if input.is_empty() || input.peek(Token![,]) {
            return Ok(());
        }
        Err(input.error(format!("expected a comma, or the end, after `{name}`")))
    }
}

impl Argument {
    fn read(&self, args: &mut Args, word: &Ident, input: ParseStream) -> syn::Result<()> {
        let bare = input.is_empty() || input.peek(Token![,]);
        let misused = |problem: &str| {
            let message = format!("`{word}` {problem}; write `{}`", self.example);
            Err(syn::Error::new(word.span(), message))
        };
        match self.form {
            Form::Flag if !bare => return misused("takes no value"),
            Form::Value if !input.peek(Token![=]) => return misused("needs a value"),
            Form::List if !input.peek(syn::token::Paren) => return misused("takes a list"),
            Form::FlagOrValue if !bare && !input.peek(Token![=]) => {
                return misused("stands alone or takes a value");
            }
            _ => {}
        }
        if self.form == Form::List {
            let content;
            parenthesized!(content in input);
            let read = (self.read)(args, word, &content);
            // Otherwise the rest would be reported as well.
            content.parse::<TokenStream>()?;
            return read;
        }
        if input.parse::<Option<Token![=]>>()?.is_some() {
            if input.is_empty() || input.peek(Token![,]) {
                return misused("needs a value");
            }
            if self.form == Form::FlagOrValue && input.peek(syn::LitBool) {
                return misused("is switched on by its name alone, or takes a value");
            }
        }
        (self.read)(args, word, input)
    }
}

fn unknown(word: &str) -> String {
    let known = || ARGUMENTS.iter().map(|argument| argument.word);
    let elsewhere = ELSEWHERE.iter().find(|(words, _)| words.contains(&word));
    let meant = elsewhere
        .map(|(_, ours)| *ours)
        .or_else(|| nearest(word, known()))
        .map(|word| format!("; did you mean `{word}`?"))
        .unwrap_or_default();
    format!(
        "unknown argument `{word}`{meant}\nknown arguments: {}",
        listed(known())
    )
}

fn twice(word: &str, earlier: &str) -> String {
    if word == earlier {
        format!("`{word}` is given twice; keep one of them")
    } else {
        format!(
            "`{word}` is another word for `{earlier}`, which is given already; keep one of them"
        )
    }
}

fn skip_to_comma(input: ParseStream) -> syn::Result<()> {
    while !input.is_empty() && !input.peek(Token![,]) {
        input.parse::<TokenTree>()?;
    }
    Ok(())
}
