//! "Did you mean": the known word nearest to a mistyped one, for messages.

/// Returns the known word that `word` seems to mean, as part of a message: `did you mean …? `. Empty if
/// there is none.
pub(crate) fn did_you_mean<'a>(
    word: &str,
    known: impl IntoIterator<Item = &'a str>,
    shown: impl Fn(&str) -> String,
) -> String {
    match nearest(word, known) {
        Some(meant) => format!("did you mean `{}`? ", shown(meant)),
        None => String::new(),
    }
}

/// Returns the candidate that is a few edits away, if there is one. Capital letters do not count as edits.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let allowed = (word.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|candidate| (distance(&word, &candidate.to_lowercase()), candidate))
        .filter(|(edits, _)| *edits <= allowed)
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, candidate)| candidate)
}

/// Counts the edits (insert, delete, replace, swap of neighbours) between two words.
fn distance(from: &str, to: &str) -> usize {
    // A word from outside may be of any length, and the work is the product of both.
    const MOST: usize = 64;
    let (from, to): (Vec<_>, Vec<_>) = (from.chars().collect(), to.chars().collect());
    if from.len().max(to.len()) > MOST {
        return usize::MAX;
    }
    let mut rows = vec![(0..=to.len()).collect::<Vec<_>>()];
    for (i, a) in from.iter().enumerate() {
        let above = &rows[i];
        let mut row = vec![i + 1];
        for (j, b) in to.iter().enumerate() {
            let mut edits = (above[j] + usize::from(a != b))
                .min(above[j + 1] + 1)
                .min(row[j] + 1);
            if i > 0 && j > 0 && *a == to[j - 1] && from[i - 1] == *b {
                edits = edits.min(rows[i - 1][j - 1] + 1);
            }
            row.push(edits);
        }
        rows.push(row);
    }
    rows[from.len()][to.len()]
}

#[cfg(test)]
mod tests {
    use super::{did_you_mean, nearest};

    #[test]
    fn only_what_is_near_is_suggested() {
        let known = ["timeout", "format", "local_timeout"];
        for (word, meant) in [
            ("timeot", Some("timeout")),
            ("tiemout", Some("timeout")),
            ("TIMEOUT", Some("timeout")),
            ("local_timout", Some("local_timeout")),
            ("colour", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, known), meant, "{word}");
        }
        assert_eq!(nearest(&"timeout".repeat(10_000), known), None);
        assert_eq!(
            did_you_mean("fromat", known, str::to_owned),
            "did you mean `format`? "
        );
        assert_eq!(did_you_mean("colour", known, str::to_owned), "");
    }
}
