//! What the servers report about themselves, and how it is added up.

use std::time::Duration;

use super::failure::{Broken, refused};
use super::lent::{Lender, Lent, dump};
use super::replies::Reply;
use super::route::{Servers, step};
use super::talk::nonsense;
use crate::error::CacheError;
use crate::store::facts::Facts;
use crate::stores::together;

const COMMAND: &[u8] = b"stats\r\n";

/// Returns the facts of all servers that answer; an error if none does.
pub(super) async fn facts<L: Lender>(link: &L) -> Result<Facts, CacheError> {
    let Servers { ring, config } = link.servers();
    let asked = (0..ring.len()).map(|server| facts_of(link, server));
    let (mut sum, mut lost) = (None::<Facts>, None);
    for (server, outcome) in together::all(asked).await.into_iter().enumerate() {
        match outcome {
            Ok(Ok(facts)) => {
                sum = Some(match sum {
                    Some(sum) => sum.plus(facts),
                    None => facts,
                });
            }
            Ok(Err(text)) => lost = Some(refused(Reply::Refused(text))),
            Err(broken) => {
                lost = Some(broken.describe(ring.address(server), config.op_timeout));
            }
        }
    }
    match (sum, lost) {
        (Some(sum), _) => Ok(sum),
        (None, Some(error)) => Err(error),
        (None, None) => Ok(Facts::default()),
    }
}

/// Returns one server's facts, or the text with which it refuses.
async fn facts_of<L: Lender>(link: &L, server: usize) -> Result<Result<Facts, String>, Broken> {
    let limits = step(&link.servers().config);
    let mut connection = dump(link, server, COMMAND, limits).await?;
    let mut facts = Facts {
        servers: 1,
        ..Facts::default()
    };
    loop {
        let line = match connection.replies().line() {
            Err(_) => return Err(Broken::before(nonsense())),
            Ok(None) => {
                connection.read(limits).await.map_err(Broken::before)?;
                continue;
            }
            Ok(Some(line)) => String::from_utf8_lossy(line),
        };
        match line.split_once(' ') {
            Some(("STAT", rest)) => note(&mut facts, rest),
            None if line == "END" => return Ok(Ok(facts)),
            _ => return Ok(Err(line.into_owned())),
        }
    }
}

fn note(facts: &mut Facts, line: &str) {
    let Some((name, value)) = line.split_once(' ') else {
        return;
    };
    let number = || value.parse::<u64>().ok();
    match name {
        "version" => facts.server = Some(format!("Memcached {value}")),
        "curr_items" => facts.entries = number(),
        "bytes" => facts.bytes = number(),
        "limit_maxbytes" => facts.max_bytes = number(),
        "get_hits" => facts.hits = number(),
        "get_misses" => facts.misses = number(),
        "evictions" => facts.evictions = number(),
        "curr_connections" => facts.connections = number(),
        "uptime" => facts.uptime = number().map(Duration::from_secs),
        _ => {}
    }
}
