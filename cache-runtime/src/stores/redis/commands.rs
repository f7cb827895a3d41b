//! What is sent for each operation and how its reply is read; the same for every kind of caller.

use std::time::Duration;

use redis::Value;

use super::failure::{self, refused};
use super::packed::{Packed, decimal};
use crate::error::CacheError;
use crate::markers::tombstone::Unless;
use crate::store::Ttl;

/// `INCRBY` on keys that exist. The answer is read back as text, because a number that passes
/// through Lua is a float and loses digits beyond 2^53. `EVAL` and not `EVALSHA`: the text is
/// short, the server keeps it compiled, and there is no second round trip after a restart.
const INCR: &str = "\
if redis.call('EXISTS', KEYS[1]) == 0 then return false end
redis.call('INCRBY', KEYS[1], ARGV[1])
return redis.call('GET', KEYS[1])";

/// `DEL` of a value that is still there.
const DELETE_IF: &str = "\
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])";

/// `SET`, unless a stamp under the second key forbids it, as defined by [`Unless::forbids`]. A stamp has
/// 16 digits, and a float is exact up to 2^53, which has as many and will do for more than two centuries.
const SET_UNLESS: &str = "\
local at, machine = string.match(redis.call('GET', KEYS[2]) or '', '^(%d+)-(%x+)$')
if at and tonumber(at) >= tonumber(machine == ARGV[4] and ARGV[3] or ARGV[5]) then return 0 end
if ARGV[2] == '' then
redis.call('SET', KEYS[1], ARGV[1])
else
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
end
return 1";

/// One exchange with the server: what is sent, and how the reply is read.
#[derive(Debug)]
pub(super) struct Call<T> {
    pub(super) request: Request,
    pub(super) read: fn(Value) -> Result<T, CacheError>,
}

/// What is sent.
#[derive(Debug, Clone)]
pub struct Request {
    pub(super) bytes: Vec<u8>,
    /// How many replies are expected; at least one.
    pub(super) replies: usize,
    /// Several commands in one go: the reply is an array.
    pub(super) is_pipeline: bool,
    /// Whether sending it twice has the same effect and answer as sending it once. That is not so for `add` and
    /// `incr`: if the first answer was lost, the second is wrong.
    pub(super) repeatable: bool,
}

impl<T> Call<T> {
    pub(super) fn one(command: Packed, read: fn(Value) -> Result<T, CacheError>) -> Self {
        Self::of(command, false, read)
    }

    pub(super) fn many(commands: Packed, read: fn(Value) -> Result<T, CacheError>) -> Self {
        Self::of(commands, true, read)
    }

    fn of(packed: Packed, is_pipeline: bool, read: fn(Value) -> Result<T, CacheError>) -> Self {
        let request = Request {
            bytes: packed.bytes,
            replies: packed.commands,
            is_pipeline,
            repeatable: true,
        };
        Self { request, read }
    }

    fn once_only(mut self) -> Self {
        self.request.repeatable = false;
        self
    }
}

pub(super) fn get(key: &str) -> Call<Option<Vec<u8>>> {
    Call::one(command("GET", &[key]), read_value)
}

pub(super) fn set(key: &str, value: &[u8], ttl: Option<Duration>) -> Call<()> {
    let mut command = Packed::default();
    add_set(&mut command, key, value, ttl, &[]);
    Call::one(command, read_done)
}

pub(super) fn delete(key: &str) -> Call<bool> {
    Call::one(command("UNLINK", &[key]), |reply| {
        read_number(reply).map(|count| count > 0)
    })
}

pub(super) fn add(key: &str, value: &[u8], ttl: Option<Duration>) -> Call<bool> {
    let mut command = Packed::default();
    add_set(&mut command, key, value, ttl, b"NX");
    Call::one(command, |reply| match reply {
        Value::Okay => Ok(true),
        Value::Nil => Ok(false),
        other => Err(refused(other)),
    })
    .once_only()
}

pub(super) fn delete_if(key: &str, value: &[u8]) -> Call<bool> {
    let arguments = [DELETE_IF.as_bytes(), b"1", key.as_bytes(), value];
    let delete = Call::one(command("EVAL", &arguments), |reply| {
        read_number(reply).map(|count| count > 0)
    });
    delete.once_only()
}

/// Sent twice, it reports correctly the second time: if something forbade it meanwhile, that has
/// deleted what the first had written. If `key` is that of the stamp itself, the second meets
/// the stamp of the first and reports a refusal; but a stamp as new as this one is there.
pub(super) fn set_unless(
    key: &str,
    value: &[u8],
    ttl: Option<Duration>,
    unless: Unless<'_>,
) -> Call<bool> {
    let life = ttl.map_or_else(String::new, |ttl| milliseconds(ttl).to_string());
    let (own, machine) = unless.own();
    let (own, foreign) = (own.to_string(), unless.foreign().to_string());
    let arguments = [
        SET_UNLESS.as_bytes(),
        b"2",
        key.as_bytes(),
        unless.key.as_bytes(),
        value,
        life.as_bytes(),
        own.as_bytes(),
        machine.as_bytes(),
        foreign.as_bytes(),
    ];
    Call::one(command("EVAL", &arguments), |reply| {
        read_number(reply).map(|count| count > 0)
    })
}

