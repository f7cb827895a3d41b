//! What the routes do.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use cache_runtime::{caches, current};
use minijinja::context;
use minijinja::value::Serde;
use serde::Deserialize;
use tower_sessions::Session;

use crate::accounts::{self, User};
use crate::failure::Failure;
use crate::tasks::Tasks;
use crate::templates::Templates;

/// What the handlers use.
#[derive(Clone)]
pub struct App {
    tasks: Tasks,
    templates: Arc<Templates>,
    /// How many lists have been rendered, to show that they are not rendered each time.
    rendered: Arc<AtomicU64>,
}

impl App {
    pub fn new(tasks: Tasks) -> Self {
        Self {
            templates: Arc::new(Templates::new(tasks.clone())),
            tasks,
            rendered: Arc::default(),
        }
    }
}

type Page = Result<Html<String>, Failure>;
type Done = Result<Redirect, Failure>;

/// Shows the tasks of the person who is logged in.
pub async fn list(State(app): State<App>, user: User) -> Page {
    // The page is invalidated with everything else that shows this person's tasks.
    current().tag(user.tag());
    let tasks = app.tasks.of_user(user.id).await?;
    let number = app.rendered.fetch_add(1, Ordering::Relaxed) + 1;
    let values = context! { user => Serde(&user), tasks => Serde(&tasks), number };
    Ok(app.templates.render("tasks.html", values)?)
}

pub async fn login_form(State(app): State<App>) -> Page {
    Ok(app.templates.render("login.html", context! {})?)
}

/// The fields of the form.
#[derive(Deserialize)]
pub struct Login {
    name: String,
    password: String,
}

pub async fn login(
    State(app): State<App>,
    session: Session,
    Form(login): Form<Login>,
) -> Result<Response, Failure> {
    let Some(user) = accounts::find(&login.name, &login.password) else {
        let page = app.templates.render(
            "login.html",
            context! { name => login.name, is_wrong => true },
        )?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    };
    let before = accounts::log_in(&session, &user).await?;
    forget_pages_of(before).await;
    Ok(Redirect::to("/").into_response())
}

pub async fn logout(session: Session, user: User) -> Done {
    session.flush().await?;
    forget_pages_of(Some(user)).await;
    Ok(Redirect::to("/login"))
}

/// Invalidates the pages: somebody with the cookie of an ended session must not get a page either.
async fn forget_pages_of(user: Option<User>) {
    let Some(user) = user else { return };
    let forgotten = match caches().get("default") {
        Ok(cache) => cache.delete_tag(&user.tag()).await,
        Err(error) => Err(error),
    };
    if let Err(error) = forgotten {
        eprintln!("cache: {error}");
    }
}

/// The fields of the form.
#[derive(Deserialize)]
pub struct New {
    title: String,
}

pub async fn add(State(app): State<App>, user: User, Form(new): Form<New>) -> Done {
    let title = new.title.trim();
    if !title.is_empty() {
        app.tasks.add(user.id, title.to_owned()).await?;
    }
    Ok(Redirect::to("/"))
}

/// The fields of the form.
#[derive(Deserialize)]
pub struct IsDone {
    is_done: bool,
}

pub async fn set_done(
    State(app): State<App>,
    user: User,
    Path(id): Path<i64>,
    Form(form): Form<IsDone>,
) -> Done {
    app.tasks.set_done(user.id, id, form.is_done).await?;
    Ok(Redirect::to("/"))
}

pub async fn remove(State(app): State<App>, user: User, Path(id): Path<i64>) -> Done {
    app.tasks.remove(user.id, id).await?;
    Ok(Redirect::to("/"))
}
