//! A request to a node that a slot is moving to: `ASKING` precedes each of its commands.

use redis::Value;

use super::super::commands::Request;
use super::super::packed::Packed;

/// Returns the same request with `ASKING`.
pub(super) fn asking(request: &Request) -> Request {
    let mut packed = Packed::default();
    let mut rest = &*request.bytes;
    while !rest.is_empty() {
        let (command, tail) = rest.split_at(first_command(rest));
        packed.add(&[b"ASKING"]);
        packed.bytes.extend_from_slice(command);
        packed.commands += 1;
        rest = tail;
    }
    Request {
        bytes: packed.bytes,
        replies: packed.commands,
        is_pipeline: true,
        repeatable: request.repeatable,
    }
}

/// Returns the reply to `request`, from that to `asking(request)`.
pub(super) fn answered(request: &Request, reply: Value) -> Value {
    let Value::Array(replies) = reply else {
        return reply;
    };
    // The other replies are the OK to `ASKING`.
    let mut replies = replies.into_iter().skip(1).step_by(2);
    if request.is_pipeline {
        Value::Array(replies.collect())
    } else {
        replies.next().unwrap_or(Value::Nil)
    }
}

/// Returns the length of the first command. The bytes were made here: an array of strings, all of them there.
fn first_command(bytes: &[u8]) -> usize {
    let (parts, mut at) = head(bytes, 0);
    for _ in 0..parts {
        let (length, text) = head(bytes, at);
        at = text + length + "\r\n".len();
    }
    at.min(bytes.len())
}

/// Returns the number in the line that begins at `at`, and where the next one begins.
fn head(bytes: &[u8], at: usize) -> (usize, usize) {
    let rest = bytes.get(at + 1..).unwrap_or_default();
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit());
    let length = digits.clone().count();
    let number = digits.fold(0, |number, digit| number * 10 + usize::from(digit - b'0'));
    (number, at + 1 + length + "\r\n".len())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use redis::Value;

    use super::{answered, asking};
    use crate::stores::redis::commands;

    #[test]
    fn each_command_is_asked_for() {
        let touch = commands::touch("k\r\n*3", None).request;
        let asked = asking(&touch);
        assert_eq!(asked.replies, 4);
        let expected = "*1\r\n$6\r\nASKING\r\n*2\r\n$7\r\nPERSIST\r\n$5\r\nk\r\n*3\r\n\
                        *1\r\n$6\r\nASKING\r\n*2\r\n$6\r\nEXISTS\r\n$5\r\nk\r\n*3\r\n";
        assert_eq!(String::from_utf8(asked.bytes).unwrap(), expected);
        let value = vec![b'*'; 3000];
        let add = commands::add("k", &value, Some(Duration::from_secs(1))).request;
        assert!(!asking(&add).repeatable);
        assert_eq!(asking(&add).bytes.len(), add.bytes.len() + 16);
    }

    #[test]
    fn the_replies_are_those_of_the_commands() {
        let (get, touch) = (
            commands::get("k").request,
            commands::touch("k", None).request,
        );
        let reply = Value::Array(vec![Value::Okay, Value::Nil]);
        assert_eq!(answered(&get, reply), Value::Nil);
        let reply = Value::Array(vec![Value::Okay, Value::Int(0), Value::Okay, Value::Int(1)]);
        let expected = Value::Array(vec![Value::Int(0), Value::Int(1)]);
        assert_eq!(answered(&touch, reply), expected);
    }
}
