//! What is sent on a new connection before anything else, in this order.

use redis::Value;

use super::commands::{Call, command, read_done};
use super::config::RedisConfig;
use super::failure;
use super::packed::Packed;

/// The result of asking for RESP3.
#[derive(Debug, PartialEq)]
pub(super) enum Hello {
    /// The client is logged in, and both sides speak it.
    Done,
    /// The server refuses, for this reason, and the connection is unchanged.
    Refused(String),
}

/// Asks for RESP3, and logs in with it.
pub(super) fn hello(config: &RedisConfig) -> Call<Hello> {
    let mut parts = vec!["3"];
    if let Some(password) = &config.password {
        let username = config.username.as_deref().unwrap_or("default");
        parts.extend(["AUTH", username, password]);
    }
    Call::one(command("HELLO", &parts), |reply| match reply {
        Value::Map(_) => Ok(Hello::Done),
        Value::ServerError(error) => match error.code() {
            "WRONGPASS" | "NOAUTH" => Err(failure::login(&error)),
            // Too old for the command, or for the version; or not permitted to this user. The rest
            // of the message is not shown: it may repeat what was sent, and thereby the password.
            code => Ok(Hello::Refused(code.to_owned())),
        },
        other => Err(failure::unexpected(&other)),
    })
}

/// Identifies the client.
pub(super) fn greeting(config: &RedisConfig, is_logged_in: bool) -> Vec<Call<()>> {
    let mut calls = Vec::with_capacity(3);
    if !is_logged_in {
        calls.extend(login(
            config.username.as_deref(),
            config.password.as_deref(),
        ));
    }
    if config.db != 0 {
        let select = command("SELECT", &[config.db.to_string()]);
        calls.push(Call::one(select, read_done));
    }
    let mut introduction = Packed::default();
    for (what, text) in [
        ("LIB-NAME", "cache-runtime"),
        ("LIB-VER", env!("CARGO_PKG_VERSION")),
    ] {
        let parts = ["CLIENT", "SETINFO", what, text];
        introduction.add(&parts.map(str::as_bytes));
    }
    // Servers before 7.2 do not know this command, and it may not be permitted: that does no harm.
    calls.push(Call::many(introduction, |_| Ok(())));
    calls
}

/// The login, if there is a password.
pub(super) fn login(username: Option<&str>, password: Option<&str>) -> Option<Call<()>> {
    let password = password?;
    let login = match username {
        Some(username) => command("AUTH", &[username, password]),
        None => command("AUTH", &[password]),
    };
    Some(Call::one(login, |reply| match reply {
        Value::ServerError(error) => Err(failure::login(&error)),
        other => read_done(other),
    }))
}

#[cfg(test)]
mod tests {
    use redis::Value;

    use super::{Hello, hello};
    use crate::ErrorKind;
    use crate::stores::redis::{RedisAddress, RedisConfig};

    fn answer(text: &str) -> Result<Hello, ErrorKind> {
        let config = RedisConfig::new(RedisAddress::tcp("localhost", 6379));
        let reply = redis::parse_redis_value(text.as_bytes()).unwrap();
        (hello(&config).read)(reply).map_err(|error| error.kind())
    }

    #[test]
    fn only_a_wrong_login_is_an_error() {
        let refused = |code: &str| Ok(Hello::Refused(code.into()));
        assert_eq!(
            answer("-ERR unknown command `HELLO`, with args beginning with: `3`\r\n"),
            refused("ERR")
        );
        assert_eq!(
            answer("-NOPROTO unsupported protocol version\r\n"),
            refused("NOPROTO")
        );
        assert_eq!(
            answer("-NOPERM this user has no permissions\r\n"),
            refused("NOPERM")
        );
        assert_eq!(
            answer("-WRONGPASS invalid username-password pair\r\n"),
            Err(ErrorKind::Store)
        );
        assert_eq!(
            answer("-NOAUTH HELLO must be called with the client already authenticated\r\n"),
            Err(ErrorKind::Store)
        );
        assert_eq!(answer("%1\r\n+proto\r\n:3\r\n"), Ok(Hello::Done));
        let done = (hello(&RedisConfig::new(RedisAddress::tcp("h", 1))).read)(Value::Okay);
        assert!(
            done.is_err(),
            "a server that says OK has not said what it speaks"
        );
    }

    #[test]
    fn the_login_is_part_of_it() {
        let mut config = RedisConfig::new(RedisAddress::tcp("localhost", 6379));
        let text = |config: &RedisConfig| String::from_utf8(hello(config).request.bytes).unwrap();
        assert_eq!(text(&config), "*2\r\n$5\r\nHELLO\r\n$1\r\n3\r\n");
        config.password = Some("pw".into());
        assert!(text(&config).ends_with("$4\r\nAUTH\r\n$7\r\ndefault\r\n$2\r\npw\r\n"));
        config.username = Some("me".into());
        assert!(text(&config).ends_with("$4\r\nAUTH\r\n$2\r\nme\r\n$2\r\npw\r\n"));
    }
}
