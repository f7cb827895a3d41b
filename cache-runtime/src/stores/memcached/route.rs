//! Which server is asked, and which one when it does not answer.

use std::future::Future;
use std::io;
use std::time::{Duration, Instant};

use super::config::MemcachedConfig;
use super::failure::Broken;
use super::replies::Reply;
use super::requests::Request;
use super::ring::{Ring, View};
use super::talk::Limits;
use crate::clock::end_of;
use crate::error::{CacheError, ErrorKind};
use crate::stores::together;

/// What all callers of a store share.
#[derive(Debug)]
pub(super) struct Servers {
    pub(super) config: MemcachedConfig,
    pub(super) ring: Ring,
}

impl Servers {
    pub(super) fn new(config: MemcachedConfig) -> Self {
        Self {
            ring: Ring::new(&config.servers),
            config,
        }
    }

    /// Returns the deadline of an operation that begins now.
    pub(super) fn deadline(&self) -> Instant {
        end_of(self.config.op_timeout)
    }
}

/// How requests reach a server: awaiting, or blocking inside the first poll.
pub(super) trait Exchange: Send + Sync {
    fn servers(&self) -> &Servers;

    /// Sends the request and returns the replies, as many as there are commands.
    fn exchange(
        &self,
        server: usize,
        request: &Request,
        limits: Limits,
    ) -> impl Future<Output = Result<Vec<Reply>, Broken>> + Send;
}

/// Returns the replies of the server that has `name`, or of the next one.
pub(super) async fn ask<X: Exchange>(
    link: &X,
    name: &[u8],
    request: &Request,
    deadline: Instant,
) -> Result<Vec<Reply>, CacheError> {
    let Servers { ring, config } = link.servers();
    let mut attempts = Attempts::new(deadline);
    let mut view = ring.view();
    loop {
        let Some(server) = ring.choose(name, &mut view, attempts.tried) else {
            return Err(attempts.failed());
        };
        let limits = attempts.begin(ring, server);
        match link.exchange(server, request, limits).await {
            Ok(replies) => {
                ring.found(server);
                return Ok(replies);
            }
            Err(broken) => attempts.note(ring, config, server, request, broken)?,
        }
    }
}

/// The servers that were tried in one operation.
struct Attempts {
    deadline: Instant,
    tried: u64,
    /// How much time the last one was given.
    patience: Duration,
    last: Option<CacheError>,
}

impl Attempts {
    fn new(deadline: Instant) -> Self {
        Self {
            deadline,
            tried: 0,
            patience: Duration::ZERO,
            last: None,
        }
    }

    /// Returns how long this server may take. A silent one must leave time to ask another.
    fn begin(&mut self, ring: &Ring, server: usize) -> Limits {
        self.tried |= 1 << server;
        let left = self.deadline.saturating_duration_since(Instant::now());
        let is_last = self.tried == ring.all();
        self.patience = if is_last { left } else { left / 2 };
        Limits {
            deadline: self.deadline,
            patience: self.patience,
        }
    }

    /// Notes a failure; returns an error if no other server may be asked.
    fn note(
        &mut self,
        ring: &Ring,
        config: &MemcachedConfig,
        server: usize,
        request: &Request,
        broken: Broken,
    ) -> Result<(), CacheError> {
        // If a server was asked when the time was nearly over, its silence says nothing.
        let had_time = self.patience >= config.op_timeout / 8;
        if broken.blames_server && (had_time || broken.error.kind() != io::ErrorKind::TimedOut) {
            ring.lost(server);
        }
        let may_go_on = broken.blames_server && !(request.is_once_only && broken.may_be_done);
        let error = broken.describe(ring.address(server), config.op_timeout);
        if !may_go_on || self.deadline <= Instant::now() {
            return Err(error);
        }
        self.last = Some(error);
        Ok(())
    }

    fn failed(&mut self) -> CacheError {
        let nobody = || CacheError::new(ErrorKind::Unavailable, "there is no memcached server");
        self.last.take().unwrap_or_else(nobody)
    }
}

/// The result of a batch.
pub(super) struct Batch {
    /// The reply to each command; `None` if there is none.
    pub(super) replies: Vec<Option<Reply>>,
    /// Why some are missing.
    pub(super) error: Option<CacheError>,
}

/// Asks each server for its part of a batch, all at once; what a lost server has not answered is
/// asked of the others. `name` returns the name of the command at a position, and `add` adds it to
/// a request. The commands may be sent twice.
pub(super) async fn ask_many<'n, X: Exchange>(
    link: &X,
    count: usize,
    name: impl Fn(usize) -> &'n [u8] + Send,
    add: impl Fn(&mut Request, usize) + Send,
) -> Batch {
    let Servers { ring, config } = link.servers();
    let deadline = link.servers().deadline();
    let mut batch = Batch {
        replies: vec![None; count],
        error: None,
    };
    let mut view = ring.view();
    let mut attempts = Attempts::new(deadline);
    let mut open: Vec<usize> = (0..count).collect();
    let mut failed = 0_u64;
    while !open.is_empty() && deadline > Instant::now() {
        let parts = parts(ring, &mut view, failed, &open, &name, &add);
        if parts.is_empty() {
            break;
        }
        let asked: Vec<_> = parts
            .iter()
            .map(|part| {
                // Separate limits: it may be asked again for another's part.
                attempts.tried = failed;
                let limits = attempts.begin(ring, part.server);
                link.exchange(part.server, &part.request, limits)
            })
            .collect();
        let answers = together::all(asked).await;
        open.clear();
        for (part, answer) in parts.into_iter().zip(answers) {
            match answer {
                Ok(replies) => {
                    ring.found(part.server);
                    for (at, reply) in part.commands.into_iter().zip(replies) {
                        batch.replies[at] = Some(reply);
                    }
                }
                Err(broken) => {
                    let is_lost = broken.blames_server;
                    let noted = attempts.note(ring, config, part.server, &part.request, broken);
                    failed |= 1 << part.server;
                    batch.error = Some(noted.err().unwrap_or_else(|| attempts.failed()));
                    if is_lost {
                        open.extend(part.commands);
                    }
                }
            }
        }
    }
    if batch.replies.iter().all(Option::is_some) {
        batch.error = None;
    }
    batch
}

/// A server's part of a batch.
struct Part {
    server: usize,
    commands: Vec<usize>,
    request: Request,
}

fn parts<'n>(
    ring: &Ring,
    view: &mut View,
    failed: u64,
    open: &[usize],
    name: impl Fn(usize) -> &'n [u8],
    add: impl Fn(&mut Request, usize),
) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    for at in open {
        let server = if ring.len() == 1 {
            (failed == 0).then_some(0)
        } else {
            ring.choose(name(*at), view, failed)
        };
        let Some(server) = server else { continue };
        let known = parts.iter().position(|part| part.server == server);
        let part = known.unwrap_or_else(|| {
            parts.push(Part {
                server,
                commands: Vec::new(),
                request: Request::default(),
            });
            parts.len() - 1
        });
        parts[part].commands.push(*at);
        add(&mut parts[part].request, *at);
    }
    parts
}

/// Returns the limits of one step of a walk over a server.
pub(super) fn step(config: &MemcachedConfig) -> Limits {
    Limits {
        deadline: end_of(config.op_timeout),
        patience: Duration::MAX,
    }
}
