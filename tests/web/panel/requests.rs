//! Requests as the panel's layer traces them.

use std::convert::Infallible;
use std::sync::Mutex;

use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::http::Request;
use axum::routing::get;
use cache_runtime::{Cache, Kind, Outcome, TraceEvent, cache_result, caches, note};
use cache_web::cache_page;
use cache_web::fragment::Fragments;
use cache_web::panel::Panel;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::world;

#[cache_result(timeout = 60, key_prefix = "panel_inner", cache = "requests")]
async fn inner(n: u64) -> u64 {
    n
}

#[cache_result(timeout = 60, key_prefix = "panel_outer", cache = "requests")]
async fn outer(n: u64) -> u64 {
    inner(n).await
}

/// An application whose requests `panel` shows, with the panel in it.
pub(crate) struct App(Router);

impl App {
    pub(crate) async fn get(&self, address: &str) -> (u16, String) {
        let request = Request::get(address).header("host", "localhost:3000");
        let response = self.0.clone().oneshot(request.body(Body::empty()).unwrap());
        let response = response.await.unwrap();
        let status = response.status().as_u16();
        let body = axum::body::to_bytes(response.into_body(), 1 << 20).await;
        (status, String::from_utf8(body.unwrap().to_vec()).unwrap())
    }
}

pub(crate) async fn app(panel: &Panel) -> App {
    static ONCE: Mutex<bool> = Mutex::new(false);
    let mut is_set = ONCE.lock().unwrap();
    if !std::mem::replace(&mut *is_set, true) {
        let cache = Cache::from_url("memory://?key_prefix=requests").unwrap();
        caches().set("requests", cache).unwrap();
    }
    let page = async |Path(n): Path<u64>| {
        note(|| TraceEvent::new(Kind::Page, "/page/{n}", Outcome::Miss));
        outer(n).await.to_string()
    };
    App(Router::new()
        .route("/page/{n}", get(page))
        .route("/plain", get(async || "plain"))
        .nest_service("/cache", panel.clone())
        .layer(panel.layer()))
}

async fn told(panel: &Panel, after: u64) -> Value {
    let address = format!("/api/requests?after={after}");
    world::get(panel, &address).await.json()
}

#[tokio::test]
async fn each_request_tells_what_it_asked_of_caches() {
    let panel = Panel::new();
    let app = app(&panel).await;
    assert_eq!(app.get("/page/1001").await, (200, "1001".to_owned()));
    app.get("/page/1001").await;
    app.get("/plain").await;
    app.get("/nowhere").await;
    let answer = told(&panel, 0).await;
    assert_eq!(answer["last"], 4);
    let requests = answer["requests"].as_array().unwrap();
    let events = |at: usize| -> Vec<Value> {
        let events = requests[at]["events"].as_array().unwrap();
        let told = events.iter().map(|event| {
            json!([
                event["kind"],
                event["name"],
                event["outcome"],
                event["depth"]
            ])
        });
        told.collect()
    };
    assert_eq!(
        events(0),
        [
            json!(["page", "/page/{n}", "miss", 0]),
            json!(["function", "outer", "miss", 0]),
            json!(["function", "inner", "miss", 1]),
        ]
    );
    assert_eq!(
        events(1),
        [
            json!(["page", "/page/{n}", "miss", 0]),
            json!(["function", "outer", "hit", 0]),
        ]
    );
    assert!(events(2).is_empty());
    assert_eq!(
        (&requests[1]["hits"], &requests[1]["misses"]),
        (&1.into(), &1.into())
    );
    assert_eq!(
        (&requests[3]["path"], &requests[3]["status"]),
        (&"/nowhere".into(), &404.into())
    );
    let key = outer::entry(1001).key().to_string();
    assert_eq!(requests[0]["events"][1]["key"], Value::String(key.clone()));
    assert_eq!(requests[0]["events"][1]["cache"], "requests");
    // Live: only what is new.
    let news = told(&panel, 3).await;
    assert_eq!(news["requests"].as_array().unwrap().len(), 1);
    let page = world::get(&panel, "/").await;
    assert!(page.has("data-last=\"4\"") && page.has("<span class=\"path\">/page/1001</span>"));
    let link = format!("?cache=requests&amp;key={}", key.replace(':', "%3A"));
    assert!(page.has(&link), "{}", page.text);
}