pub(super) fn touch(key: &str, ttl: Option<Duration>) -> Call<bool> {
    let commands = match ttl {
        Some(ttl) => {
            let ttl = milliseconds(ttl).to_string();
            command("PEXPIRE", &[key, &ttl])
        }
        // PERSIST returns 0 for a key that lives for ever already: EXISTS provides the answer.
        None => {
            let mut commands = command("PERSIST", &[key]);
            commands.add(&[b"EXISTS", key.as_bytes()]);
            commands
        }
    };
    Call::many(commands, |reply| {
        let replies = read_array(reply)?.into_iter().map(read_number);
        let numbers = replies.collect::<Result<Vec<_>, _>>()?;
        Ok(numbers.last().is_some_and(|number| *number > 0))
    })
}

pub(super) fn ttl(key: &str) -> Call<Ttl> {
    Call::one(command("PTTL", &[key]), |reply| {
        Ok(match read_number(reply)? {
            -2 => Ttl::Missing,
            -1 => Ttl::Never,
            left => Ttl::After(Duration::from_millis(left.unsigned_abs())),
        })
    })
}

pub(super) fn incr(key: &str, by: i64) -> Call<Option<i64>> {
    let command = command("EVAL", &[INCR, "1", key, &by.to_string()]);
    Call::one(command, |reply| match reply {
        Value::Nil => Ok(None),
        Value::BulkString(digits) => std::str::from_utf8(&digits)
            .ok()
            .and_then(|digits| digits.parse().ok())
            .map(Some)
            .ok_or_else(|| failure::unexpected(&Value::BulkString(digits))),
        other => Err(refused(other)),
    })
    .once_only()
}

pub(super) fn get_many(keys: &[String]) -> Call<Vec<Option<Vec<u8>>>> {
    Call::one(command("MGET", keys), |reply| {
        read_array(reply)?.into_iter().map(read_value).collect()
    })
}

pub(super) fn set_many(items: &[(String, Vec<u8>)], ttl: Option<Duration>) -> Call<Vec<usize>> {
    let mut commands = Packed::default();
    for (key, value) in items {
        add_set(&mut commands, key, value, ttl, &[]);
    }
    Call::many(commands, |reply| {
        let replies = read_array(reply)?.into_iter().enumerate();
        let failed = replies.filter(|(_, reply)| !matches!(reply, Value::Okay));
        Ok(failed.map(|(at, _)| at).collect())
    })
}

pub(super) fn delete_many<K: AsRef<[u8]>>(keys: &[K]) -> Call<u64> {
    Call::one(command("UNLINK", keys), |reply| {
        read_number(reply).map(i64::unsigned_abs)
    })
}

/// Makes one step of a walk over the keys that match `glob`: the next cursor (0 at the end), and keys.
pub(super) fn scan(cursor: u64, glob: &str) -> Call<(u64, Vec<Vec<u8>>)> {
    let command = command(
        "SCAN",
        &[&cursor.to_string(), "MATCH", glob, "COUNT", "1000"],
    );
    let call = Call::one(command, |reply| {
        let mut halves = read_array(reply)?.into_iter();
        match (halves.next(), halves.next()) {
            (Some(cursor), Some(keys)) => {
                Ok((read_number(cursor)?.cast_unsigned(), read_keys(keys)?))
            }
            _ => Err(failure::unexpected(&Value::Nil)),
        }
    });
    // A cursor is meaningful only to the server that gave it; after a restart it may skip keys.
    if cursor == 0 { call } else { call.once_only() }
}

/// Which node of a cluster has which slots; the same command for all versions of the server.
pub(super) fn cluster_slots() -> Request {
    let command = command("CLUSTER", &["SLOTS"]);
    Call::one(command, |_| Ok(())).request
}

/// Receiving news twice does no harm.
pub(super) fn publish(channel: &str, message: &str) -> Call<()> {
    Call::one(command("PUBLISH", &[channel, message]), read_published)
}

/// The same, only by a master: a replica accepts a message and keeps it to its own listeners.
pub(super) fn publish_by_master(channel: &str, message: &str) -> Call<()> {
    let mut commands = Packed::one(&[b"ROLE"]);
    commands.add(&[b"PUBLISH", channel.as_bytes(), message.as_bytes()]);
    Call::many(commands, |reply| {
        if failure::is_by_replica(&reply) {
            return Err(failure::no_master());
        }
        let last = read_array(reply)?.pop();
        read_published(last.unwrap_or(Value::Nil))
    })
}

fn read_published(reply: Value) -> Result<(), CacheError> {
    match reply {
        Value::Int(_) => Ok(()),
        other => Err(failure::not_allowed(other)),
    }
}

