//! Where the secret of a signed cache comes from: the environment, and no text ever shows it.

use std::process::Command;

use cache_runtime::{Cache, CacheBuilder, ErrorKind};

use crate::world::{Raw, Task, task};

// The environment is read in a process of its own: a run of this very file.

const CHILD: &str = "CACHE_TESTS_CHILD";
const URL: &str = "CACHE_TESTS_URL";

#[test]
fn in_a_child_the_variables_are_set() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    let error = |url: &str| {
        let error = Cache::from_url(url).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        let by_name = url.split("sign_with=").nth(1).unwrap();
        let built = Cache::builder().sign_with(by_name).build().unwrap_err();
        assert_eq!(built.kind(), ErrorKind::Config);
        assert_eq!(
            built.to_string().replace("build: ", "from_url: "),
            error.to_string()
        );
        for text in [
            format!("{error:?}"),
            format!("{built:?}"),
            error.to_string(),
        ] {
            assert!(!text.contains("hush"), "{text}");
        }
        error.to_string()
    };
    assert_eq!(
        error("memory://?sign_with=NOT_THERE"),
        "from_url: `sign_with=NOT_THERE`: the environment variable NOT_THERE is not set"
    );
    for (name, at) in [
        ("EMPTY", 1),
        ("SHORT", 1),
        ("SECOND_SHORT", 2),
        ("COMMA", 2),
    ] {
        assert_eq!(
            error(&format!("memory://?sign_with={name}")),
            format!(
                "from_url: `sign_with={name}`: secret {at} in the environment variable {name} has \
                 less than 16 bytes"
            )
        );
    }
    assert_eq!(
        error("memory://?sign_with=NOT_TEXT"),
        "from_url: `sign_with=NOT_TEXT`: what is in the environment variable NOT_TEXT is not text"
    );
    // Somebody took it for the secret itself.
    for secret in ["hush-hush-hush-hush", "hush", "", "1HUSH"] {
        let text = error(&format!("redis://localhost?sign_with={secret}"));
        assert!(
            text.contains("the secret itself never stands in a URL"),
            "{text}"
        );
        assert!(!text.contains("HUSH"), "{text}");
    }

    let url = std::env::var(URL).unwrap();
    let open = |name: &str| Cache::from_url(&format!("{url}&sign_with={name}"));
    let (new, rotated) = (open("NEW").unwrap(), open("ROTATED").unwrap());
    let texts = format!(
        "{new:?} {:?}",
        CacheBuilder::from_url(&format!("{url}&sign_with=NEW"))
    );
    assert!(!texts.contains("hush"), "{texts}");
    let old = Cache::builder()
        .sign_with("NEW")
        .signing_key("x".repeat(16));
    let texts = format!("{old:?}") + &format!("{:?}", old.build().unwrap());
    assert!(!texts.contains("hush"), "{texts}");
    let (new, rotated) = (new.blocking(), rotated.blocking());
    new.set("by_new", &task(1), 60).unwrap();
    rotated.set("by_rotated", &task(2), 60).unwrap();
    assert_eq!(rotated.get("by_new").unwrap(), Some(task(1)));
    assert_eq!(new.get::<Task>("by_rotated").unwrap(), None);
}

#[test]
fn the_secret_is_in_the_environment() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let raw = Raw::start();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args([
            "--exact",
            "secrets::in_a_child_the_variables_are_set",
            "--nocapture",
        ])
        .env_remove("NOT_THERE")
        .envs([
            (CHILD, "1"),
            (URL, &raw.url("format=compact")),
            ("EMPTY", ""),
            ("SHORT", "hush"),
            ("SECOND_SHORT", "hush-hush-hush-hush,hush"),
            ("COMMA", "hush-hush-hush-hush,"),
            ("NEW", " hush-hush-hush-new\n"),
            ("ROTATED", "hush-hush-hush-rotated, hush-hush-hush-new"),
        ])
        .env("NOT_TEXT", OsStr::from_bytes(b"hush-hush-hush-\xff\xff"));
    let output = command.output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    let failed = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("1 passed"), "{told}{failed}");
}
