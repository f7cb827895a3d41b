//! The first page: caches, functions, and the last requests.

use std::cmp::Reverse;
use std::time::{Duration, UNIX_EPOCH};

use cache_runtime::{CacheReport, FunctionReport, Report, Stats, TraceEvent};

use super::form::encode;
use super::page::{cell, look_up, page};
use super::recent::Traced;
use super::text::{Text, bytes, percent, time, timeout};

/// How many requests are on the page when it is loaded.
const REQUESTS: usize = 50;

/// An order of the functions: its name in the query, its label, and its sort key.
type Order = (&'static str, &'static str, fn(&FunctionReport) -> u128);

const ORDERS: [Order; 5] = [
    ("saved", "time saved", |f| f.time_saved().as_nanos()),
    ("slowest", "slowest", |f| f.executions.mean().as_nanos()),
    ("spent", "time spent", |f| f.executions.total().as_nanos()),
    ("misses", "misses", |f| f.stats.misses.into()),
    ("errors", "errors", |f| f.stats.errors.into()),
];

pub(super) fn overview(
    mut report: Report,
    requests: &[Traced],
    last: u64,
    sort: Option<&str>,
) -> String {
    let wanted = ORDERS.iter().find(|(name, ..)| Some(*name) == sort);
    let order = wanted.unwrap_or(&ORDERS[0]);
    report
        .functions
        .sort_by_key(|function| Reverse(order.2(function)));
    let mut body = summary(&report.functions);
    body.push_str("<h2>Look up a key</h2>\n");
    body.push_str(&look_up(&report.caches, "default", "", false));
    body.push_str("<h2>Caches</h2>\n");
    body.push_str(&caches(&report.caches));
    body.push_str("<h2>Functions</h2>\n");
    body.push_str(&functions(&report.functions, order.0));
    body.push_str(&live(requests, last));
    page(&body)
}

/// Summarizes all functions in one line.
fn summary(functions: &[FunctionReport]) -> String {
    let sum = |of: fn(&Stats) -> u64| functions.iter().map(|f| of(&f.stats)).sum::<u64>();
    let (hits, misses) = (sum(|s| s.hits), sum(|s| s.misses));
    let ratio = match hits + misses {
        0 => 0.0,
        reads => hits as f64 / reads as f64,
    };
    let saved: Duration = functions.iter().map(FunctionReport::time_saved).sum();
    let figure = |value: String, name| format!("<div><b>{}</b> {name}</div>", Text(value));
    let figures = [
        figure(hits.to_string(), "hits"),
        figure(misses.to_string(), "misses"),
        figure(percent(ratio), "ratio"),
        figure(time(saved), "saved"),
        figure(sum(|s| s.stale).to_string(), "stale"),
        figure(sum(|s| s.errors).to_string(), "errors"),
    ];
    format!("<div class=\"figures\">{}</div>\n", figures.concat())
}

fn caches(caches: &[CacheReport]) -> String {
    if caches.is_empty() {
        return "<p>No cache has been used yet.</p>\n".to_owned();
    }
    let row = |cache: &CacheReport| {
        let url = cache.url.as_deref().unwrap_or(cache.store);
        let (state, class) = state(cache);
        // What a cache has none of is left empty.
        let (entries, size) = match cache.local {
            Some(local) => (
                format!("{} of {}", local.entries, local.max_entries),
                bytes(local.bytes),
            ),
            None => Default::default(),
        };
        let (asked, mean) = match cache.breaker {
            Some(_) => (
                cache.operations.count.to_string(),
                time(cache.operations.mean()),
            ),
            None => Default::default(),
        };
        let stats = &cache.stats;
        [
            cell(
                "cache",
                "name",
                &format!("<b>{}</b><small>{}</small>", Text(&cache.alias), Text(url)),
            ),
            cell("state", class, &Text(state).to_string()),
            cell("in process", "number", &entries),
            cell("size", "number", &size),
            cell("hits", "number", &stats.hits.to_string()),
            cell("misses", "number", &stats.misses.to_string()),
            cell("ratio", "number", &percent(stats.hit_ratio())),
            cell("evicted", "number", &stats.evictions.to_string()),
            cell("errors", number(stats.errors), &stats.errors.to_string()),
            cell("store asked", "number", &asked),
            cell("store mean", "number", &mean),
        ]
        .concat()
    };
    let head = [
        "cache",
        "state",
        "in process",
        "size",
        "hits",
        "misses",
        "ratio",
        "evicted",
        "errors",
        "store asked",
        "store mean",
    ];
    table(&head, caches.iter().map(row))
}

/// Returns how its store is doing, and how to show that.
fn state(cache: &CacheReport) -> (String, &'static str) {
    match (&cache.error, cache.breaker.map(|breaker| breaker.as_str())) {
        (Some(error), _) => (error.to_string(), "bad"),
        (None, Some("closed")) => (format!("{} answers", cache.store), "good"),
        (None, Some(breaker)) => (format!("{}: breaker {breaker}", cache.store), "bad"),
        (None, None) => (cache.store.to_owned(), "good"),
    }
}

