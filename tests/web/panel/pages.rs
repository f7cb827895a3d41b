//! What stands on the pages: everything escaped, nothing from elsewhere.

use cache_runtime::{Cache, cache_result, caches};
use cache_web::panel::Panel;

use crate::world::{cache, get};

const EVIL: &str = "<script>alert('x')</script>\"&";

#[cache_result(
    timeout = 60,
    key_prefix = "<script>prefix",
    name = "<script>name",
    cache = "pages"
)]
async fn evil(n: u64) -> u64 {
    n
}

#[cache_result(timeout = "10m", key_prefix = "panel_listed", cache = "listed")]
async fn listed(n: u64) -> u64 {
    n
}

#[tokio::test]
async fn functions_and_caches_stand_on_the_first_page() {
    cache("listed");
    listed(1).await;
    listed(1).await;
    let page = get(&Panel::new(), "/").await;
    assert_eq!(page.status, 200);
    assert_eq!(page.headers["content-type"], "text/html; charset=utf-8");
    assert!(page.has("web_panel::pages::listed"), "{}", page.text);
    assert!(page.has("panel_listed, 600s"));
    assert!(page.has("<td data-head=\"cache\" class=\"name\"><b>listed</b><small>memory://?key_prefix=listed</small></td>"));
    assert!(page.has("<option>listed</option>"));
    // Sorted as one likes, without a script.
    assert!(
        get(&Panel::new(), "/?sort=slowest")
            .await
            .has("<b>slowest</b>")
    );
    assert!(
        get(&Panel::new(), "/?sort=%3Cscript%3E")
            .await
            .has("<b>time saved</b>")
    );
}

#[tokio::test]
async fn names_of_functions_keys_and_values_are_no_html() {
    let cache = cache("pages");
    evil(1).await;
    cache.set(EVIL, EVIL, 60).await.unwrap();
    let panel = Panel::new();
    let key = "%3Cscript%3Ealert(%27x%27)%3C/script%3E%22%26";
    let there = format!("/?cache=pages&key={key}&value=on");
    let absent = format!("/?cache={key}&key={key}");
    for address in ["/", &there, &absent, "/?cache=pages&key=%3Cscript%3E"] {
        let page = get(&panel, address).await;
        assert_eq!(page.status, 200, "{address}");
        let scripts = page.text.matches("<script").count();
        assert_eq!(scripts, 1, "the page's own: {}", page.text);
        assert!(page.has("&lt;script&gt;"), "{address}");
    }
    assert!(
        get(&panel, &there)
            .await
            .has("alert(&#39;x&#39;)&lt;/script&gt;")
    );
}

#[tokio::test]
async fn a_page_runs_nothing_that_stands_in_it_and_loads_nothing_from_elsewhere() {
    let panel = Panel::new();
    let page = get(&panel, "/").await;
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    for part in [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "frame-ancestors 'none'",
        "form-action 'self'",
        "base-uri 'none'",
    ] {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(!policy.contains("unsafe"), "{policy}");
    assert_eq!(page.headers["cache-control"], "no-store");
    assert_eq!(page.headers["x-content-type-options"], "nosniff");
    assert_eq!(page.headers["cross-origin-resource-policy"], "same-origin");
    for wrong in ["style=", "onclick", "http://", "https://", "<style"] {
        assert!(!page.has(wrong), "{wrong}");
    }
    for (address, content_type) in [
        ("/?panel.css", "text/css; charset=utf-8"),
        ("/?panel.js", "text/javascript; charset=utf-8"),
    ] {
        assert!(page.has(&format!("\"{}\"", &address[1..])));
        let file = get(&panel, address).await;
        assert_eq!(file.headers["content-type"], content_type);
        assert!(!file.has("http://") && !file.has("https://") && !file.has("innerHTML"));
        assert!(
            file.text.len() < 8 << 10,
            "{address} has {} bytes",
            file.text.len()
        );
    }
    assert!(page.has("name=\"viewport\""));
    assert!(
        get(&panel, "/?panel.css")
            .await
            .has("prefers-color-scheme: dark")
    );
}

#[cache_result(cache = "panel_no_such_alias", key_prefix = "panel_nowhere")]
fn nowhere() -> u64 {
    1
}

#[tokio::test]
async fn a_cache_that_cannot_be_opened_says_why_and_no_password_is_shown() {
    let url = "redis://me:hunter2@127.0.0.1:1/0?key_prefix=x";
    caches()
        .set("secret", Cache::from_url(url).unwrap())
        .unwrap();
    nowhere();
    // Who asks whether there is one has not said that there should be.
    caches().get("panel_only_asked_for").unwrap_err();
    let panel = Panel::new();
    for address in ["/", "/api/report"] {
        let page = get(&panel, address).await;
        assert!(page.has("redis://***@127.0.0.1:1/0?key_prefix=x"));
        assert!(!page.has("hunter2"));
        assert!(page.has("PANEL_NO_SUCH_ALIAS"), "{}", page.text);
        assert!(!page.has("panel_only_asked_for"), "{}", page.text);
    }
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let panel = Panel::new();
    for address in ["/x", "/api", "/api/x", "/panel.css"] {
        assert_eq!(get(&panel, address).await.status, 404, "{address}");
    }
}
