//! A paragraph for the function's documentation: that it is cached, and how to reach the entries.

use std::time::Duration;

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Expr, ExprLit, Lit, Meta};

use crate::plan::{Beside, Plan};
use crate::value::Timeout;

/// Returns nothing if the user wrote no documentation: the lint `missing_docs` is then up to them.
pub(super) fn paragraph(plan: &Plan) -> TokenStream {
    let documented = plan
        .function
        .attrs
        .iter()
        .any(|attr| matches!(&attr.meta, Meta::NameValue(meta) if meta.path.is_ident("doc")));
    if !documented {
        return TokenStream::new();
    }
    let text = format!(
        " Results are cached{}{}.{}",
        lifetime(plan),
        prefix(plan),
        beside(plan)
    );
    quote! {
        #[doc = ""]
        #[doc = #text]
    }
}

fn lifetime(plan: &Plan) -> String {
    match plan.args.timeout.as_ref().map(|set| &set.value) {
        Some(Timeout::Fixed(duration)) => format!(" for {}", words(*duration)),
        Some(Timeout::Never) => " without end".into(),
        Some(Timeout::Expr(_) | Timeout::Closure(_)) | None => String::new(),
    }
}

fn prefix(plan: &Plan) -> String {
    match plan.args.key_prefix.as_ref().map(|set| &set.value) {
        Some(Expr::Lit(ExprLit {
            lit: Lit::Str(prefix),
            ..
        })) => {
            format!(" under `{}`", prefix.value())
        }
        _ => String::new(),
    }
}

fn beside(plan: &Plan) -> String {
    let (name, between) = match &plan.beside {
        Beside::Handle(name) => (name.to_string(), "::"),
        Beside::Companions(name) => (crate::model::unraw(name), "_"),
        Beside::Inside => return String::new(),
    };
    let mut beside = vec!["entry", "refresh", "uncached"];
    if plan.items().is_ok() {
        beside.extend(["many", "warm"]);
    }
    if let Beside::Handle(_) = &plan.beside {
        beside.push(if plan.is_scattered() {
            "clear_in"
        } else {
            "clear"
        });
    }
    let beside: Vec<_> = beside
        .iter()
        .map(|word| format!("`{name}{between}{word}`"))
        .collect();
    match &beside[..] {
        [first @ .., last] => format!(" Entries are reached by {} and {last}.", first.join(", ")),
        [] => String::new(),
    }
}

fn words(duration: Duration) -> String {
    const UNITS: [(u64, &str); 4] = [
        (86_400, "day"),
        (3_600, "hour"),
        (60, "minute"),
        (1, "second"),
    ];
    let seconds = duration.as_secs();
    if seconds == 0 || duration.subsec_nanos() > 0 {
        return format!("{} seconds", duration.as_secs_f64());
    }
    let whole = UNITS
        .iter()
        .find(|(length, _)| seconds.is_multiple_of(*length));
    let (length, unit) = whole.unwrap_or(&UNITS[3]);
    let count = seconds / length;
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}