fn functions(functions: &[FunctionReport], sorted_by: &str) -> String {
    if functions.is_empty() {
        return "<p>No cached function has been called yet.</p>\n".to_owned();
    }
    let link = |(name, text, _): &Order| match *name == sorted_by {
        true => format!("<b>{text}</b>"),
        false => format!("<a href=\"?sort={name}\">{text}</a>"),
    };
    let links: Vec<String> = ORDERS.iter().map(link).collect();
    let row = |function: &FunctionReport| {
        let (stats, runs) = (&function.stats, &function.executions);
        let place = format!("{}:{}", function.file, function.line);
        [
            cell(
                "function",
                "name",
                &format!(
                    "<b>{}</b><small>{}</small>",
                    Text(&function.path),
                    Text(place)
                ),
            ),
            cell(
                "cache",
                "",
                &format!(
                    "{}<small>{}, {}</small>",
                    Text(function.cache.unwrap_or("–")),
                    Text(&function.key_prefix),
                    in_force(function)
                ),
            ),
            cell("hits", "number", &stats.hits.to_string()),
            cell("misses", "number", &stats.misses.to_string()),
            cell("ratio", "number", &percent(stats.hit_ratio())),
            cell("saved", "number", &time(function.time_saved())),
            cell("stale", "number", &stats.stale.to_string()),
            cell("joined", "number", &stats.joined.to_string()),
            cell("errors", number(stats.errors), &stats.errors.to_string()),
            cell("runs", "number", &runs.count.to_string()),
            cell("mean", "number", &time(runs.mean())),
            cell("longest", "number", &time(runs.longest)),
        ]
        .concat()
    };
    let head = [
        "function", "cache", "hits", "misses", "ratio", "saved", "stale", "joined", "errors",
        "runs", "mean", "longest",
    ];
    let table = table(&head, functions.iter().map(row));
    format!("<p class=\"orders\">by {}</p>\n{table}", links.join(" · "))
}

/// Returns its timeout, unless an operator has overridden it.
fn in_force(function: &FunctionReport) -> String {
    let own = timeout(function.timeout);
    match (function.overridden.is_off, function.overridden.timeout) {
        (Some(true), _) => "switched off".to_owned(),
        (_, Some(other)) => format!("{}, not {own}", timeout(other)),
        _ => own.to_string(),
    }
}

/// Returns the class of a number that should be zero.
fn number(count: u64) -> &'static str {
    if count > 0 { "number bad" } else { "number" }
}

fn table(head: &[&str], rows: impl Iterator<Item = String>) -> String {
    let head: String = head
        .iter()
        .map(|head| format!("<th>{}</th>", Text(head)))
        .collect();
    let rows: String = rows.map(|row| format!("<tr>{row}</tr>\n")).collect();
    format!("<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n")
}

/// Shows the last requests, the newest first; the script continues from here.
fn live(requests: &[Traced], last: u64) -> String {
    let newest = requests.iter().rev().take(REQUESTS).map(request);
    let rows: String = newest.collect();
    let none = match requests.is_empty() {
        true => {
            "<p id=\"none\">None yet. The requests of routers below <code>panel.layer()</code> stand here.</p>\n"
        }
        false => "",
    };
    format!("<h2>Requests</h2>\n{none}<div id=\"requests\" data-last=\"{last}\">\n{rows}</div>\n")
}

fn request(request: &Traced) -> String {
    let (hits, misses) = request.hits_and_misses();
    let at = request.at.duration_since(UNIX_EPOCH).unwrap_or_default();
    let clock = at.as_secs() % 86_400;
    let events: String = request.trace.events.iter().map(event).collect();
    let left_out = match request.trace.left_out {
        0 => String::new(),
        more => format!("<p>and {more} more</p>"),
    };
    format!(
        "<details><summary><span class=\"method\">{}</span> <span class=\"path\">{}</span> \
         <span class=\"status\">{}</span> <span class=\"number\">{}</span> \
         <span class=\"good\">{hits} hit{}</span> <span class=\"miss\">{misses} miss{}</span> \
         <time>{:02}:{:02}:{:02} UTC</time></summary>\n<ul>{events}</ul>{left_out}</details>\n",
        Text(&request.method),
        Text(&request.path),
        request.status,
        time(request.trace.took),
        if hits == 1 { "" } else { "s" },
        if misses == 1 { "" } else { "es" },
        clock / 3600,
        clock / 60 % 60,
        clock % 60,
    )
}

fn event(event: &TraceEvent) -> String {
    let key = match (&event.key, &event.cache) {
        (None, _) => String::new(),
        // Only an entry with an alias can be looked up.
        (Some(key), None) => format!(" <span class=\"key\">{}</span>", Text(key)),
        (Some(key), Some(cache)) => format!(
            " <a class=\"key\" href=\"?cache={}&amp;key={}\">{}</a>",
            encode(cache),
            encode(key),
            Text(key)
        ),
    };
    let failed = if event.store_failed {
        " <span class=\"bad\">store failed</span>"
    } else {
        ""
    };
    format!(
        "<li class=\"depth{}\"><span class=\"{outcome}\">{outcome}</span> {} <b>{}</b> \
         <span class=\"number\">{}</span>{failed}{key}</li>\n",
        event.depth.min(4),
        event.kind,
        Text(&event.name),
        time(event.took),
        outcome = event.outcome,
    )
}
