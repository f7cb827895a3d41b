//! The page of one key: what is there, and the button that deletes it.

use cache_runtime::{CacheError, CacheReport};

use super::lookup::{Entry, SHOWN, Wanted};
use super::page::{look_up, page};
use super::text::{Text, bytes, left, time};

/// What the page of a key shows.
pub(super) struct KeyPage<'a> {
    pub(super) caches: &'a [CacheReport],
    pub(super) wanted: &'a Wanted,
    pub(super) found: Result<Option<Entry>, CacheError>,
    pub(super) shows_value: bool,
    /// Whether it has just been deleted; false: it was not there.
    pub(super) deleted: Option<bool>,
    pub(super) token: &'a str,
}

pub(super) fn key_page(of: &KeyPage<'_>) -> String {
    let wanted = of.wanted;
    let mut body = String::from("<h2>Look up a key</h2>\n");
    body.push_str(&look_up(
        of.caches,
        &wanted.alias,
        &wanted.key,
        of.shows_value,
    ));
    match of.deleted {
        Some(true) => body.push_str("<p class=\"good\">Deleted.</p>\n"),
        Some(false) => body.push_str("<p>There was nothing to delete.</p>\n"),
        None => {}
    }
    let name = format!(
        "<code>{}</code> in <b>{}</b>",
        Text(&wanted.key),
        Text(&wanted.alias)
    );
    match &of.found {
        Err(error) => body.push_str(&format!("<p class=\"bad\">{name}: {}</p>\n", Text(error))),
        Ok(None) => body.push_str(&format!("<p>Nothing is kept under {name}.</p>\n")),
        Ok(Some(entry)) => {
            body.push_str(&format!("<h2>{name}</h2>\n"));
            body.push_str(&facts(entry));
            if of.shows_value {
                body.push_str(&value(entry));
            }
            body.push_str(&delete_form(wanted, of.token));
        }
    }
    page(&body)
}

fn facts(entry: &Entry) -> String {
    let seen = &entry.inspection;
    let mut facts = vec![
        ("type", entry.json_type.unwrap_or("no JSON").to_owned()),
        ("size", bytes(seen.bytes)),
        ("left", left(seen.left)),
        (
            "where",
            if seen.is_local {
                "in process"
            } else {
                "in the store"
            }
            .to_owned(),
        ),
    ];
    if !seen.tags.is_empty() {
        facts.push(("tags", seen.tags.join(", ")));
    }
    if let Some(cost) = seen.cost {
        facts.push(("made in", time(cost)));
    }
    let row = |(name, fact): &(&str, String)| format!("<dt>{name}</dt><dd>{}</dd>\n", Text(fact));
    format!("<dl>\n{}</dl>\n", facts.iter().map(row).collect::<String>())
}

fn value(entry: &Entry) -> String {
    let value = match entry.pretty() {
        Ok(value) => value,
        Err(error) => return format!("<p class=\"bad\">{}</p>\n", Text(error)),
    };
    let shown = match value.char_indices().find(|(at, _)| *at >= SHOWN) {
        Some((end, _)) => &value[..end],
        None => &value,
    };
    let rest = value.len() - shown.len();
    let more = match rest {
        0 => String::new(),
        rest => format!(
            "<p>and {} more; all of it is in <code>api/key</code></p>\n",
            bytes(rest)
        ),
    };
    format!("<pre>{}</pre>\n{more}", Text(shown))
}

fn delete_form(wanted: &Wanted, token: &str) -> String {
    format!(
        "<form method=\"post\" action=\"?delete\">\n\
         <input type=\"hidden\" name=\"cache\" value=\"{}\">\n\
         <input type=\"hidden\" name=\"key\" value=\"{}\">\n\
         <input type=\"hidden\" name=\"token\" value=\"{}\">\n\
         <button class=\"danger\">Delete</button>\n</form>\n",
        Text(&wanted.alias),
        Text(&wanted.key),
        Text(token),
    )
}
