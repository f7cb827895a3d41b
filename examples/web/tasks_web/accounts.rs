//! Who may log in, and who is logged in.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Redirect, Response};
use serde::{Deserialize, Serialize};
use tower_sessions::Session;

use crate::failure::Failure;

/// Somebody who may log in.
pub struct Person {
    pub id: i64,
    pub name: &'static str,
    password: &'static str,
}

/// Two people and their passwords, which the page shows, since this is a demonstration. A real service keeps
/// hashes that are slow to compute (argon2), and not in its code.
pub const PEOPLE: [Person; 2] = [
    Person {
        id: 1,
        name: "ann",
        password: "ann-1234",
    },
    Person {
        id: 2,
        name: "bob",
        password: "bob-1234",
    },
];

/// Somebody who is logged in. A handler that takes one redirects everybody else to the login.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct User {
    pub id: i64,
    pub name: String,
}

const KEY: &str = "user";

/// Returns the person who has this name and password.
pub fn find(name: &str, password: &str) -> Option<User> {
    let person = PEOPLE.iter().find(|person| person.name == name)?;
    is_same(person.password, password).then(|| User {
        id: person.id,
        name: person.name.to_owned(),
    })
}

/// Takes equally long for a password that is wrong at its end and for one that is wrong at its start.
fn is_same(one: &str, other: &str) -> bool {
    let different = one
        .bytes()
        .zip(other.bytes())
        .fold(0, |all, (a, b)| all | (a ^ b));
    one.len() == other.len() && different == 0
}

impl User {
    /// Returns the tag of everything that shows this person's tasks.
    pub fn tag(&self) -> String {
        format!("user:{}", self.id)
    }
}

/// Logs in under a new id: anybody who knew the id from before the login is not logged in by it. Returns who was
/// logged in before.
pub async fn log_in(session: &Session, user: &User) -> Result<Option<User>, Failure> {
    let before = session.get(KEY).await?;
    session.cycle_id().await?;
    session.insert(KEY, user).await?;
    Ok(before)
}

impl<S: Send + Sync> FromRequestParts<S> for User {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let session = Session::from_request_parts(parts, state).await;
        let session = session.map_err(IntoResponse::into_response)?;
        // A cache that is down logs nobody out, and lets nobody in.
        let user = session
            .get(KEY)
            .await
            .map_err(|error| Failure::from(error).into_response())?;
        user.ok_or_else(|| Redirect::to("/login").into_response())
    }
}
