//! The panel, in the browser of a developer: what was a hit is told as one.

use crate::application::Application;
use crate::browser::Browser;

/// The rows of a table of the panel, each as one text.
fn rows(browser: &Browser, table: &str) -> Vec<String> {
    browser.texts(&format!("{table} tbody tr"))
}

fn has(rows: &[String], parts: &[&str]) -> bool {
    rows.iter()
        .any(|row| parts.iter().all(|part| row.contains(part)))
}

#[test]
fn what_two_people_did_is_shown_as_misses_and_then_as_hits() {
    let application = Application::start(None);
    let (ann, bob) = (application.browser_of("ann"), application.browser_of("bob"));
    for browser in [&ann, &bob, &ann, &bob] {
        application.open(browser);
    }
    let developer = Browser::start();
    developer.open(&format!("{}/cache", application.url));
    developer.screenshot("panel");
    let functions = rows(&developer, "table");
    for name in ["Tasks::of_user", "Tasks::statistics"] {
        assert!(has(&functions, &[name]), "{name} is not in {functions:#?}");
    }
    let text = developer.text("body");
    assert!(
        text.contains("/login") && text.contains("session"),
        "{text}"
    );
    assert!(
        !text.contains("session:"),
        "the panel shows no keys of sessions: {text}"
    );

    developer.resize(420, 900);
    developer.screenshot("panel_on_a_phone");
    let is_wider =
        "return document.documentElement.scrollWidth > document.documentElement.clientWidth";
    assert_eq!(developer.run(is_wider, &[]), false);
}
