//! `check`: goes step by step to a store that works, or to what is wrong with it.

mod host;
mod probe;

use cache_runtime::{CacheError, Capabilities};
use serde_json::{Value, json};

use crate::args::Common;
use crate::exit::{Exit, Failure, Outcome};
use crate::opened::{Opened, url_for};
use crate::output::Output;

pub(crate) async fn run(common: &Common, out: Output, place: Option<&str>) -> Outcome {
    let mut report = Report {
        out,
        steps: Vec::new(),
        exit: Exit::Ok,
    };
    let outcome = steps(common, &mut report, place).await;
    if let Err(failure) = outcome {
        // Nobody is reading any more.
        if failure.message.is_empty() {
            return Err(failure);
        }
        report.failed("url", failure)?;
    }
    if out.is_json {
        let is_fine = report.exit == Exit::Ok;
        out.json(&json!({ "ok": is_fine, "steps": report.steps }))?;
    }
    Ok(report.exit)
}

async fn steps(common: &Common, report: &mut Report, place: Option<&str>) -> Result<(), Failure> {
    let url = url_for(common, place)?;
    let opened = Opened::at(&url)?;
    report.done("url", &opened.shown, json!({ "place": opened.place() }))?;
    let mut is_found = true;
    for host in host::hosts_of(&url) {
        match host::resolve(&host).await {
            Ok(addresses) => {
                let text = format!("{host} is {}", addresses.join(", "));
                report.done("host", &text, json!({ "addresses": addresses }))?;
            }
            Err(failure) => {
                is_found = false;
                report.failed("host", failure)?;
            }
        }
    }
    if let Some(path) = opened.missing_file() {
        report.note("file", &format!("{path} is not there yet; it is made now"))?;
    }
    // Of several hosts, one may work.
    if is_found || host::hosts_of(&url).len() > 1 {
        probe::run(&opened, report).await?;
    }
    // Whatever the result.
    let _ = opened.cache.close().await;
    Ok(())
}

/// The findings, reported as they come.
struct Report {
    out: Output,
    steps: Vec<Value>,
    /// The exit code of the first step that failed.
    exit: Exit,
}

impl Report {
    fn done(&mut self, step: &str, text: &str, more: Value) -> Result<(), Failure> {
        self.say("ok", step, text)?;
        self.steps
            .push(json!({ "step": step, "ok": true, "message": text, "more": more }));
        Ok(())
    }

    /// Reports what is not a fault, but good to know.
    fn note(&mut self, step: &str, text: &str) -> Result<(), Failure> {
        self.say("--", step, text)?;
        self.steps
            .push(json!({ "step": step, "ok": true, "message": text }));
        Ok(())
    }

    fn failed(&mut self, step: &str, failure: Failure) -> Result<(), Failure> {
        self.say("NO", step, &failure.message)?;
        if let Some(advice) = &failure.advice
            && !self.out.is_json
        {
            self.out.line(&format!("    {:9} {advice}", ""))?;
        }
        if self.exit == Exit::Ok {
            self.exit = failure.exit;
        }
        self.steps.push(json!({
            "step": step,
            "ok": false,
            "message": failure.message,
            "advice": failure.advice,
        }));
        Ok(())
    }

    fn error(&mut self, step: &str, error: CacheError) -> Result<(), Failure> {
        self.failed(step, error.into())
    }

    fn say(&self, sign: &str, step: &str, text: &str) -> Result<(), Failure> {
        if !self.out.is_json {
            self.out.line(&format!("{sign}  {step:9} {text}"))?;
        }
        Ok(())
    }
}

/// Returns what a store does and does not do in one step, in words.
fn abilities(can: &Capabilities) -> (Vec<&'static str>, Vec<&'static str>) {
    let all = [
        (can.atomic_add, "atomic add"),
        (can.atomic_incr, "atomic incr"),
        (can.atomic_delete_if, "locks"),
        (can.atomic_set_unless, "tombstones in one step"),
        (can.list_keys, "list keys"),
        (can.batch, "many keys in one round trip"),
    ];
    let (can, cannot): (Vec<_>, Vec<_>) = all.into_iter().partition(|(can, _)| *can);
    let names = |abilities: Vec<(bool, &'static str)>| abilities.into_iter().map(|a| a.1).collect();
    (names(can), names(cannot))
}
