//! Through the layer of tower-sessions: many people at once, each of them stays who he is.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::http::{Request, Response, StatusCode, header};
use axum::routing::get;
use cache_runtime::testing::{Fault, When};
use cache_runtime::{Cache, ErrorKind};
use cache_tests::redis_server::RedisServer;
use cache_web::session::CacheStore;
use http_body_util::BodyExt;
use tower::ServiceExt;
use tower_sessions::{Session, SessionManagerLayer};

use crate::support::{cache_on, faulty_store};

type Answer = Result<String, StatusCode>;

fn down(_: tower_sessions::session::Error) -> StatusCode {
    StatusCode::SERVICE_UNAVAILABLE
}

async fn visit(session: Session) -> Answer {
    session.insert("seen", true).await.map_err(down)?;
    who(session).await
}

async fn login(session: Session, Path(user): Path<String>) -> Answer {
    session.cycle_id().await.map_err(down)?;
    session.insert("user", &user).await.map_err(down)?;
    Ok(user)
}

async fn who(session: Session) -> Answer {
    let user = session.get::<String>("user").await.map_err(down)?;
    Ok(user.unwrap_or_else(|| "nobody".to_owned()))
}

/// Changes the session, so that it is saved.
async fn count(session: Session) -> Answer {
    let count: u64 = session.get("count").await.map_err(down)?.unwrap_or(0);
    session.insert("count", count + 1).await.map_err(down)?;
    who(session).await
}

async fn logout(session: Session) -> Answer {
    session.flush().await.map_err(down)?;
    Ok("bye".to_owned())
}

fn app(cache: Cache) -> Router {
    Router::new()
        .route("/visit", get(visit))
        .route("/login/{user}", get(login))
        .route("/who", get(who))
        .route("/count", get(count))
        .route("/logout", get(logout))
        .layer(SessionManagerLayer::new(CacheStore::new(cache)))
}

/// Status, text and the new cookie of a request.
async fn ask(app: &Router, path: &str, cookie: &str) -> (StatusCode, String, Option<String>) {
    let request = Request::get(path).header(header::COOKIE, cookie);
    let request = request.body(Body::empty()).unwrap();
    let response: Response<Body> = app.clone().oneshot(request).await.unwrap();
    let status = response.status();
    let cookie = response.headers().get(header::SET_COOKIE).map(|value| {
        let value = value.to_str().unwrap();
        value.split(';').next().unwrap().to_owned()
    });
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    (status, text, cookie)
}

#[tokio::test]
async fn the_id_is_another_after_login_and_the_old_one_is_nothing() {
    let app = app(Cache::isolated());
    let (_, text, before) = ask(&app, "/visit", "").await;
    let before = before.unwrap();
    assert_eq!(text, "nobody");
    let (_, _, after) = ask(&app, "/login/ann", &before).await;
    let after = after.unwrap();
    assert_ne!(before, after);
    assert_eq!(ask(&app, "/who", &after).await.1, "ann");
    // Who had given her the old id is not she.
    assert_eq!(ask(&app, "/who", &before).await.1, "nobody");
    assert_eq!(ask(&app, "/logout", &after).await.1, "bye");
    assert_eq!(ask(&app, "/who", &after).await.1, "nobody");
}

/// Forty people at once, each of them a hundred times.
async fn crowd(app: &Router) -> usize {
    let people = (0..40).map(|n| {
        let app = app.clone();
        tokio::spawn(async move {
            let user = format!("user-{n}");
            let mut cookie = loop {
                let (_, text, cookie) = ask(&app, &format!("/login/{user}"), "").await;
                if let (true, Some(cookie)) = (text == user, cookie) {
                    break cookie;
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
            };
            let mut told = 0;
            for turn in 0..100 {
                let path = if turn % 3 == 0 { "/count" } else { "/who" };
                let (status, text, new) = ask(&app, path, &cookie).await;
                if status == StatusCode::OK {
                    assert_eq!(text, user, "{path}");
                    told += 1;
                }
                // The layer takes no cookie away while the cache is down.
                if let Some(new) = new {
                    assert_eq!(new, cookie);
                    cookie = new;
                }
            }
            told
        })
    });
    let mut told = 0;
    for person in people.collect::<Vec<_>>() {
        told += person.await.unwrap();
    }
    told
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_at_once_stay_who_they_are_in_process_and_on_redis() {
    assert_eq!(crowd(&app(Cache::isolated())).await, 4000);
    let server = RedisServer::start();
    let url = format!("{}?op_timeout=10&connect_timeout=10", server.url(0));
    assert_eq!(crowd(&app(Cache::from_url(&url).unwrap())).await, 4000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_at_once_stay_who_they_are_on_a_store_that_fails_now_and_then() {
    let server = faulty_store();
    let some = |seed| When::Share { share: 0.05, seed };
    server.inject(Fault::Error(ErrorKind::Store), some(1));
    server.inject(Fault::Delay(Duration::from_millis(2)), some(2));
    let told = crowd(&app(cache_on(&server))).await;
    assert!(told > 400, "{told}");
    assert!(server.hit() > 100);
}
