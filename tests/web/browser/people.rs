//! Who is logged in sees his own page, and who is not sees none.

use crate::application::Application;
use crate::browser::Browser;

const COOKIE: &str = "tasks_web";

#[test]
fn two_people_see_their_own_pages_however_often_and_in_whatever_order() {
    let application = Application::start(None);
    let (ann, bob) = (application.browser_of("ann"), application.browser_of("bob"));
    for _ in 0..3 {
        for (browser, name, task) in [
            (&ann, "Ann", "Call the bank"),
            (&bob, "Bob", "Mend the bicycle"),
        ] {
            application.open(browser);
            assert_eq!(browser.text("h1"), format!("{name}'s tasks"));
            assert!(
                browser.texts("li span").contains(&task.to_owned()),
                "{name}"
            );
        }
    }
    ann.screenshot("tasks_of_ann");
    bob.screenshot("tasks_of_bob");
}

#[test]
fn who_is_not_logged_in_sees_the_login_and_a_wrong_password_is_told() {
    let application = Application::start(None);
    let browser = Browser::start();
    application.open(&browser);
    assert_eq!(browser.url(), format!("{}/login", application.url));
    browser.write("[name=name]", "ann");
    browser.write("[name=password]", "bob-1234");
    browser.follow("button");
    assert_eq!(browser.text(".wrong"), "No one has this name and password.");
    browser.screenshot("login");
    application.open(&browser);
    assert_eq!(browser.url(), format!("{}/login", application.url));
}

#[test]
fn the_cookie_of_before_is_worth_nothing_after_a_login_and_after_a_logout() {
    let application = Application::start(None);
    let (owner, thief) = (application.browser_of("ann"), Browser::start());
    let first = owner.cookie(COOKIE).unwrap();
    application.open(&owner);
    assert_eq!(owner.text("h1"), "Ann's tasks");

    let steal = |cookie: &str| {
        application.open(&thief);
        thief.set_cookie(COOKIE, cookie);
        application.open(&thief);
        thief.text("h1")
    };
    assert_eq!(steal(&first), "Ann's tasks", "a cookie is all it takes");

    // Another login in the same browser.
    application.log_in(&owner, "bob");
    let second = owner.cookie(COOKIE).unwrap();
    assert_ne!(first, second);
    assert_eq!(steal(&first), "Tasks");
    assert_eq!(steal(&second), "Bob's tasks");

    application.open(&owner);
    owner.follow("header button");
    assert_eq!(owner.url(), format!("{}/login", application.url));
    assert_eq!(owner.cookie(COOKIE), None);
    assert_eq!(steal(&second), "Tasks");
}

#[test]
fn what_people_write_is_text_and_not_html() {
    let application = Application::start(None);
    let browser = application.browser_of("ann");
    let wicked = "<img src=x onerror=\"document.title='hacked'\">";
    browser.write("[name=title]", wicked);
    browser.follow("#add");
    application.open(&browser);
    let tasks = browser.texts("li span");
    assert!(tasks.contains(&wicked.to_owned()), "{tasks:?}");
    assert!(tasks.contains(&"Buy <b>bold</b> cheese & bread".to_owned()));
    assert_eq!(browser.texts("li span *"), [""; 0]);
}

#[test]
fn a_form_of_another_site_changes_nothing() {
    let (application, other) = (Application::start(None), Application::start(None));
    let browser = application.browser_of("ann");
    // Another port is another origin, and the same site: the cookie goes along, so that all depends on the
    // origin.
    browser.open(&format!("{}/login", other.url));
    let script = "const form = document.querySelector('form');
        form.action = arguments[0];
        form.innerHTML = '<input name=title value=Evil><button>Go</button>'";
    browser.run(script, &[format!("{}/tasks", application.url).into()]);
    browser.follow("button");
    assert_eq!(browser.text("body"), "this form is of another site");
    application.open(&browser);
    assert_eq!(browser.text("h1"), "Ann's tasks");
    assert!(!browser.texts("li span").contains(&"Evil".to_owned()));
}
