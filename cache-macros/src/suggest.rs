//! "Did you mean": the known word nearest to a mistyped one.

/// Returns the candidate that is a few edits away, if there is one. Capital letters do not count as edits; of two
/// that are equally near, one that only lacks letters is more likely meant.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = &*word.to_lowercase();
    let allowed = (word.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(edits, _)| *edits <= allowed)
        .min_by_key(|(edits, candidate)| (*edits, !has_in_order(candidate, word)))
        .map(|(_, candidate)| candidate)
}

/// Returns whether the letters of `word` are in `candidate`, in their order.
fn has_in_order(candidate: &str, word: &str) -> bool {
    let mut letters = candidate.chars();
    word.chars()
        .all(|letter| letters.any(|other| other == letter))
}

/// Returns the words in backticks, separated by commas.
pub(crate) fn listed<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let words: Vec<_> = words.into_iter().map(|word| format!("`{word}`")).collect();
    words.join(", ")
}

/// Counts the edits (insert, delete, replace, swap of neighbours) between two words.
fn distance(from: &str, to: &str) -> usize {
    let (from, to): (Vec<_>, Vec<_>) = (from.chars().collect(), to.chars().collect());
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
    use super::*;

    #[test]
    fn counts_edits() {
        assert_eq!(distance("timeot", "timeout"), 1);
        assert_eq!(distance("tiemout", "timeout"), 1);
        assert_eq!(distance("", "abc"), 3);
    }

    #[test]
    fn suggests_only_what_is_near() {
        assert_eq!(nearest("stict", ["strict", "skip"]), Some("strict"));
        assert_eq!(nearest("colour", ["strict", "skip"]), None);
        assert_eq!(nearest("TIMEOUT", ["timeout"]), Some("timeout"));
        assert_eq!(nearest("locl", ["lock", "local"]), Some("local"));
        assert_eq!(nearest("loc", ["lock", "local"]), Some("lock"));
    }
}
