//! Listing and clearing by prefix, by a walk over everything a server has.
//!
//! The server can only list all names (`lru_crawler metadump all`); they are checked as they
//! arrive, and foreign ones are discarded at once. It leaves out entries that it is moving meanwhile,
//! and those that are read at the same moment. So walks are repeated, with a pause between them,
//! until three in a row have found nothing new.
//!
//! The alternative, `metadump hash`, leaves nothing out, but holds a lock while it waits for the client to
//! read: a delete meanwhile would wait for ever, and a slow reader would block the server.

use std::collections::HashSet;
use std::io;
use std::time::{Duration, Instant};

use super::failure::{Broken, refused};
use super::lent::{Lender, Lent, dump};
use super::names::{self, Found, Name, find};
use super::replies::Reply;
use super::requests::Request;
use super::route::{Servers, step};
use super::talk::nonsense;
use crate::error::{CacheError, ErrorKind};
use crate::stores::together;
use crate::tools::glob::Glob;

const COMMAND: &[u8] = b"lru_crawler metadump all\r\n";

/// How many entries are looked at or deleted at once.
const BATCH: usize = 500;

/// How many whole values are fetched at once to see their keys.
const FEW: usize = 16;

/// It ends after this many walks in a row that found nothing new.
const IN_VAIN: usize = 3;

/// It ends after this many walks, even if others write faster than they are found.
const MOST_WALKS: usize = 10;

/// A server lists for one caller at a time; the others wait this long.
const BUSY_PAUSE: Duration = Duration::from_millis(20);
const BUSY_LIMIT: Duration = Duration::from_secs(30);

/// The purpose of a walk.
#[derive(Debug, Clone)]
pub struct Walk {
    pub(super) prefix: String,
    /// Which keys are listed; `None`: all are deleted.
    pub(super) pattern: Option<String>,
}

/// Returns the keys that were found; none if they were deleted.
pub(super) async fn walk<L: Lender>(link: &L, walk: &Walk) -> Result<Vec<String>, CacheError> {
    let Servers { ring, config } = link.servers();
    let mut found = HashSet::new();
    let mut last = None;
    let mut answered = 0;
    let servers = (0..ring.len()).map(|server| walk_server(link, server, walk));
    for (server, outcome) in together::all(servers).await.into_iter().enumerate() {
        match outcome {
            Ok(keys) => {
                answered += 1;
                found.extend(keys);
            }
            Err(End::Broken(broken)) => {
                last = Some(broken.describe(ring.address(server), config.op_timeout));
            }
            Err(End::Refused(error)) => return Err(error),
        }
    }
    match (last, &walk.pattern) {
        // What a lost server has cannot be read anyway; but it is not deleted either.
        (Some(_), Some(_)) if answered > 0 => {}
        (Some(error), _) => return Err(error),
        (None, _) => {}
    }
    let Some(pattern) = &walk.pattern else {
        return Ok(Vec::new());
    };
    let glob = Glob::new(pattern);
    let matches = |key: &String| {
        let rest = key.strip_prefix(&walk.prefix);
        rest.is_some_and(|rest| glob.matches(rest))
    };
    Ok(found.into_iter().filter(matches).collect())
}

/// Why a walk ended early.
enum End {
    Broken(Broken),
    Refused(CacheError),
}

impl From<io::Error> for End {
    fn from(error: io::Error) -> Self {
        Self::Broken(Broken::before(error))
    }
}

impl From<Broken> for End {
    fn from(broken: Broken) -> Self {
        Self::Broken(broken)
    }
}

/// Does the same for one server.
async fn walk_server<L: Lender>(
    link: &L,
    server: usize,
    walk: &Walk,
) -> Result<HashSet<String>, End> {
    let mut found = HashSet::new();
    let mut in_vain = 0;
    for _ in 0..MOST_WALKS {
        let is_in_vain = walk_once(link, server, walk, &mut found).await? == 0;
        in_vain = if is_in_vain { in_vain + 1 } else { 0 };
        if in_vain == IN_VAIN {
            break;
        }
        if is_in_vain {
            // What was being moved has arrived by then.
            link.pause(BUSY_PAUSE).await;
        }
    }
    Ok(found)
}

