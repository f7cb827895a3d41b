//! A question before what cannot be undone.

use std::io::{self, BufRead, IsTerminal, Write};

use crate::args::Common;
use crate::exit::{Exit, Failure};
use crate::visible::visible;

/// Continues if the answer is yes. If nobody can be asked, `--yes` is required.
pub(crate) fn sure(common: &Common, question: &str) -> Result<(), Failure> {
    if common.yes {
        return Ok(());
    }
    let stdin = io::stdin();
    if !stdin.is_terminal() {
        let message = format!("nobody is there to be asked: {question}");
        let advice = "say --yes if that is what you want";
        return Err(Failure::new(Exit::Declined, message).advising(advice));
    }
    let mut answer = String::new();
    let asked = ask(&visible(question)).and_then(|()| stdin.lock().read_line(&mut answer));
    // Whatever is wrong: without a question there is no yes. (As a failed write to stdout, a closed pipe would
    // count as success.)
    asked.map_err(|error| {
        Failure::new(
            Exit::Declined,
            format!("the question cannot be asked: {error}"),
        )
    })?;
    match answer.trim().to_ascii_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(Failure::new(Exit::Declined, "nothing was changed")),
    }
}

fn ask(question: &str) -> io::Result<()> {
    let mut err = io::stderr();
    write!(err, "{question} [y/N] ")?;
    err.flush()
}