/// The server's response to this counts as unsolicited, so a ping is sent along with it, whose
/// response is the reply. A refusal comes first.
pub(super) fn subscribe(channel: &str) -> Call<()> {
    let mut commands = command("SUBSCRIBE", &[channel]);
    commands.add(&[b"PING"]);
    let mut call = Call::many(commands, |reply| match reply {
        Value::SimpleString(_) => Ok(()),
        other => Err(failure::not_allowed(other)),
    });
    (call.request.replies, call.request.is_pipeline) = (1, false);
    call
}

pub(super) fn ping() -> Call<()> {
    Call::one(Packed::one(&[b"PING"]), |reply| match reply {
        Value::SimpleString(_) => Ok(()),
        other => Err(refused(other)),
    })
}

pub(super) fn command<A: AsRef<[u8]>>(name: &str, arguments: &[A]) -> Packed {
    let lengths = arguments.iter().map(|argument| argument.as_ref().len());
    let mut command = Packed::default();
    command.begin(1 + arguments.len(), name.len() + lengths.sum::<usize>());
    command.part(name.as_bytes());
    for argument in arguments {
        command.part(argument.as_ref());
    }
    command
}

/// Adds a `SET`; `condition` may be empty.
pub(super) fn add_set(
    commands: &mut Packed,
    key: &str,
    value: &[u8],
    ttl: Option<Duration>,
    condition: &[u8],
) {
    let mut digits = [0; 20];
    let ttl = ttl.map(|ttl| decimal(milliseconds(ttl).unsigned_abs(), &mut digits));
    let mut parts: [&[u8]; 6] = [b"SET", key.as_bytes(), value, b"", b"", b""];
    let mut count = 3;
    if let Some(ttl) = ttl {
        (parts[3], parts[4]) = (b"PX", ttl);
        count = 5;
    }
    if !condition.is_empty() {
        parts[count] = condition;
        count += 1;
    }
    commands.add(&parts[..count]);
}

/// Returns whole milliseconds, rounded up: nothing expires early, and a fraction is not "at once".
///
/// Kept below the point where the server, adding it to the current time, would overflow.
fn milliseconds(ttl: Duration) -> i64 {
    const MOST: i64 = i64::MAX / 2;
    i64::try_from(ttl.as_nanos().div_ceil(1_000_000)).map_or(MOST, |ms| ms.clamp(1, MOST))
}

pub(super) fn read_value(reply: Value) -> Result<Option<Vec<u8>>, CacheError> {
    match reply {
        Value::Nil => Ok(None),
        Value::BulkString(bytes) => Ok(Some(bytes)),
        other => Err(refused(other)),
    }
}

pub(super) fn read_done(reply: Value) -> Result<(), CacheError> {
    match reply {
        Value::Okay => Ok(()),
        other => Err(refused(other)),
    }
}

pub(super) fn read_number(reply: Value) -> Result<i64, CacheError> {
    match reply {
        Value::Int(number) => Ok(number),
        // The cursor of SCAN is a number written as text.
        Value::BulkString(digits) => std::str::from_utf8(&digits)
            .ok()
            .and_then(|digits| digits.parse::<u64>().ok())
            .map(u64::cast_signed)
            .ok_or_else(|| failure::unexpected(&Value::BulkString(digits))),
        other => Err(refused(other)),
    }
}

fn read_array(reply: Value) -> Result<Vec<Value>, CacheError> {
    match reply {
        Value::Array(items) => Ok(items),
        other => Err(refused(other)),
    }
}

fn read_keys(reply: Value) -> Result<Vec<Vec<u8>>, CacheError> {
    let read = |item| read_value(item).map(Option::unwrap_or_default);
    read_array(reply)?.into_iter().map(read).collect()
}

/// Text that is not a value: a name, an address.
pub(super) fn read_text(reply: Value) -> Result<String, CacheError> {
    match reply {
        Value::BulkString(text) => Ok(String::from_utf8_lossy(&text).into_owned()),
        Value::SimpleString(text) => Ok(text),
        other => Err(refused(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_rounded_up_and_bounded() {
        for (ttl, expected) in [
            (Duration::ZERO, 1),
            (Duration::from_nanos(1), 1),
            (Duration::from_micros(1_500), 2),
            (Duration::from_millis(2), 2),
            (Duration::MAX, i64::MAX / 2),
        ] {
            assert_eq!(milliseconds(ttl), expected, "{ttl:?}");
        }
    }

    #[test]
    fn only_what_answers_the_same_is_sent_twice() {
        assert!(get("k").request.repeatable);
        assert!(set("k", b"v", None).request.repeatable);
        assert!(scan(0, "*").request.repeatable);
        assert!(!scan(7, "*").request.repeatable);
        assert!(!incr("k", 1).request.repeatable);
        assert!(!add("k", b"v", None).request.repeatable);
        assert!(!delete_if("k", b"v").request.repeatable);
    }
}
