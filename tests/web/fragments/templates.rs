//! `{% call cache(…) %}` in minijinja's templates.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use cache_runtime::testing::{Clock, Fault, FaultyStore, When};
use cache_runtime::{Cache, ErrorKind, caches, testing};
use cache_web::fragment::{DjangoKeys, Fragments, make_template_fragment_key};
use minijinja::{Environment, Value, context};

use crate::store::OwnStore;

/// Templates with a cache of their own, and a function `seen()` that counts how often it is called.
struct Templates {
    environment: Environment<'static>,
    cache: Cache,
    clock: Clock,
    seen: Arc<AtomicU32>,
}

impl Templates {
    fn new() -> Self {
        let (cache, clock) = testing::isolated();
        Self::of(Fragments::new().cache(cache.clone()), cache, clock)
    }

    fn of(fragments: Fragments, cache: Cache, clock: Clock) -> Self {
        let mut environment = Environment::new();
        fragments.add_to(&mut environment);
        let seen = Arc::<AtomicU32>::default();
        let count = seen.clone();
        environment.add_function("seen", move || {
            count.fetch_add(1, Ordering::Relaxed);
            ""
        });
        Self {
            environment,
            cache,
            clock,
            seen,
        }
    }

    fn try_render(
        &self,
        name: &str,
        source: &str,
        values: Value,
    ) -> Result<String, minijinja::Error> {
        self.environment.render_named_str(name, source, values)
    }

    /// As a page.
    fn page(&self, source: &str, values: Value) -> String {
        self.try_render("page.html", source, values).unwrap()
    }

    /// What is wrong with it.
    fn error(&self, source: &str) -> String {
        let error = self.try_render("page.html", source, context! { id => 7 });
        error.unwrap_err().to_string()
    }

    fn seen(&self) -> u32 {
        self.seen.swap(0, Ordering::Relaxed)
    }
}

#[test]
fn the_block_does_not_run_on_a_hit() {
    let templates = Templates::new();
    let source = r#"{% call cache(600, "tasks", id) %}{{ seen() }}<b>{{ name }}</b>{% endcall %}!"#;
    let render = |id: u64, name: &str| templates.page(source, context! { id, name });
    assert_eq!(render(7, "Ann"), "<b>Ann</b>!");
    assert_eq!(render(7, "Bob"), "<b>Ann</b>!");
    assert_eq!(templates.seen(), 1);
    assert_eq!(render(8, "Bob"), "<b>Bob</b>!");
    assert_eq!(render(7, "Bob"), "<b>Ann</b>!");
    assert_eq!(templates.seen(), 1);
    templates.clock.advance(Duration::from_secs(601));
    assert_eq!(render(7, "Cid"), "<b>Cid</b>!");
}

#[test]
fn text_is_escaped_once_kept_or_not() {
    let templates = Templates::new();
    let source = r#"{% call cache(600, "x") %}<i>{{ name }}</i>{% endcall %}"#;
    let escaped = "<i>&lt;script&gt; &amp;</i>";
    for _ in 0..2 {
        assert_eq!(
            templates.page(source, context! { name => "<script> &" }),
            escaped
        );
    }
}

#[test]
fn what_was_not_escaped_is_never_taken_for_a_page() {
    let source = r#"{% call cache(600, "x") %}{{ name }}{% endcall %}"#;
    let plain = r#"{% autoescape false %}{% call cache(600, "x") %}{{ name }}{% endcall %}{% endautoescape %}"#;
    let values = context! { name => "<script>" };
    // Whichever comes first.
    for pages_first in [true, false] {
        let templates = Templates::new();
        let all = [
            ("page.html", source),
            ("mail.txt", source),
            ("page.html", plain),
        ];
        let order: Vec<_> = if pages_first {
            all.into()
        } else {
            all.into_iter().rev().collect()
        };
        for (name, source) in order.iter().chain(&order) {
            let text = templates.try_render(name, source, values.clone()).unwrap();
            let is_page = (*name, *source) == all[0];
            assert_eq!(
                text,
                if is_page {
                    "&lt;script&gt;"
                } else {
                    "<script>"
                }
            );
        }
    }
}

#[test]
fn a_block_sees_what_is_around_it_and_blocks_stand_in_blocks() {
    let templates = Templates::new();
    let source = r#"{% macro item(n) %}({{ n }}){% endmacro -%}
        {% for n in [1, 2, 1] -%}
        {% call cache(600, "outer", n) %}{{ seen() }}{{ loop.index }}{{ item(n) -}}
        {% call cache(600, "inner") %}{{ seen() }}[{{ n }}]{% endcall %}{% endcall -%}
        {% endfor %}"#;
    assert_eq!(templates.page(source, context! {}), "1(1)[1]2(2)[1]1(1)[1]");
    assert_eq!(templates.seen(), 3, "outer 1, inner, outer 2");
}

#[test]
fn keys_are_djangos() {
    let templates = Templates::new();
    let source = r#"{% call cache(600, "k", "abc", 7, 1e16, true, none, "a" ~ 1) %}x{% endcall %}"#;
    templates.page(source, context! {});
    let key = make_template_fragment_key("k", &[&"abc", &7, &1e16, &true, &None::<u64>, &"a1"]);
    assert!(templates.cache.blocking().has_key(&key).unwrap());

    let (cache, clock) = testing::isolated();
    let fragments = Fragments::new().cache(cache.clone()).keys(DjangoKeys::V5_2);
    let templates = Templates::of(fragments, cache, clock);
    templates.page(
        r#"{% call cache(600, "bar", "abc", "def") %}x{% endcall %}"#,
        context! {},
    );
    let key = "template.cache.bar.17c1a507a0cb58384f4c639067a93520";
    assert!(templates.cache.blocking().has_key(key).unwrap());
}

