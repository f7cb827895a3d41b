//! The command line.

use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  done, and the answer is no: no such entry, a check failed
  2  the command line, the URL or an option in it is wrong
  3  the store cannot be reached or does not answer in time
  4  this store or format cannot do that
  5  the store says no: wrong password, no right, no room
  6  there is an entry, and it cannot be read
  7  the question was not answered with yes";

/// Looks into any cache by its URL, and finds out what is wrong with it
///
/// The cache is named by --url, or by CACHE_URL in the environment (which keeps a password out of the list of
/// processes), or with --alias sessions by CACHE_URL_SESSIONS.
#[derive(Debug, Parser)]
#[command(name = "cachectl", version, after_help = EXIT_CODES, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Debug, Args)]
pub(crate) struct Common {
    /// The cache, as redis://host/1?key_prefix=app [default: CACHE_URL from the environment]
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) url: Option<String>,
    /// Take the URL from the variable of this alias: CACHE_URL_SESSIONS for sessions
    #[arg(long, global = true, value_name = "ALIAS", conflicts_with = "url")]
    pub(crate) alias: Option<String>,
    /// Write JSON, for programs
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Answer yes to every question
    #[arg(long, short, global = true)]
    pub(crate) yes: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// How many entries there are, and what the server counts
    Stats,
    /// The keys that match a pattern (`*`, `?`, `[abc]`), one a line
    Keys(Keys),
    /// An entry: its value, its times, its tags
    Get(Get),
    /// How long an entry is still fresh
    Ttl(OneKey),
    /// Forgets entries
    Delete(Delete),
    /// Forgets every entry with a tag
    DeleteTag {
        /// As functions give it: user:7
        tag: String,
    },
    /// Forgets every entry of the URL's key prefix and version
    Clear,
    /// Hits and misses as they come, where the server counts them
    Watch(Watch),
    /// The key that a function's call has in shared stores
    Key(Key),
    /// Makes the table of a SQL database; other stores need none
    CreateTable,
    /// Connects, measures, and explains what is wrong
    Check {
        /// The cache [default: as for the other commands]
        #[arg(value_name = "URL", conflicts_with_all = ["url", "alias"])]
        place: Option<String>,
    },
    /// Measures get, set and delete, in a key prefix of its own
    Bench(Bench),
    /// A script with which a shell completes this command
    Completions {
        /// For which shell
        shell: Shell,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Keys {
    /// Which, without the cache's prefix and version
    #[arg(default_value = "*")]
    pub(crate) pattern: String,
    /// With how long each is fresh, and how large it is; reads every entry
    #[arg(long, short)]
    pub(crate) long: bool,
    /// As the store has them, with prefix and version
    #[arg(long)]
    pub(crate) stored: bool,
    /// At most so many
    #[arg(long, value_name = "COUNT")]
    pub(crate) limit: Option<usize>,
    /// As they are, each with a null character behind it, for `xargs -0`
    #[arg(long, short = '0', conflicts_with_all = ["long", "json"])]
    pub(crate) null: bool,
}

/// What a key that can be read in two ways is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Reading {
    /// The key as programs say it
    User,
    /// The key as the store has it, with prefix and version
    Stored,
}

#[derive(Debug, Args)]
pub(crate) struct OneKey {
    /// As programs say it (user_tasks:9f3c…), or as the store has it (app:1:user_tasks:9f3c…)
    pub(crate) key: String,
    /// Which of the two, where both are there
    #[arg(long = "as", value_name = "READING")]
    pub(crate) reading: Option<Reading>,
}

#[derive(Debug, Args)]
pub(crate) struct Get {
    #[command(flatten)]
    pub(crate) key: OneKey,
    /// The value alone, as JSON
    #[arg(long)]
    pub(crate) value: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Delete {
    /// As for `get`
    #[arg(required = true, value_name = "KEY")]
    pub(crate) keys: Vec<String>,
    /// What they are, where both are there
    #[arg(long = "as", value_name = "READING")]
    pub(crate) reading: Option<Reading>,
}

#[derive(Debug, Args)]
pub(crate) struct Watch {
    /// Seconds between two lines
    #[arg(long, default_value = "1", value_parser = seconds)]
    pub(crate) interval: Duration,
    /// End after so many lines
    #[arg(long, value_name = "LINES")]
    pub(crate) count: Option<u64>,
}

#[derive(Debug, Args)]
pub(crate) struct Key {
    /// Its name in the key: get_user_tasks, load<app::User>; with its path (app::tasks::get_user_tasks) where it has
    /// no `key_prefix`
    pub(crate) function: String,
    /// Its arguments, as JSON; what is no JSON is text
    #[arg(allow_negative_numbers = true)]
    pub(crate) args: Vec<String>,
    /// The function's `key_prefix`
    #[arg(long)]
    pub(crate) key_prefix: Option<String>,
    /// A keyword argument, as JSON
    #[arg(long = "kwarg", value_name = "NAME=VALUE")]
    pub(crate) kwargs: Vec<String>,
    /// Print what is hashed instead
    #[arg(long)]
    pub(crate) text: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Bench {
    /// The cache [default: as for the other commands]
    #[arg(value_name = "URL", conflicts_with_all = ["url", "alias"])]
    pub(crate) place: Option<String>,
    /// How many operations are measured for each line
    #[arg(long, default_value = "1000", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) ops: u32,
    /// How many callers ask at once
    #[arg(long, value_delimiter = ',', default_value = "1,64", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) callers: Vec<u32>,
    /// How large values are, in bytes
    #[arg(long, value_delimiter = ',', default_value = "100,10000")]
    pub(crate) sizes: Vec<usize>,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let wanted = || "a number of seconds from 0.01 to 86400".to_owned();
    let seconds: f64 = text.parse().map_err(|_| wanted())?;
    if !(0.01..=86_400.0).contains(&seconds) {
        return Err(wanted());
    }
    Ok(Duration::from_secs_f64(seconds))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_holds_together() {
        super::Cli::command().debug_assert();
    }
}
