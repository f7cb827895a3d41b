//! Where a function is, as found in the path that the compiler has for a piece of its code.

/// Returns whether the path of a piece of code says that it belongs to exactly this type: `Type::f`,
/// `<Type as Trait>::f`, `<impl Type>::f`. For a generic one it says `Type<_>` instead, in a
/// trait's own body `Trait::f`.
pub(super) fn is_written_out(name: &str, path: &str) -> bool {
    let follows = |rest: &str| {
        name.ends_with('<')
            || rest.starts_with("::")
            || rest.starts_with(" as ")
            || rest.starts_with('>')
    };
    [
        path.strip_prefix(name),
        path.strip_prefix('<')
            .and_then(|rest| rest.strip_prefix(name)),
        path.split_once("<impl ")
            .and_then(|(_, rest)| rest.strip_prefix(name)),
        path.split_once(" for ")
            .and_then(|(_, rest)| rest.strip_prefix(name)),
    ]
    .into_iter()
    .flatten()
    .any(follows)
}

/// Removes lifetimes, which say nothing about a key and are not written by every compiler.
pub(super) fn without_lifetimes(name: &str) -> String {
    name.replace("'_, ", "").replace("<'_>", "")
}

/// Returns the path without what the expansion adds at its end: `app::Repo::add` of
/// `app::Repo::add::{{closure}}::here`.
pub(super) fn function_path(path: &str) -> &str {
    let mut path = path;
    while let Some((rest, last)) = split_last(path) {
        if last != "here" && last != "{{closure}}" && !last.starts_with("__") {
            break;
        }
        path = rest;
    }
    path
}

/// Returns `add` of `app::Repo::add`.
pub(super) fn last_segment(path: &str) -> &str {
    split_last(path).map_or(path, |(_, last)| last)
}

/// Returns what is around the function: `app::Repo<u8>` of `app::Repo<u8>::add<u16>::{{closure}}`.
pub(super) fn surroundings(path: &str) -> &str {
    split_last(function_path(path)).map_or("", |(around, _)| around)
}

/// Returns the last segment of a path and what is before it; `::` within brackets does not count.
pub(super) fn split_last(path: &str) -> Option<(&str, &str)> {
    let bytes = path.as_bytes();
    let mut depth = 0_usize;
    for at in (1..bytes.len()).rev() {
        match bytes[at] {
            // Not the one of `fn(u8) -> u8`.
            b'>' if bytes[at - 1] != b'-' => depth += 1,
            b'<' => depth = depth.saturating_sub(1),
            b':' if depth == 0 && bytes[at - 1] == b':' => {
                return Some((&path[..at - 1], &path[at + 1..]));
            }
            _ => {}
        }
    }
    None
}

/// `app::Repo::__add_site::here` is `app.Repo.add`; `app::add::__site::here` is `app.add`.
pub(super) fn own_prefix(path: &str, name: &str) -> String {
    let path = function_path(path);
    let mut prefix: String = path
        .replace("::", ".")
        .chars()
        .map(|c| {
            if c.is_alphanumeric() || "._-".contains(c) {
                c
            } else {
                '_'
            }
        })
        .collect();
    if path.rsplit("::").next() != Some(name) {
        prefix.push('.');
        prefix.push_str(name);
    }
    prefix
}

#[cfg(test)]
mod tests {
    use super::{is_written_out, own_prefix, surroundings};

    #[test]
    fn what_is_around_a_function_is_found_past_brackets() {
        for (path, expected) in [
            ("app::Repo::add::here", "app::Repo"),
            (
                "app::Repo<app::T>::add<u8, fn(u8) -> a::B>::{{closure}}",
                "app::Repo<app::T>",
            ),
            (
                "<app::A as app::Tr<u8>>::h::{{closure}}::{{closure}}",
                "<app::A as app::Tr<u8>>",
            ),
            ("app::Tr::go::here", "app::Tr"),
        ] {
            assert_eq!(surroundings(path), expected);
        }
    }

    #[test]
    fn a_prefix_is_the_path_of_module_type_and_function() {
        for (path, name, expected) in [
            ("app::tasks::list::__site::here", "list", "app.tasks.list"),
            ("app::Repo::__add_site::here", "add", "app.Repo.add"),
            (
                "<app::Repo<_> as app::Tr>::add::{{closure}}::here",
                "add",
                "_app.Repo____as_app.Tr_.add",
            ),
            (
                "app::outer::inner::__site::here",
                "inner",
                "app.outer.inner",
            ),
            ("app::list::__site::here", "other", "app.list.other"),
        ] {
            assert_eq!(own_prefix(path, name), expected);
        }
    }

    #[test]
    fn a_self_type_is_plain_only_where_the_code_names_it() {
        assert!(is_written_out("app::Repo", "app::Repo::add::here"));
        assert!(is_written_out(
            "app::Repo",
            "<app::Repo as app::Tr>::add::here"
        ));
        assert!(is_written_out(
            "app::Repo",
            "other::<impl app::Repo>::add::here"
        ));
        assert!(!is_written_out("app::Repo<u8>", "app::Repo<_>::add::here"));
        assert!(is_written_out("app::Repo<", "app::Repo<_>::add::here"));
        assert!(!is_written_out("app::Repo", "app::Tr::add::here"));
        assert!(!is_written_out("&u8", "<&_ as app::Tr>::add::here"));
        assert!(!is_written_out("app::Rep", "app::Repo::add::here"));
    }
}
