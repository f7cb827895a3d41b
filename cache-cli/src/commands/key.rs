//! `key`: the key of a function's call in shared stores, made by the same code as in programs.

use cache_runtime::{Cache, CallArguments};
use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use crate::args::{Common, Key};
use crate::exit::{Exit, Failure, Outcome};
use crate::opened::{Opened, url_of};
use crate::output::Output;

pub(crate) fn run(common: &Common, out: Output, args: &Key) -> Outcome {
    let call = call_of(args)?;
    // The prefix, the version and the hash are those of the cache; without one, it is the key as programs write it.
    let opened = url_of(common)?.map(|url| Opened::anywhere(&url));
    let opened = opened.transpose()?;
    let (key, stored) = match &opened {
        Some(opened) => {
            let (key, stored) = opened.cache.key_of_call(&call)?;
            (key, Some(stored))
        }
        None => (Cache::builder().build()?.key_of_call(&call)?.0, None),
    };
    if out.is_json {
        out.json(&json!({ "key": key, "stored": stored, "text": call.text()? }))?;
    } else if args.text {
        out.line(&call.text()?)?;
    } else {
        out.line(&stored.unwrap_or(key))?;
    }
    Ok(Exit::Ok)
}

fn call_of(args: &Key) -> Result<CallArguments, Failure> {
    let (path, name) = split(&args.function);
    let own = own_prefix(&args.function);
    let prefix = match (&args.key_prefix, path) {
        (Some(prefix), _) => prefix.as_str(),
        (None, Some(_)) => own.as_str(),
        (None, None) => {
            let message = format!("which `key_prefix` has `{name}`?");
            let advice = "say --key-prefix as it stands in the attribute; of a function without one, name it with its \
                          path: app::tasks::get_user_tasks";
            return Err(Failure::new(Exit::Usage, message).advising(advice));
        }
    };
    let mut call = CallArguments::of(prefix, name);
    for text in &args.args {
        call.arg(&Given::read(text)?)?;
    }
    for text in &args.kwargs {
        let Some((name, text)) = text.split_once('=') else {
            let message = format!("`--kwarg {text}` has no value: write --kwarg {text}=…");
            return Err(Failure::new(Exit::Usage, message));
        };
        call.kwarg(name, &Given::read(text)?)?;
    }
    Ok(call)
}

/// Returns the path before the name, if there is one; type parameters belong to the name.
fn split(function: &str) -> (Option<&str>, &str) {
    let end = function.find('<').unwrap_or(function.len());
    match function[..end].rfind("::") {
        Some(at) => (Some(&function[..at]), &function[at + 2..]),
        None => (None, function),
    }
}

/// Returns the prefix of a function that has no `key_prefix`: its path.
fn own_prefix(function: &str) -> String {
    let end = function.find('<').unwrap_or(function.len());
    let path = function[..end].replace("::", ".");
    let letter = |c: char| match c.is_alphanumeric() || "._-".contains(c) {
        true => c,
        false => '_',
    };
    path.chars().map(letter).collect()
}

/// An argument as it was given.
#[derive(Debug, PartialEq)]
enum Given {
    /// Integers are exact to 128 bits, as in Rust; JSON in Rust has 64.
    Signed(i128),
    Unsigned(u128),
    Json(Value),
}

impl Given {
    /// Parses JSON, or keeps the text if it is none.
    fn read(text: &str) -> Result<Self, Failure> {
        if let Ok(number) = text.parse() {
            return Ok(Self::Signed(number));
        }
        if let Ok(number) = text.parse() {
            return Ok(Self::Unsigned(number));
        }
        match serde_json::from_str(text) {
            Ok(json) if has_long_integer(text) => {
                let _: Value = json;
                let message =
                    format!("{text}: an integer of more than 64 bits inside of a list or a map");
                let advice =
                    "it cannot be given here; the program's own `entry(…).key()` has the key";
                Err(Failure::new(Exit::Usage, message).advising(advice))
            }
            Ok(json) => Ok(Self::Json(json)),
            // What was meant as JSON must not silently become text.
            Err(error) if text.starts_with(['"', '[', '{']) => Err(Failure::new(
                Exit::Usage,
                format!("{text}: not JSON: {error}"),
            )),
            Err(_) => Ok(Self::Json(text.into())),
        }
    }
}

impl Serialize for Given {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Signed(number) => serializer.serialize_i128(*number),
            Self::Unsigned(number) => serializer.serialize_u128(*number),
            Self::Json(value) => value.serialize(serializer),
        }
    }
}

/// Returns whether this JSON contains an integer that would come back as a float.
fn has_long_integer(json: &str) -> bool {
    let mut rest = json;
    while let Some(at) = rest.find(|c: char| c == '"' || c == '-' || c.is_ascii_digit()) {
        rest = &rest[at..];
        let end = match rest.strip_prefix('"') {
            Some(text) => 1 + end_of_text(text),
            None => {
                let is_number = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
                let end = rest.find(|c| !is_number(c)).unwrap_or(rest.len());
                let number = &rest[..end];
                let is_integer = !number.contains(['.', 'e', 'E']);
                if is_integer && number.parse::<i64>().is_err() && number.parse::<u64>().is_err() {
                    return true;
                }
                end
            }
        };
        rest = &rest[end..];
    }
    false
}

/// Returns where a string ends that began earlier: after its quote.
fn end_of_text(text: &str) -> usize {
    let mut is_escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Given, has_long_integer, own_prefix, split};

    #[test]
    fn arguments_are_json_and_what_is_none_is_text() {
        for (text, given) in [
            ("7", Given::Signed(7)),
            ("-7", Given::Signed(-7)),
            (
                "340282366920938463463374607431768211455",
                Given::Unsigned(u128::MAX),
            ),
            ("1.5", Given::Json(json!(1.5))),
            ("null", Given::Json(json!(null))),
            ("done", Given::Json(json!("done"))),
            (r#""7""#, Given::Json(json!("7"))),
            ("[1, 2]", Given::Json(json!([1, 2]))),
        ] {
            assert!(
                matches!(Given::read(text), Ok(read) if read == given),
                "{text}"
            );
        }
        for text in [
            "[1",
            "{a}",
            "\"open",
            "[340282366920938463463374607431768211455]",
        ] {
            assert!(Given::read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn long_integers_are_found_and_text_is_passed_over() {
        assert!(has_long_integer(r#"{"a": -9223372036854775809}"#));
        assert!(!has_long_integer(
            r#"["99999999999999999999", 1.5e300, 18446744073709551615]"#
        ));
        assert!(!has_long_integer(r#"["a\"99999999999999999999"]"#));
    }

    #[test]
    fn a_path_and_a_name() {
        assert_eq!(split("app::tasks::get"), (Some("app::tasks"), "get"));
        assert_eq!(split("load<app::User>"), (None, "load<app::User>"));
        assert_eq!(own_prefix("app::repo::load<app::User>"), "app.repo.load");
    }
}
