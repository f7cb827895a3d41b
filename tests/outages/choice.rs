//! What the words on the command line choose.

use crate::fault::FAULTS;
use crate::grounds::{GROUNDS, Site};

/// Stores and faults.
pub(crate) struct Choice {
    pub(crate) sites: Vec<&'static Site>,
    faults: Vec<String>,
    pub(crate) is_all: bool,
}

impl Choice {
    /// The word that chooses nothing, where there is one.
    pub(crate) fn of(words: &[String]) -> Result<Self, String> {
        let mut sites: Vec<_> = GROUNDS.iter().collect();
        let (mut named, mut faults) = (Vec::new(), Vec::new());
        // What `cargo test` passes on to other test programs is not for us.
        for word in words.iter().filter(|word| !word.starts_with('-')) {
            if sites.iter().any(|site| site.name == *word) {
                named.push(word.as_str());
            } else if FAULTS.contains(&word.as_str()) {
                faults.push(word.clone());
            } else {
                return Err(word.clone());
            }
        }
        let is_all = named.is_empty() && faults.is_empty();
        sites.retain(|site| named.is_empty() || named.contains(&site.name));
        Ok(Self {
            sites,
            faults,
            is_all,
        })
    }

    pub(crate) fn wants(&self, fault: &str) -> bool {
        let is_usual = self.faults.is_empty();
        is_usual || self.faults.iter().any(|wanted| wanted == fault)
    }
}
