//! The help as a whole, and completions for shells.

use std::process::Command;

use crate::world::{run, run_all};

pub(crate) const COMMANDS: [&str; 13] = [
    "stats",
    "keys",
    "get",
    "ttl",
    "delete",
    "delete-tag",
    "clear",
    "watch",
    "key",
    "create-table",
    "check",
    "bench",
    "completions",
];

#[test]
fn the_help_says_all() {
    let mut help = run("--help").expect(0).to_owned();
    for command in COMMANDS {
        help.push_str(&format!("\n---- {command}\n"));
        help.push_str(run_all(&[command, "-h"]).expect(0));
    }
    // Nothing is to depend on how wide a terminal is.
    insta::with_settings!({ snapshot_path => "snapshots", prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("help", help);
    });
}

#[test]
fn shells_complete_it() {
    for shell in ["bash", "zsh", "fish"] {
        let script = run_all(&["completions", shell]);
        let script = script.expect(0);
        for command in COMMANDS {
            assert!(script.contains(command), "{shell}: {command}");
        }
    }
    let script = run("completions bash");
    let complete = format!(
        "{}\nCOMP_WORDS=(cachectl delete-); COMP_CWORD=1; _cachectl cachectl delete- cachectl; echo \"${{COMPREPLY[@]}}\"",
        script.expect(0)
    );
    let output = Command::new("bash")
        .args(["--norc", "-c", &complete])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "delete-tag\n");
    run("completions cobol").expect(2);
}

#[test]
fn a_wrong_command_line_is_code_2() {
    for wrong in [
        "",
        "nonsense",
        "get",
        "delete",
        "stats --nonsense",
        "watch --interval 0",
        "bench --ops 0",
    ] {
        run(wrong).expect(2);
    }
    run("--version").says(&["cachectl 0."]);
}
