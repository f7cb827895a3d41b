//! The commands, one file each.

mod bench;
mod check;
mod clear;
mod completions;
mod create_table;
mod delete;
mod delete_tag;
mod get;
mod key;
mod keys;
mod stats;
mod ttl;
mod watch;

use crate::args::{Cli, Command};
use crate::exit::Outcome;
use crate::opened::Opened;
use crate::output::Output;

/// Runs the command that was asked for.
pub(crate) async fn run(cli: &Cli) -> Outcome {
    let common = &cli.common;
    let out = Output {
        is_json: common.json,
    };
    match &cli.command {
        Command::Key(args) => return key::run(common, out, args),
        Command::Check { place } => return check::run(common, out, place.as_deref()).await,
        Command::Bench(args) => return bench::run(common, out, args).await,
        Command::Completions { shell } => return completions::run(*shell),
        _ => {}
    }
    let opened = Opened::open(common)?;
    let outcome = match &cli.command {
        Command::Stats => stats::run(&opened, out).await,
        Command::Keys(args) => keys::run(&opened, out, args).await,
        Command::Get(args) => get::run(&opened, out, args).await,
        Command::Ttl(args) => ttl::run(&opened, out, args).await,
        Command::Delete(args) => delete::run(&opened, out, args).await,
        Command::DeleteTag { tag } => delete_tag::run(common, &opened, out, tag).await,
        Command::Clear => clear::run(common, &opened, out).await,
        Command::Watch(args) => watch::run(&opened, out, args).await,
        Command::CreateTable => create_table::run(&opened, out).await,
        Command::Key(_)
        | Command::Check { .. }
        | Command::Bench(_)
        | Command::Completions { .. } => unreachable!("they open no cache, and are done"),
    };
    // Changes are published to the processes that have copies, before this one ends.
    let closed = opened.cache.close().await;
    let exit = outcome?;
    closed?;
    Ok(exit)
}
