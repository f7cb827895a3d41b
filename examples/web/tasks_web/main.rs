//! The guide's task list as a web application: people log in, see their own page, change it, and see the
//! change at once; functions, a fragment, pages and sessions are cached, and `/cache` shows the effect.
//!
//! `cargo run -p cache-web-examples --example tasks_web` listens on <http://127.0.0.1:3000> (set `PORT` for
//! another port) and keeps everything in this process. `CACHE_URL='redis://127.0.0.1/1?key_prefix=tasks_web'` keeps
//! it in Redis (`dummy://` keeps nothing, so that nobody stays logged in); `CACHE_URL_SESSIONS` names a cache for
//! the sessions only. `DATABASE=tasks.sqlite` names a file for the tasks, which are otherwise created anew at
//! each start.
//!
//! `… --example tasks_web -- warm` makes the entries that the pages will ask for, before anyone comes.

mod accounts;
mod database;
mod failure;
mod handlers;
mod origin;
mod tasks;
mod templates;

use std::error::Error;

use axum::Router;
use axum::http::HeaderValue;
use axum::http::header::CACHE_CONTROL;
use axum::middleware::{from_fn, map_response};
use axum::response::Response;
use axum::routing::{get, post};
use cache_runtime::caches;
use cache_web::page::cache_page;
use cache_web::panel::{Panel, server_timing};
use cache_web::session::CacheStore;
use tokio::net::TcpListener;
use tower_sessions::cookie::{SameSite, time::Duration};
use tower_sessions::{Expiry, SessionManagerLayer};

use crate::accounts::PEOPLE;
use crate::database::Database;
use crate::handlers::App;
use crate::tasks::Tasks;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let file = std::env::var("DATABASE").ok();
    let tasks = Tasks::new(Database::open(file.as_deref())?);
    if file.is_none() {
        // What a cache from an earlier run holds is about an older database.
        caches().get("default")?.delete_tag("tasks").await.ok();
    }
    match std::env::args().nth(1).as_deref() {
        None => serve(tasks).await,
        Some("warm") => warm(&tasks).await,
        Some(other) => Err(format!("{other:?} is no command: say `warm`, or nothing").into()),
    }
}

async fn serve(tasks: Tasks) -> Result<(), Box<dyn Error>> {
    let port: u16 = match std::env::var("PORT") {
        Ok(port) => port
            .parse()
            .map_err(|_| format!("PORT is {port:?}, no number of a port"))?,
        Err(_) => 3000,
    };
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    println!("Listening on http://{}", listener.local_addr()?);
    let stop = async {
        tokio::signal::ctrl_c().await.ok();
    };
    axum::serve(listener, router(tasks)?)
        .with_graceful_shutdown(stop)
        .await?;
    Ok(())
}

fn router(tasks: Tasks) -> Result<Router, Box<dyn Error>> {
    // Sessions have a cache of their own if there is one: nothing else must evict them.
    let cache = caches()
        .get("sessions")
        .or_else(|_| caches().get("default"))?;
    let sessions = SessionManagerLayer::new(CacheStore::new(cache))
        .with_name("tasks_web")
        .with_expiry(Expiry::OnInactivity(Duration::days(14)))
        // A link from another site finds people logged in; a form from another site does not.
        .with_same_site(SameSite::Lax)
        // There is no TLS on 127.0.0.1. A service that has it leaves this out.
        .with_secure(false);

    // Whole pages, each for the client with that cookie. A reload is no reason to render one again: a change is.
    let cached = cache_page(60)
        .vary_on_cookie()
        .ignore_request_directives()
        .cache_status("tasks_web");
    let pages = Router::new()
        .route("/", get(handlers::list))
        .layer(cached)
        .layer(map_response(ask_each_time));

    let panel = Panel::new();
    Ok(Router::new()
        .merge(pages)
        .route("/login", get(handlers::login_form).post(handlers::login))
        .route("/logout", post(handlers::logout))
        .route("/tasks", post(handlers::add))
        .route("/tasks/{id}/done", post(handlers::set_done))
        .route("/tasks/{id}/remove", post(handlers::remove))
        .with_state(App::new(tasks))
        .layer(sessions)
        .layer(from_fn(origin::check))
        // What the caches did for each request, at /cache. It shows what is cached for everybody: for
        // development only, on this machine.
        .layer(panel.layer())
        .layer(server_timing())
        .nest_service("/cache", panel))
}

/// Makes the browser keep the page and ask each time whether it is still current, since a change must be seen at
/// once: our cache answers, with 304 and no body if nothing has changed.
async fn ask_each_time(mut page: Response) -> Response {
    let control = HeaderValue::from_static("private, no-cache");
    page.headers_mut().insert(CACHE_CONTROL, control);
    page
}

/// Makes the entries, for a deploy or a timer.
async fn warm(tasks: &Tasks) -> Result<(), Box<dyn Error>> {
    let people = || PEOPLE.iter().map(|person| person.id);
    println!("lists: {}", tasks.of_user_warm(people()).quiet().await);
    let tasks = tasks.clone();
    let statistics =
        tokio::task::spawn_blocking(move || tasks.statistics_warm(people()).quiet().run());
    println!("statistics: {}", statistics.await?);
    Ok(())
}
