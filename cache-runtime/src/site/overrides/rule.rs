//! One rule: `NAME=off`, `NAME=on`, `NAME=TIMEOUT`, and which functions it applies to.

use super::Override;
use crate::cache::read_timeout;
use crate::error::{CacheError, ErrorKind};
use crate::site::Site;
use crate::tools::glob::Glob;

/// What is set for all functions of one name.
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    pub(crate) name: String,
    pub(crate) what: Override,
    /// The name as a whole, and at the end of a path.
    whole: Glob,
    end: Glob,
}

impl Rule {
    pub(crate) fn new(name: &str, what: Override) -> Result<Self, CacheError> {
        // The last one stands for what was not Unicode.
        let is_odd = |c: char| c.is_whitespace() || ",=\u{fffd}".contains(c);
        if name.is_empty() || name.contains(is_odd) {
            return Err(wrong(format!(
                "{name:?} cannot name functions: write a function (`get_user_tasks`), the end of its path \
                 (`tasks::list`), its key prefix, or a pattern with `*`"
            )));
        }
        Ok(Self {
            name: name.to_owned(),
            what,
            whole: Glob::new(name),
            end: Glob::new(&format!("*::{name}")),
        })
    }

    /// Parses the rules in a text, separated by commas.
    pub(crate) fn all(text: &str) -> impl Iterator<Item = Result<Self, CacheError>> {
        let parts = text.split(',').map(str::trim);
        parts.filter(|part| !part.is_empty()).map(Self::parse)
    }

    fn parse(text: &str) -> Result<Self, CacheError> {
        let (name, value) = text.split_once('=').ok_or_else(|| {
            wrong(format!(
                "{text:?} says nothing of a function: write `{text}=off`, `{text}=on` or a timeout, `{text}=600`"
            ))
        })?;
        let what = match value.trim() {
            "off" => Override::off(),
            "on" => Override::on(),
            "default" => Override::timeout(crate::timeout::Timeout::Default),
            value => Override::timeout(read_timeout(value).map_err(|wanted| {
                wrong(format!(
                    "`{}={value}`: write `off`, `on`, `default` for the timeout of its cache, or a timeout: {wanted}",
                    name.trim()
                ))
            })?),
        };
        Self::new(name.trim(), what)
    }

    pub(crate) fn matches(&self, site: &Site) -> bool {
        let is_path = |path: &str| self.whole.matches(path) || self.end.matches(path);
        let path = site.full_path();
        self.whole.matches(site.name)
            || self.whole.matches(site.prefix())
            || is_path(path)
            || path.contains('<') && is_path(&spoken_path(path))
    }
}

/// Returns the path as people say it, without parameters and traits: `app::Repo::list` of
/// `app::Repo<_>::list`, of `<app::Repo as app::Lists>::list` and of
/// `app::other::<impl app::Lists for app::Repo>::list`.
fn spoken_path(path: &str) -> String {
    let mut spoken = String::new();
    let mut rest = path;
    while let Some(at) = rest.find('<') {
        let (before, brackets) = rest.split_at(at);
        let end = end_of_brackets(brackets);
        let inside = brackets.get(1..end).unwrap_or_default();
        spoken.push_str(before);
        if before.is_empty() || before.ends_with("::") {
            // Here the type itself is in brackets, not its parameters.
            let owner = inside.strip_prefix("impl ").map_or_else(
                || split_outside(inside, " as ").map_or(inside, |(owner, _)| owner),
                |of| split_outside(of, " for ").map_or(of, |(_, owner)| owner),
            );
            spoken.clear();
            spoken.push_str(&spoken_path(owner));
        }
        rest = brackets.get(end + 1..).unwrap_or_default();
    }
    spoken.push_str(rest);
    spoken
}

/// Returns where the bracket that `text` begins with is closed.
fn end_of_brackets(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        match c {
            '<' => depth += 1,
            // Not the one of `fn(u8) -> u8`.
            '>' if before != '-' => {
                depth -= 1;
                if depth == 0 {
                    return at;
                }
            }
            _ => {}
        }
        before = c;
    }
    text.len()
}

