//! `docs/errors.md` in its blocks: a name in a comment, messages in a fence, and what is said of them.

use std::fs;
use std::path::PathBuf;

use crate::group::Group;

const MARK: &str = "<!-- ";
const FENCE: &str = "```text";

/// The page.
#[derive(Debug)]
pub(crate) struct Page {
    parts: Vec<Part>,
}

#[derive(Debug)]
enum Part {
    /// Text by hand.
    Prose(String),
    Block(Block),
}

/// Messages under a name.
#[derive(Debug)]
pub(crate) struct Block {
    pub(crate) name: String,
    pub(crate) text: String,
}

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/errors.md")
}

impl Page {
    pub(crate) fn read() -> Self {
        Self::parse(&fs::read_to_string(path()).unwrap_or_default())
    }

    fn parse(text: &str) -> Self {
        let mut parts = vec![Part::Prose(String::new())];
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            let name = line
                .strip_prefix(MARK)
                .and_then(|line| line.strip_suffix(" -->"));
            let Some(name) = name else {
                if let Some(Part::Prose(prose)) = parts.last_mut() {
                    prose.push_str(line);
                    prose.push('\n');
                }
                continue;
            };
            assert_eq!(lines.next(), Some(FENCE), "below the mark of {name}");
            let text: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            parts.push(Part::Block(Block {
                name: name.to_owned(),
                text: text.join("\n"),
            }));
            parts.push(Part::Prose(String::new()));
        }
        Self { parts }
    }

    fn write(&self) {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Prose(prose) => text.push_str(prose),
                Part::Block(Block { name, text: inside }) => {
                    text.push_str(&format!("{MARK}{name} -->\n{FENCE}\n{inside}\n```\n"));
                }
            }
        }
        fs::write(path(), text).unwrap();
    }

    pub(crate) fn blocks(&self) -> impl Iterator<Item = &Block> {
        self.parts.iter().filter_map(|part| match part {
            Part::Block(block) => Some(block),
            Part::Prose(_) => None,
        })
    }

    /// The texts of all blocks.
    pub(crate) fn messages(&self) -> Vec<&str> {
        self.blocks().map(|block| &*block.text).collect()
    }

    /// Writes what was made into the blocks of these names; new ones come last.
    pub(crate) fn update(&mut self, groups: &[Group]) {
        for group in groups {
            let known = self.parts.iter_mut().find_map(|part| match part {
                Part::Block(block) if block.name == group.name => Some(block),
                _ => None,
            });
            match known {
                Some(block) => block.text = group.text(),
                None => {
                    self.parts.push(Part::Block(Block {
                        name: group.name.clone(),
                        text: group.text(),
                    }));
                    self.parts.push(Part::Prose("\n".to_owned()));
                }
            }
        }
        self.write();
    }

    /// Where the page and what was made are not the same.
    pub(crate) fn differences(&self, groups: &[Group]) -> Vec<String> {
        let mut wrong = Vec::new();
        for group in groups {
            match self.blocks().find(|block| block.name == group.name) {
                Some(block) if block.text == group.text() => {}
                Some(block) => wrong.push(format!(
                    "{}: the page says\n{}\nand the errors are\n{}",
                    group.name,
                    block.text,
                    group.text()
                )),
                None => wrong.push(format!("{} is missing:\n{}", group.name, group.text())),
            }
        }
        for block in self.blocks().filter(|block| !block.is_of_the_sources()) {
            if !groups.iter().any(|group| group.name == block.name) {
                wrong.push(format!("{} is made by no test: remove it", block.name));
            }
        }
        wrong
    }

    /// The blocks that nothing is said about.
    pub(crate) fn unexplained(&self) -> Vec<&str> {
        let pairs = self.parts.windows(2);
        pairs
            .filter_map(|pair| match pair {
                [Part::Block(block), Part::Prose(prose)] if !is_explanation(prose) => {
                    Some(&*block.name)
                }
                _ => None,
            })
            .collect()
    }
}

impl Block {
    /// Whether it holds texts that no test can make, with `…` for what varies.
    pub(crate) fn is_of_the_sources(&self) -> bool {
        self.name.starts_with("source ")
    }
}

/// Whether something is said before the next heading.
fn is_explanation(prose: &str) -> bool {
    let own = prose.lines().take_while(|line| !line.starts_with('#'));
    own.map(|line| line.trim().len()).sum::<usize>() > 20
}
