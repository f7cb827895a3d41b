//! The panel, in the browser of a developer: what was a hit is told as one.

use serde_json::Value;

use crate::application::Application;
use crate::browser::Browser;

/// The cells of the row of the panel that begins with this.
fn row(browser: &Browser, name: &str) -> Vec<String> {
    let rows = browser.texts("tbody tr");
    let row = rows.iter().find(|row| row.starts_with(name));
    let row = row.unwrap_or_else(|| panic!("{name} is not in {rows:#?}"));
    row.split('\t').map(|cell| cell.trim().to_owned()).collect()
}

/// Kind, name and outcome of what the last request for a path asked of caches, as the panel's JSON has it.
fn asked(browser: &Browser, path: &str) -> Vec<[String; 3]> {
    let script = "return fetch('/cache/api/requests').then(answer => answer.json())";
    let told = browser.run(script, &[]);
    let requests = told["requests"].as_array().unwrap();
    let of_path = requests.iter().filter(|request| request["path"] == path);
    let last = of_path
        .max_by_key(|request| request["id"].as_u64())
        .unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let events = last["events"].as_array().unwrap().iter();
    let event = |event: &Value| ["kind", "name", "outcome"].map(|field| text(&event[field]));
    events.map(event).collect()
}

#[test]
fn what_is_asked_again_is_shown_as_a_hit() {
    let application = Application::start(None);
    let (_ann, _bob) = (application.browser_of("ann"), application.browser_of("bob"));
    let developer = Browser::start();
    let panel = format!("{}/cache", application.url);
    developer.open(&panel);
    for name in [
        "tasks_web::tasks::Tasks::of_user",
        "tasks_web::tasks::Tasks::statistics",
    ] {
        assert_eq!(
            row(&developer, name)[2..4],
            ["0", "2"],
            "{name}: hits and misses"
        );
    }

    // She on another device: the page is another one, by its cookie, and what it is made of is there.
    let tablet = application.browser_of("ann");
    assert_eq!(tablet.text("h1"), "Ann's tasks");
    developer.open(&panel);
    let name = "tasks_web::tasks::Tasks::of_user";
    assert_eq!(row(&developer, name)[2..4], ["1", "2"]);
    let events = asked(&developer, "/");
    for event in [
        ["session", "session"],
        ["function", "Tasks::of_user"],
        ["fragment", "statistics"],
    ] {
        let [kind, name] = event;
        assert!(
            events.contains(&[kind, name, "hit"].map(str::to_owned)),
            "{event:?} {events:?}"
        );
    }
    assert_eq!(
        developer.texts("body")[0].matches("session:").count(),
        0,
        "who has its key has the session"
    );

    developer.screenshot("panel");
    developer.run("window.scrollTo(0, document.body.scrollHeight)", &[]);
    developer.screenshot("panel_requests");
    developer.resize(420, 900);
    developer.screenshot("panel_on_a_phone");
    let is_wider =
        "return document.documentElement.scrollWidth > document.documentElement.clientWidth";
    assert_eq!(developer.run(is_wider, &[]), false);
}
