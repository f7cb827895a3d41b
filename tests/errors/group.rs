//! Messages that are explained together.

use std::fmt::Display;

/// What one block of the page holds.
#[derive(Debug)]
pub(crate) struct Group {
    /// The block's name on the page: `compile unknown_argument`.
    pub(crate) name: String,
    pub(crate) messages: Vec<String>,
}

impl Group {
    /// A block that says these, each once.
    pub(crate) fn new<M: Display>(name: &str, messages: impl IntoIterator<Item = M>) -> Self {
        let mut kept: Vec<String> = Vec::new();
        for message in messages {
            let message = shortened(&message.to_string());
            if !kept.contains(&message) {
                kept.push(message);
            }
        }
        Self {
            name: name.to_owned(),
            messages: kept,
        }
    }

    /// The block as it stands on the page.
    pub(crate) fn text(&self) -> String {
        self.messages.join("\n")
    }
}

/// Long lists of what is allowed say the same each time.
fn shortened(message: &str) -> String {
    const LISTS: [(&str, &str); 3] = [
        (
            "known arguments: `timeout`, ",
            "known arguments: `timeout`, …",
        ),
        ("there is memory://, ", "there is memory://, …"),
        ("there is key_prefix, ", "there is key_prefix, …"),
    ];
    let list = LISTS.iter().find_map(|(start, short)| {
        let at = message.find(start)?;
        Some(format!("{}{short}", &message[..at]))
    });
    list.unwrap_or_else(|| message.to_owned())
}
