//! One program for all targets: `CACHE_FUZZ_TARGET` says which, libFuzzer does the rest.
#![no_main]

use std::path::Path;
use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;

/// A target of either crate.
struct Target {
    name: &'static str,
    run: fn(&[u8]),
    seeds: fn() -> Vec<Vec<u8>>,
    words: &'static [&'static [u8]],
}

static TARGET: OnceLock<Target> = OnceLock::new();

fuzz_target!(
    init: {
        let name = std::env::var("CACHE_FUZZ_TARGET").unwrap_or_default();
        let target = TARGET.get_or_init(|| find(&name));
        if let Ok(folder) = std::env::var("CACHE_FUZZ_FOLDER") {
            prepare(target, Path::new(&folder)).expect("the folder can be written to");
        }
    },
    |bytes: &[u8]| {
        if let Some(target) = TARGET.get() {
            (target.run)(bytes);
        }
    }
);

fn find(name: &str) -> Target {
    let mut targets = all();
    let names: Vec<_> = targets.iter().map(|target| target.name).collect();
    let Some(at) = names.iter().position(|known| *known == name) else {
        // `run.sh` reads this line.
        println!("targets: {}", names.join(" "));
        std::process::exit(2);
    };
    targets.swap_remove(at)
}

fn all() -> Vec<Target> {
    let attribute = cache_attribute::fuzz::ATTRIBUTE;
    let mut targets = vec![Target {
        name: attribute.name,
        run: attribute.run,
        seeds: attribute.seeds,
        words: attribute.words,
    }];
    targets.extend(cache_runtime::fuzz::TARGETS.iter().map(|target| Target {
        name: target.name,
        run: target.run,
        seeds: target.seeds,
        words: target.words,
    }));
    targets
}

/// The seeds and the words of the target, as libFuzzer wants them.
fn prepare(target: &Target, folder: &Path) -> std::io::Result<()> {
    let corpus = folder.join("corpus");
    std::fs::create_dir_all(&corpus)?;
    for (at, seed) in (target.seeds)().iter().enumerate() {
        std::fs::write(corpus.join(format!("seed-{at}")), seed)?;
    }
    let mut words = String::new();
    for word in target.words {
        let bytes = word.iter().map(|byte| format!("\\x{byte:02x}"));
        words += &format!("\"{}\"\n", bytes.collect::<String>());
    }
    std::fs::write(folder.join("words"), words)
}
