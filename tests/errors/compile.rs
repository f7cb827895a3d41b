//! What the compiler says: the reviewed output of `tests/ui`, where each mistake is made.

use std::fs;
use std::path::PathBuf;

use crate::group::Group;

/// Mistakes that are about the inside of the macros, and that nobody makes.
const NOT_OF_USERS: [&str; 1] = ["hygiene_invented_names"];

pub(crate) fn groups() -> Vec<Group> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("ui");
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path())
        .filter(|file| file.extension().is_some_and(|end| end == "stderr"))
        .collect();
    files.sort();
    let groups = files.iter().filter_map(|file| {
        let name = file.file_stem().unwrap().to_str().unwrap();
        let text = fs::read_to_string(file).unwrap();
        let is_of_users = !NOT_OF_USERS.contains(&name);
        is_of_users.then(|| Group::new(&format!("compile {name}"), messages(&text)))
    });
    groups.collect()
}

/// The headings: all up to the place. What is indented below a heading is a part of it.
fn messages(stderr: &str) -> Vec<String> {
    let mut messages = Vec::new();
    let mut lines = stderr.lines();
    while let Some(line) = lines.next() {
        if !line.starts_with("error") {
            continue;
        }
        let rest = lines
            .by_ref()
            .take_while(|line| !line.trim_start().starts_with("-->"));
        let rest: String = rest.map(|line| format!("\n  {}", line.trim())).collect();
        messages.push(format!("{line}{rest}"));
    }
    messages
}

#[test]
fn a_heading_is_all_up_to_the_place() {
    let stderr =
        "error: one\n       more\n --> a.rs:1:1\n  |\n1 | x\n\nerror[E1]: two\n --> a.rs:2:1\n";
    assert_eq!(messages(stderr), ["error: one\n  more", "error[E1]: two"]);
}
