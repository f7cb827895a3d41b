//! What is cached is not made twice, and a change is seen at once.

use cache_tests::redis_server::RedisServer;

use crate::application::Application;
use crate::browser::Browser;

/// A change by each of the buttons, and what is there after it.
fn change(application: &Application, browser: &Browser) {
    assert_eq!(browser.text("#statistics"), "1 of 3 done");
    browser.write("[name=title]", "Sing a song");
    browser.follow("#add");
    assert_eq!(browser.texts("li span").last().unwrap(), "Sing a song");
    assert_eq!(browser.text("#statistics"), "1 of 4 done");

    browser.follow("li:last-of-type form[action$=done] button");
    assert_eq!(browser.text("#statistics"), "2 of 4 done");
    assert_eq!(browser.text("li:last-of-type.done span"), "Sing a song");

    browser.follow("li:last-of-type form[action$=remove] button");
    assert_eq!(browser.text("#statistics"), "1 of 3 done");
    assert!(!browser.texts("li span").contains(&"Sing a song".to_owned()));
    application.open(browser);
    assert_eq!(browser.text("#statistics"), "1 of 3 done");
}

#[test]
fn a_change_is_seen_at_once_in_process_and_on_redis() {
    let server = RedisServer::start();
    let redis = format!(
        "{}?key_prefix=tasks_web&op_timeout=10&connect_timeout=10",
        server.url(0)
    );
    for url in [None, Some(&*redis)] {
        let application = Application::start(url);
        let browser = application.browser_of("ann");
        change(&application, &browser);
    }
    let kept = server.command(&["KEYS", "*"]);
    for part in [
        "tasks_web:1:session:",
        "tasks_web:1:template.cache.statistics.",
        "tasks_web:1:user_tasks:",
    ] {
        assert!(kept.contains(part), "{part} is not in {kept}");
    }
}

/// What the server says of its cache when the browser asks for the page once more.
fn cache_status(browser: &Browser) -> String {
    let ask = "return fetch('/').then(answer => answer.headers.get('cache-status'))";
    browser.run(ask, &[]).as_str().unwrap().to_owned()
}

#[test]
fn the_second_load_is_a_hit_for_each_of_two_people() {
    let application = Application::start(None);
    // Both are there before the pages begin to age.
    let (ann, bob) = (Browser::start(), Browser::start());
    application.log_in(&ann, "ann");
    application.log_in(&bob, "bob");
    let number = |browser: &Browser| {
        application.open(browser);
        browser.text("#number")
    };
    // The login has led to the page: it was rendered once for each.
    assert_eq!(
        (number(&ann), number(&bob)),
        ("1".to_owned(), "2".to_owned())
    );
    for browser in [&ann, &bob, &ann] {
        let status = cache_status(browser);
        assert!(status.starts_with("tasks_web; hit; ttl="), "{status}");
    }
    assert_eq!(
        (number(&ann), number(&bob)),
        ("1".to_owned(), "2".to_owned())
    );

    // A change of hers is none of his.
    ann.write("[name=title]", "Sing a song");
    ann.follow("#add");
    assert_eq!(ann.text("#number"), "3");
    assert_eq!(ann.texts("li span").last().unwrap(), "Sing a song");
    assert_eq!(number(&bob), "2");
}

#[test]
fn warming_fills_a_redis_that_the_pages_then_find_full() {
    let server = RedisServer::start();
    let url = format!(
        "{}?key_prefix=tasks_web&op_timeout=10&connect_timeout=10",
        server.url(0)
    );
    let folder = cache_tests::process::Folder::new("tasks-db");
    let database = folder.path().join("tasks.sqlite");
    let warm = || {
        let mut command = Application::command();
        command
            .arg("warm")
            .env("CACHE_URL", &url)
            .env("DATABASE", &database);
        let output = command.output().unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    };
    let said = warm();
    assert!(said.contains("lists: 2 entries: 2 warmed"), "{said}");
    assert!(said.contains("statistics: 2 entries: 2 warmed"), "{said}");
    assert_eq!(server.command(&["DBSIZE"]), "4");
    assert!(warm().contains("lists: 2 entries: 0 warmed, 2 already there"));
}
