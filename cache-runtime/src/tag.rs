//! Tags of entries, as an attribute gives them.

use std::fmt::Display;

/// `..` in `tags(…)`: each of these is a tag.
pub fn each_tag(tags: impl IntoIterator<Item = impl Display>) -> Vec<String> {
    tags.into_iter().map(|tag| tag.to_string()).collect()
}