#[tokio::test]
async fn a_page_that_is_asked_for_with_a_query_is_told_without_its_key() {
    let panel = Panel::new();
    let pages = cache_page(600).cache(Cache::isolated());
    let site = Router::new().route("/p", get(async || "p"));
    let app = App(site.layer(pages).layer(panel.layer()));
    for address in ["/p?token=secret", "/p?token=secret", "/p"] {
        app.get(address).await;
    }
    let answer = told(&panel, 0).await;
    assert!(!answer.to_string().contains("secret"), "{answer}");
    let event = |at: usize| &answer["requests"][at]["events"][0];
    assert_eq!(
        (&event(1)["name"], &event(1)["outcome"]),
        (&"/p".into(), &"hit".into())
    );
    assert_eq!(event(2)["key"], "page::localhost:3000/p");
}

#[tokio::test]
async fn it_works_where_it_is_mounted_and_leaves_itself_out() {
    let panel = Panel::new();
    let app = app(&panel).await;
    for address in [
        "/cache",
        "/cache/",
        "/cache?panel.css",
        "/cache/api/report",
        "/cache/api/requests?after=0",
        "/cache/x",
    ] {
        let (status, _) = app.get(address).await;
        assert_eq!(
            status,
            if address.ends_with('x') { 404 } else { 200 },
            "{address}"
        );
    }
    assert_eq!(told(&panel, 0).await["last"], 0);
}

#[tokio::test]
async fn only_the_last_requests_are_kept_and_they_are_numbered() {
    let panel = Panel::new().requests(3);
    let app = app(&panel).await;
    for _ in 0..10 {
        app.get("/plain").await;
    }
    let answer = told(&panel, 0).await;
    let ids: Vec<_> = answer["requests"]
        .as_array()
        .unwrap()
        .iter()
        .map(|request| &request["id"])
        .collect();
    assert_eq!(
        (ids, &answer["last"]),
        (vec![&json!(8), &json!(9), &json!(10)], &json!(10))
    );
    let none = Panel::new().requests(0);
    self::app(&none).await.get("/plain").await;
    let answer = told(&none, 0).await;
    assert_eq!(
        (&answer["requests"], &answer["last"]),
        (&json!([]), &json!(1))
    );
}

#[tokio::test]
async fn one_request_cannot_fill_the_memory() {
    let panel = Panel::new();
    let work = async || {
        for n in 0..1000 {
            inner(n).await;
        }
        "done"
    };
    let router = Router::new().route("/", get(work)).layer(panel.layer());
    App(router).get("/").await;
    let request = &told(&panel, 0).await["requests"][0];
    assert_eq!(request["events"].as_array().unwrap().len(), 200);
    assert_eq!(request["left_out"], 800);
    assert!(world::get(&panel, "/").await.has("and 800 more"));
}

#[tokio::test]
async fn paths_and_names_are_no_html() {
    let panel = Panel::new();
    let work = async || {
        let event = || TraceEvent::new(Kind::Fragment, "<script>f", Outcome::Hit).key("<script>k");
        note(event);
    };
    let router = Router::new()
        .route("/{*path}", get(work))
        .layer(panel.layer());
    App(router).get("/x'\"onload=").await;
    let page = world::get(&panel, "/").await;
    assert_eq!(page.text.matches("<script").count(), 1, "{}", page.text);
    assert!(page.has("&lt;script&gt;f") && page.has("&lt;script&gt;k"));
    assert!(page.has("/x&#39;&quot;onload="));
}

#[tokio::test]
async fn pages_and_fragments_are_told_with_what_came_of_them() {
    let cache = world::cache("parts_of_pages");
    let panel = Panel::new();
    let part = Fragments::new().cache(cache.clone()).fragment("part");
    let page = async move || {
        let part = part.render(async || Ok::<_, Infallible>("part"));
        part.await.unwrap().to_string()
    };
    let pages = cache_page(60).cache(&cache);
    let app = App(Router::new()
        .route("/parts", get(page))
        .layer(pages)
        .layer(panel.layer()));
    app.get("/parts").await;
    app.get("/parts").await;
    app.get("/parts?other").await;
    let answer = told(&panel, 0).await;
    let requests = answer["requests"].as_array().unwrap();
    let events = requests.iter().map(|request| {
        let events = request["events"].as_array().unwrap().iter();
        let told = events.map(|event| json!([event["kind"], event["name"], event["outcome"]]));
        told.collect::<Vec<_>>()
    });
    let page = |outcome| json!(["page", "/parts", outcome]);
    let fragment = |outcome| json!(["fragment", "part", outcome]);
    assert_eq!(
        events.collect::<Vec<_>>(),
        [
            vec![page("miss"), fragment("miss")],
            vec![page("hit")],
            vec![page("miss"), fragment("hit")],
        ]
    );
}