#[test]
fn timeouts_are_seconds_or_none() {
    let templates = Templates::new();
    let both = r#"{% call cache(none, "never") %}{{ seen() }}{% endcall -%}
        {% call cache(0, "zero") %}{{ seen() }}{% endcall -%}
        {% call cache(0.5, "half") %}{{ seen() }}{% endcall %}"#;
    templates.page(both, context! {});
    assert_eq!(templates.seen(), 3);
    templates.page(both, context! {});
    assert_eq!(templates.seen(), 1, "zero");
    templates.clock.advance(Duration::from_secs(1));
    templates.page(both, context! {});
    assert_eq!(templates.seen(), 2, "zero, half");
}

#[test]
fn tags_forget_it() {
    let templates = Templates::new();
    let source =
        r#"{% call cache(600, "t", id, tags=["user:" ~ id, "all"]) %}{{ seen() }}{% endcall %}"#;
    let render = |ids: &[u64]| {
        for id in ids {
            templates.page(source, context! { id });
        }
    };
    render(&[7, 8, 7]);
    assert_eq!(templates.seen(), 2);
    templates.cache.blocking().delete_tag("user:7").unwrap();
    render(&[7, 8]);
    assert_eq!(templates.seen(), 1);
    templates.cache.blocking().delete_tag("all").unwrap();
    render(&[7, 8]);
    assert_eq!(templates.seen(), 2);
}

#[test]
fn another_cache_by_its_alias() {
    let templates = Templates::new();
    let letters = Cache::isolated();
    caches().set("letters", letters.clone()).unwrap();
    let source = r#"{% call cache(600, "l", using="letters") %}x{% endcall %}"#;
    assert_eq!(templates.page(source, context! {}), "x");
    let key = make_template_fragment_key("l", &[]);
    assert!(letters.blocking().has_key(&key).unwrap());
    assert!(!templates.cache.blocking().has_key(&key).unwrap());
}

#[test]
fn a_block_that_fails_is_an_error_and_not_kept() {
    let templates = Templates::new();
    let source = r#"{% call cache(600, "f") %}{{ seen() }}{{ names.first() }}{% endcall %}"#;
    for _ in 0..2 {
        let failed = templates.try_render("page.html", source, context! {});
        assert!(failed.is_err());
    }
    assert_eq!(templates.seen(), 2);
}

#[test]
fn a_cache_that_is_down_renders_the_block() {
    let store = FaultyStore::new(OwnStore::default());
    let cache = Cache::builder().store(store.clone()).build().unwrap();
    let fragments = Fragments::new().cache(cache.clone());
    let templates = Templates::of(fragments, cache, Clock::manual());
    store.inject(Fault::Error(ErrorKind::Unavailable), When::Always);
    let source = r#"{% call cache(600, "d") %}{{ seen() }}<b>{{ name }}</b>{% endcall %}"#;
    for name in ["Ann", "Bob"] {
        assert_eq!(
            templates.page(source, context! { name }),
            format!("<b>{name}</b>")
        );
    }
    assert_eq!(templates.seen(), 2);
}

#[test]
fn mistakes_are_told_with_what_to_write() {
    let templates = Templates::new();
    let block = |call: &str| templates.error(&format!("{{% call {call} %}}x{{% endcall %}}"));
    for (call, told) in [
        (r#"cache()"#, "give `cache` a timeout and a name"),
        (r#"cache(600)"#, "give `cache` a timeout and a name"),
        (
            r#"cache("600", "x")"#,
            "`cache` got '600' for a timeout: give seconds as a number",
        ),
        (r#"cache(true, "x")"#, "`cache` got True for a timeout"),
        (
            r#"cache(nothing, "x")"#,
            "`cache` got undefined for a timeout",
        ),
        (
            r#"cache("x", 600)"#,
            "the name of a fragment is a string, not number",
        ),
        (
            r#"cache(600, "x", user)"#,
            r#"write `|default("")` behind it"#,
        ),
        (
            r#"cache(600, "x", [id])"#,
            "cannot vary on a sequence: give what tells one from another",
        ),
        (r#"cache(600, "x", {"id": id})"#, "cannot vary on a map"),
        (r#"cache(600, "x", usng="y")"#, "usng"),
        (
            r#"cache(600, "x", using="no_such")"#,
            r#"no cache has the alias "no_such": set it with"#,
        ),
    ] {
        let error = block(call);
        assert!(error.contains(told), "{call}: {error}");
    }
    let error = templates.error(r#"{{ cache(600, "x") }}"#);
    assert!(
        error.contains("`cache` goes around a block: {% call cache("),
        "{error}"
    );
}

#[test]
fn what_was_escaped_for_a_script_is_never_taken_for_a_page() {
    let templates = Templates::new();
    let source = r#"{% call cache(600, "x") %}{{ name }}{% endcall %}"#;
    let values = || context! { name => "<i>&'" };
    let render = |name: &str| templates.try_render(name, source, values()).unwrap();
    let (script, page) = (render("a.js"), render("a.html"));
    assert_eq!(page, "&lt;i&gt;&amp;&#x27;");
    assert!(script.starts_with('"') && script != page, "{script}");
    assert_eq!((render("a.js"), render("a.html")), (script, page));
    let plain = make_template_fragment_key("x", &[]);
    let cache = templates.cache.blocking();
    assert!(cache.has_key(&plain).unwrap());
    assert!(cache.has_key(&format!("{plain}.json")).unwrap());
}
