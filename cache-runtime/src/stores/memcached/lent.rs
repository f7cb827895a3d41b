//! An exchange on a connection that is lent for it: what is decided there, for callers that await and
//! callers that block.

use std::future::Future;
use std::io;
use std::time::Duration;

use super::failure::{Broken, connection_was_dead};
use super::replies::{Replies, Reply};
use super::requests::Request;
use super::route::Exchange;
use super::shelf::Shelf;
use super::talk::{Limits, Talk};

/// A connection that nobody else uses; it awaits, or blocks inside the first poll.
pub(super) trait Lent: Send {
    /// Of the shelf, when it was made.
    fn generation(&self) -> u64;

    /// Whether the request may be sent on it after a rest, as far as can be seen.
    fn is_fit_for(&self, request: &Request) -> bool;

    /// Writes some of the bytes; how many.
    fn write(
        &mut self,
        bytes: &[u8],
        limits: Limits,
    ) -> impl Future<Output = io::Result<usize>> + Send;

    /// Waits until something came.
    fn read(&mut self, limits: Limits) -> impl Future<Output = io::Result<()>> + Send;

    /// What came.
    fn replies(&mut self) -> &mut Replies;
}

/// Whose connections they are.
pub(super) trait Lender: Exchange {
    type Connection: Lent;

    /// Those of this server that nobody uses.
    fn shelf(&self, server: usize) -> &Shelf<Self::Connection>;

    fn connect(
        &self,
        server: usize,
        limits: Limits,
    ) -> impl Future<Output = io::Result<Self::Connection>> + Send;

    fn pause(&self, time: Duration) -> impl Future<Output = ()> + Send;
}

/// The replies to the request, on a connection that rested or else on a new one.
pub(super) async fn exchange<L: Lender>(
    lender: &L,
    server: usize,
    request: &Request,
    limits: Limits,
) -> Result<Vec<Reply>, Broken> {
    let shelf = lender.shelf(server);
    while let Some(mut connection) = shelf.take() {
        if !connection.is_fit_for(request) {
            continue;
        }
        let mut talk = Talk::new(request);
        match hold(&mut connection, &mut talk, limits).await {
            Ok(()) => return Ok(give(shelf, connection, talk)),
            // The server was restarted, or closed an idle connection: once more, on a new one.
            Err(error)
                if connection_was_dead(&error) && !(request.is_once_only && talk.has_begun()) =>
            {
                shelf.retire(connection.generation());
                break;
            }
            Err(error) => return Err(broken(error, &talk)),
        }
    }
    let connection = lender.connect(server, limits).await;
    let mut connection = connection.map_err(Broken::before)?;
    let mut talk = Talk::new(request);
    match hold(&mut connection, &mut talk, limits).await {
        Ok(()) => Ok(give(shelf, connection, talk)),
        Err(error) => Err(broken(error, &talk)),
    }
}

/// A connection of its own on which a command was sent that many lines answer.
pub(super) async fn dump<L: Lender>(
    lender: &L,
    server: usize,
    mut command: &'static [u8],
    limits: Limits,
) -> Result<L::Connection, Broken> {
    let connection = lender.connect(server, limits).await;
    let mut connection = connection.map_err(Broken::before)?;
    while !command.is_empty() {
        let written = connection.write(command, limits).await;
        command = &command[written.map_err(Broken::before)?..];
    }
    Ok(connection)
}

async fn hold<C: Lent>(connection: &mut C, talk: &mut Talk<'_>, limits: Limits) -> io::Result<()> {
    loop {
        while let bytes @ [_, ..] = talk.to_write() {
            let written = connection.write(bytes, limits).await?;
            talk.wrote(written);
        }
        connection.read(limits).await?;
        talk.take(connection.replies())?;
        if talk.is_done() {
            return Ok(());
        }
    }
}

/// Gives the connection back; the replies are the caller's.
fn give<C: Lent>(shelf: &Shelf<C>, connection: C, talk: Talk<'_>) -> Vec<Reply> {
    if !talk.is_spoilt() {
        let generation = connection.generation();
        shelf.give(connection, generation);
    }
    talk.replies
}

fn broken(error: io::Error, talk: &Talk<'_>) -> Broken {
    Broken {
        may_be_done: talk.has_begun(),
        ..Broken::before(error)
    }
}
