//! What is expected of each case: `expected.tsv`, a case a line.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Required,
    Optimal,
    /// Both results are right; the suite only looks.
    Check,
}

#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) kind: Kind,
    pub(crate) passes: bool,
    pub(crate) id: String,
    pub(crate) reason: Option<String>,
}

pub(crate) fn cases() -> Vec<Case> {
    let lines = include_str!("expected.tsv").lines();
    lines
        .filter(|line| !line.starts_with('#'))
        .map(case)
        .collect()
}

fn case(line: &str) -> Case {
    let columns: Vec<&str> = line.split('\t').collect();
    let [kind, result, id, reason @ ..] = &columns[..] else {
        panic!("{line}: too few columns");
    };
    let kind = match *kind {
        "required" => Kind::Required,
        "optimal" => Kind::Optimal,
        "check" => Kind::Check,
        other => panic!("{other}: no kind"),
    };
    Case {
        kind,
        passes: *result == "pass",
        id: (*id).to_owned(),
        reason: reason.first().map(|reason| (*reason).to_owned()),
    }
}