/// Returns the text before and after `between`, where that is outside all brackets.
fn split_outside<'t>(text: &'t str, between: &str) -> Option<(&'t str, &'t str)> {
    text.match_indices(between).find_map(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + between.len()..]);
        let count = |bracket: &str| before.matches(bracket).count();
        (count("<") + count("->") == count(">")).then_some((before, after))
    })
}

fn wrong(text: String) -> CacheError {
    CacheError::new(ErrorKind::Config, text)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Override, Rule, spoken_path};
    use crate::site::Site;
    use crate::timeout::Timeout;

    static LIST: Site = Site::new(
        "list",
        || "app::tasks::Repo::__list_site::here",
        "a.rs",
        1,
        1,
    )
    .key_prefix("user_tasks");

    #[test]
    fn a_rule_says_what_its_text_says() {
        let say = |text| -> Result<Vec<(String, Override)>, String> {
            Rule::all(text)
                .map(|rule| rule.map(|rule| (rule.name, rule.what)))
                .map(|rule| rule.map_err(|error| error.to_string()))
                .collect()
        };
        let minute = Timeout::After(Duration::from_secs(60));
        for (text, name, what) in [
            ("a=off", "a", Override::off()),
            (" a = on ,", "a", Override::on()),
            ("a::*=60", "a::*", Override::timeout(minute)),
            ("a=1m", "a", Override::timeout(minute)),
            ("a=never", "a", Override::timeout(Timeout::Never)),
            ("a=0", "a", Override::timeout(Timeout::Expired)),
            ("a=default", "a", Override::timeout(Timeout::Default)),
        ] {
            assert_eq!(say(text), Ok(vec![(name.to_owned(), what)]), "{text}");
        }
        assert_eq!(say("a=off,b=on").map(|rules| rules.len()), Ok(2));
        assert_eq!(say(" , ").map(|rules| rules.len()), Ok(0));
        for (text, part) in [
            ("a", "write `a=off`, `a=on` or a timeout, `a=600`"),
            ("a=of", "`a=of`: write `off`, `on`, `default`"),
            ("=off", "\"\" cannot name functions"),
            ("a b=off", "\"a b\" cannot name functions"),
        ] {
            let error = say(text).unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn a_path_is_said_without_parameters_and_traits() {
        for (path, spoken) in [
            ("app::tasks::list", "app::tasks::list"),
            ("app::Repo<_>::list", "app::Repo::list"),
            (
                "app::Repo<a::B<u8>, fn(u8) -> c::D>::list",
                "app::Repo::list",
            ),
            ("<app::Repo as app::Lists<u8>>::list", "app::Repo::list"),
            ("<app::Repo<a::B> as app::Lists>::list", "app::Repo::list"),
            ("<a::V<<B as C>::D> as app::Lists>::list", "a::V::list"),
            (
                "app::m::<impl app::Lists for app::Repo>::list",
                "app::Repo::list",
            ),
            ("app::m::<impl app::Repo<_>>::list", "app::Repo::list"),
            ("<[u8; 3] as app::Lists>::list", "[u8; 3]::list"),
            ("<app::Repo::list", "app::Repo::list"),
        ] {
            assert_eq!(spoken_path(path), spoken);
        }
    }

    #[test]
    fn a_name_is_a_function_the_end_of_its_path_or_a_prefix() {
        for (name, is_meant) in [
            ("list", true),
            ("Repo::list", true),
            ("tasks::Repo::list", true),
            ("app::tasks::Repo::list", true),
            ("user_tasks", true),
            ("user_*", true),
            ("app::tasks::*", true),
            ("*", true),
            ("tasks::*", true),
            ("epo::list", false),
            ("lis", false),
            ("app::tasks", false),
            ("other::*", false),
        ] {
            let rule = Rule::new(name, Override::off()).unwrap();
            assert_eq!(rule.matches(&LIST), is_meant, "{name}");
        }
    }
}
