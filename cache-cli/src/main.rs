//! `cachectl`: looks into any cache by its URL, and finds out what is wrong with it.
//!
//! | file | about |
//! | --- | --- |
//! | `args` | what the command line accepts |
//! | `opened` | which cache is meant |
//! | `lookup` | which entry a key names |
//! | `commands` | one file for each command |
//! | `explain` | what an error means, and what to do about it |
//! | `exit` | what the exit code means |
//! | `output`, `text` | tables and JSON; sizes and times in readable form |
//! | `visible` | which characters of untrusted text reach a terminal |
//! | `ask`, `progress` | a question before what cannot be undone; the progress of long work |

#![forbid(unsafe_code)]

mod args;
mod ask;
mod commands;
mod exit;
mod explain;
mod lookup;
mod opened;
mod output;
mod progress;
mod text;
mod visible;

use std::process::ExitCode;

use clap::Parser;

use crate::args::Cli;
use crate::exit::{Exit, Failure};
use crate::output::note;

fn main() -> ExitCode {
    let cli = Cli::parse();
    // Two threads, so that the callers of `bench` really ask at the same time.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            note(&format!("cachectl: no threads to run on: {error}"));
            return Exit::Refused.into();
        }
    };
    match runtime.block_on(commands::run(&cli)) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            tell(&failure);
            failure.exit.into()
        }
    }
}

fn tell(failure: &Failure) {
    if failure.message.is_empty() {
        return;
    }
    note(&format!("cachectl: {}", failure.message));
    if let Some(advice) = &failure.advice {
        note(&format!("  {advice}"));
    }
}
