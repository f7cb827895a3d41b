//! The frame of every page: head, heading and the form that looks up a key.

use cache_runtime::CacheReport;

use super::text::Text;

pub(super) const CSS: &str = include_str!("panel.css");
pub(super) const JS: &str = include_str!("panel.js");

/// Returns a whole page with this body, which is HTML.
pub(super) fn page(body: &str) -> String {
    // Every address is relative to where the panel is mounted, which only the application knows: queries work on
    // `/cache` and on `/cache/` alike.
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>Cache</title>\n\
         <link rel=\"stylesheet\" href=\"?panel.css\">\n<script src=\"?panel.js\" defer></script>\n\
         </head>\n<body>\n<header><h1><a href=\"?\">Cache</a></h1></header>\n\
         <main>\n{body}</main>\n</body>\n</html>\n"
    )
}

/// Returns the form that looks up a key.
pub(super) fn look_up(caches: &[CacheReport], alias: &str, key: &str, shows_value: bool) -> String {
    let option = |cache: &CacheReport| {
        let selected = if cache.alias == alias {
            " selected"
        } else {
            ""
        };
        format!("<option{selected}>{}</option>", Text(&cache.alias))
    };
    let options: String = caches.iter().map(option).collect();
    let checked = if shows_value { " checked" } else { "" };
    format!(
        "<form class=\"look\" method=\"get\" action=\"?\">\n\
         <label>Cache <select name=\"cache\">{options}</select></label>\n\
         <label class=\"wide\">Key <input name=\"key\" value=\"{}\" required autocomplete=\"off\" \
         spellcheck=\"false\" autocapitalize=\"off\"></label>\n\
         <label class=\"check\"><input type=\"checkbox\" name=\"value\"{checked}> show the value</label>\n\
         <button>Look up</button>\n</form>\n",
        Text(key)
    )
}

/// Returns a cell of a table, with the head of its column for narrow screens.
pub(super) fn cell(head: &str, class: &str, html: &str) -> String {
    let class = match class {
        "" => String::new(),
        class => format!(" class=\"{class}\""),
    };
    format!("<td data-head=\"{}\"{class}>{html}</td>", Text(head))
}
