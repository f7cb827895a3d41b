//! What a real server refuses.

use cache_runtime::{Cache, CacheError};
use cache_tests::redis_server::RedisServer;

use crate::group::Group;

pub(crate) fn groups() -> Vec<Group> {
    let server = RedisServer::start();
    let limits = "op_timeout=30&connect_timeout=30";
    let at = |login: &str| {
        let url = format!("redis://{login}127.0.0.1:{}?{limits}", server.port());
        Cache::from_url(&url).unwrap().blocking()
    };
    let anybody = at("");
    anybody.set("name", "text", 60).unwrap();
    let counted = anybody.incr("name", 1).unwrap_err();
    let user = [
        "ACL", "SETUSER", "me", "on", ">pw", "~*", "+get", "+ping", "+client",
    ];
    assert_eq!(server.command(&user), "OK");
    let refused = at("me:wrong@").get::<u8>("task").unwrap_err();
    let forbidden = at("me:pw@").set("task", &1, 60).unwrap_err();
    let little = ["CONFIG", "SET", "maxmemory", "1kb"];
    assert_eq!(server.command(&little), "OK");
    let full = anybody.set("task", &1, 60).unwrap_err();
    let locked = RedisServer::start_with(&["--requirepass", "right"]);
    let url = format!("redis://127.0.0.1:{}?{limits}", locked.port());
    let nobody = Cache::from_url(&url).unwrap().blocking();
    vec![
        Group::new("run redis_incr", [counted]),
        Group::new(
            "run redis_login",
            [refused, nobody.get::<u8>("task").unwrap_err()],
        ),
        Group::new("run redis_refuses", [coded(&forbidden), coded(&full)]),
    ]
}

/// Up to the code: what follows are the server's own words, which change with its version.
fn coded(error: &CacheError) -> String {
    let text = error.to_string();
    let code = "the server answered ";
    let after = text.find(code).unwrap() + code.len();
    let end = text[after..].find(' ').unwrap() + after;
    format!("{} …", &text[..end])
}
