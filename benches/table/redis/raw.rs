//! The bare client, as someone would write it by hand: the limit, for ours goes through it.
#![allow(clippy::unwrap_used, reason = "a race that cannot run shall stop")]

use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::io::tcp::TcpSettings;
use redis::{AsyncTypedCommands, Client, Connection, IntoConnectionInfo, TypedCommands};

use super::page::Page;
use super::url;
use crate::callers;

const TIMEOUT: u64 = 600;

fn client() -> Client {
    Client::open(url()).unwrap()
}

/// As ours: a request does not wait for what was sent before, which is quicker over a network. Ours
/// puts the requests of many callers into one packet, this client need not.
fn nodelay_client() -> Client {
    let settings = TcpSettings::default().set_nodelay(true);
    let address = url().into_connection_info().unwrap();
    Client::open(address.set_tcp_settings(settings)).unwrap()
}

fn key(id: u64) -> String {
    format!("raw:page:{id}")
}

fn json(id: u64) -> Vec<u8> {
    serde_json::to_vec(&Page::of(id)).unwrap()
}

/// The multiplexed connection that the callers share; it waits 500 ms for a reply, as ours.
#[derive(Clone)]
pub(crate) struct Raw(MultiplexedConnection);

impl Raw {
    pub(crate) fn new() -> Self {
        Self::connect(&client())
    }

    pub(crate) fn nodelay() -> Self {
        Self::connect(&nodelay_client())
    }

    fn connect(client: &Client) -> Self {
        let connecting = client.get_multiplexed_async_connection();
        Self(callers::wait(connecting).unwrap())
    }

    pub(crate) async fn set(mut self, id: u64) {
        self.0.set_ex(key(id), json(id), TIMEOUT).await.unwrap();
    }

    pub(crate) async fn get(mut self, id: u64) -> Vec<u8> {
        let bytes: Option<Vec<u8>> = redis::AsyncCommands::get(&mut self.0, key(id))
            .await
            .unwrap();
        bytes.unwrap()
    }

    pub(crate) async fn page(self, id: u64) -> Page {
        serde_json::from_slice(&self.get(id).await).unwrap()
    }

    /// A miss: the page is looked for, made and stored.
    pub(crate) async fn miss(mut self, id: u64) -> Page {
        let bytes: Option<Vec<u8>> = redis::AsyncCommands::get(&mut self.0, key(id))
            .await
            .unwrap();
        if let Some(bytes) = bytes {
            return serde_json::from_slice(&bytes).unwrap();
        }
        let page = Page::of(id);
        let json = serde_json::to_vec(&page).unwrap();
        self.0.set_ex(key(id), json, TIMEOUT).await.unwrap();
        page
    }
}

/// The connection of one caller that blocks.
pub(crate) struct RawSync(Connection);

impl RawSync {
    pub(crate) fn new() -> Self {
        let connection = client().get_connection().unwrap();
        // As ours, and as the async client does by itself.
        let limit = Some(Duration::from_millis(500));
        connection.set_read_timeout(limit).unwrap();
        connection.set_write_timeout(limit).unwrap();
        Self(connection)
    }

    pub(crate) fn set(&mut self, id: u64) {
        self.0.set_ex(key(id), json(id), TIMEOUT).unwrap();
    }

    pub(crate) fn get(&mut self, id: u64) -> Vec<u8> {
        let bytes: Option<Vec<u8>> = redis::Commands::get(&mut self.0, key(id)).unwrap();
        bytes.unwrap()
    }

    pub(crate) fn page(&mut self, id: u64) -> Page {
        serde_json::from_slice(&self.get(id)).unwrap()
    }
}