/// Makes one walk over a server; returns how many entries matched.
async fn walk_once<L: Lender>(
    link: &L,
    server: usize,
    walk: &Walk,
    found: &mut HashSet<String>,
) -> Result<usize, End> {
    let config = &link.servers().config;
    let began = Instant::now();
    let mut connection = dump(link, server, COMMAND, step(config)).await?;
    let mut batch: Vec<Listed> = Vec::new();
    let mut count = 0;
    loop {
        let line = match connection.replies().line() {
            Err(_) => return Err(nonsense().into()),
            Ok(None) => {
                connection.read(step(config)).await?;
                continue;
            }
            Ok(Some(line)) => Line::read(line, &walk.prefix),
        };
        let is_end = match line {
            Line::Foreign => continue,
            Line::Ours(listed) => {
                batch.push(listed);
                false
            }
            Line::End => true,
            Line::Busy if began.elapsed() < BUSY_LIMIT => {
                link.pause(BUSY_PAUSE).await;
                connection = dump(link, server, COMMAND, step(config)).await?;
                continue;
            }
            Line::Busy => {
                let what = "the server is listing its keys for somebody else";
                return Err(End::Refused(CacheError::new(ErrorKind::Store, what)));
            }
            Line::Refused(text) => return Err(End::Refused(cannot_list(&text))),
        };
        if is_end || batch.len() >= BATCH {
            let listed = std::mem::take(&mut batch);
            count += match &walk.pattern {
                Some(_) => collect(link, server, walk, listed, found).await?,
                None => delete(link, server, walk, listed).await?,
            };
        }
        if is_end {
            return Ok(count);
        }
    }
}

/// A name that the server listed, and what is known of it.
pub(super) struct Listed {
    pub(super) name: Vec<u8>,
    found: Found,
}

pub(super) enum Line {
    Foreign,
    Ours(Listed),
    End,
    Busy,
    Refused(String),
}

impl Line {
    pub(super) fn read(line: &[u8], prefix: &str) -> Self {
        if let Some(rest) = line.strip_prefix(b"key=") {
            let name = rest.split(|byte| *byte == b' ').next().unwrap_or_default();
            let name = names::decoded(name);
            return match find(&name, prefix) {
                Found::Foreign => Self::Foreign,
                found => Self::Ours(Listed { name, found }),
            };
        }
        match line {
            b"END" | b"EN" => Self::End,
            _ if line.starts_with(b"BUSY") => Self::Busy,
            _ => Self::Refused(String::from_utf8_lossy(line).into_owned()),
        }
    }
}

/// Adds the keys of these entries.
async fn collect<L: Lender>(
    link: &L,
    server: usize,
    walk: &Walk,
    listed: Vec<Listed>,
    found: &mut HashSet<String>,
) -> Result<usize, End> {
    let before = found.len();
    let mut cut = Vec::new();
    for listed in listed {
        match listed.found {
            // Others may write names that this client would not.
            Found::Key(key) if Name::of(&key).bytes() == listed.name => drop(found.insert(key)),
            Found::Cut { .. } => cut.push(listed.name),
            Found::Key(_) | Found::Foreign => {}
        }
    }
    let keys = whole_keys(link, server, &cut).await?;
    let keys = keys.into_iter().flatten();
    found.extend(keys.filter(|key| key.starts_with(&walk.prefix)));
    Ok(found.len() - before)
}

/// Deletes those of these entries that match; returns how many.
async fn delete<L: Lender>(
    link: &L,
    server: usize,
    walk: &Walk,
    listed: Vec<Listed>,
) -> Result<usize, End> {
    let (mut ours, mut unsure) = (Vec::new(), Vec::new());
    for Listed { name, found } in listed {
        match found {
            Found::Cut { is_sure: false } => unsure.push(name),
            _ => ours.push(name),
        }
    }
    let keys = whole_keys(link, server, &unsure).await?;
    for (name, key) in unsure.into_iter().zip(keys) {
        if key.is_some_and(|key| key.starts_with(&walk.prefix)) {
            ours.push(name);
        }
    }
    if ours.is_empty() {
        return Ok(0);
    }
    let request = Request::one(|request| {
        for name in &ours {
            request.delete(name);
        }
    });
    let replies = link
        .exchange(server, &request, step(&link.servers().config))
        .await?;
    for reply in replies {
        if let Reply::Refused(_) = reply {
            return Err(End::Refused(refused(reply)));
        }
    }
    Ok(ours.len())
}

/// Returns the keys that these entries begin with. A few at a time: they may be large.
async fn whole_keys<L: Lender>(
    link: &L,
    server: usize,
    names: &[Vec<u8>],
) -> Result<Vec<Option<String>>, End> {
    let mut keys = Vec::with_capacity(names.len());
    for few in names.chunks(FEW) {
        let request = Request::one(|request| {
            for name in few {
                request.get_by_name(name);
            }
        });
        let limits = step(&link.servers().config);
        let replies = link.exchange(server, &request, limits).await?;
        keys.extend(replies.into_iter().map(|reply| match reply {
            Reply::Done(item) => names::key_in_front(item.flags, &item.value),
            _ => None,
        }));
    }
    Ok(keys)
}

fn cannot_list(text: &str) -> CacheError {
    CacheError::new(
        ErrorKind::Unsupported,
        format!(
            "the server does not list its keys (it answered {text} to `lru_crawler metadump all`)"
        ),
    )
}
