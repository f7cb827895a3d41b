//! A little crate for each dependency, in `target/benches/build/`, and `cargo` at work on it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::command::{Ran, run};
use super::subjects::Subject;

/// A library beside the program, which no build of the program touches: compiled alone, without a
/// linker.
pub(super) const FUNCTIONS_FILE: &str = "functions.rs";

/// The crate of one dependency.
pub(super) struct Project {
    pub(super) subject: &'static Subject,
    folder: PathBuf,
}

impl Project {
    /// Writes it and downloads what it depends on.
    ///
    /// # Errors
    ///
    /// If it cannot be written, or its dependencies are neither here nor to be had.
    pub(super) fn prepare(subject: &'static Subject) -> Result<Self, String> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let project = Self {
            subject,
            folder: root.join("target/benches/build").join(subject.folder),
        };
        let runtime = format!("{:?}", root.join("cache-runtime"));
        let dependencies = subject.dependencies.replace("{runtime}", &runtime);
        let manifest = format!(
            "[package]\nname = \"{}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
             # Not a member of the workspace around it.\n[workspace]\n\n\
             [dependencies]\n{dependencies}\n\n[profile.release]\nstrip = true\n\n\
             [[example]]\nname = \"functions\"\npath = \"{FUNCTIONS_FILE}\"\ncrate-type = [\"lib\"]\n",
            subject.folder
        );
        project.write("Cargo.toml", &manifest)?;
        project.write("src/main.rs", subject.program)?;
        project.write(FUNCTIONS_FILE, "")?;
        run(project.cargo().args(["fetch", "--quiet"]))?;
        Ok(project)
    }

    /// Writes a file; a path from the crate's root.
    pub(super) fn write(&self, path: &str, text: &str) -> Result<(), String> {
        let path = self.folder.join(path);
        let folder = path.parent().unwrap_or(&self.folder);
        fs::create_dir_all(folder)
            .and_then(|()| fs::write(&path, text))
            .map_err(|error| format!("{}: {error}", path.display()))
    }

    /// `cargo`, without what this machine's user may have set for builds of their own.
    fn cargo(&self) -> Command {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
        cargo
            .current_dir(&self.folder)
            .env("CARGO_TARGET_DIR", self.folder.join("target"))
            // A compiler cache would be measured instead of the compiler.
            .env("RUSTC_WRAPPER", "")
            .env_remove("RUSTFLAGS")
            .env_remove("CARGO_ENCODED_RUSTFLAGS")
            .env_remove("CARGO_BUILD_TARGET")
            // Crates of a registry are not built incrementally; ours, from its path, would be.
            .env("CARGO_INCREMENTAL", "0");
        cargo
    }

    /// `cargo …` on it, offline.
    ///
    /// # Errors
    ///
    /// What the compiler said.
    pub(super) fn run(&self, arguments: &[&str]) -> Result<Ran, String> {
        run(self.cargo().args(arguments).args(["--offline", "--quiet"]))
    }

    /// A file of it, as rustc expands it, with the dependencies of the dev build.
    ///
    /// # Errors
    ///
    /// If it does not expand.
    pub(super) fn expanded(&self, path: &str, dependency: &str) -> Result<String, String> {
        let mut rustc = Command::new(std::env::var_os("RUSTC").unwrap_or("rustc".into()));
        rustc
            .current_dir(&self.folder)
            // The option is not a stable one; rustc prints, and nothing is compiled.
            .env("RUSTC_BOOTSTRAP", "1")
            .args(["--edition=2024", "--crate-type=lib"])
            .args(["-Zunpretty=expanded", "-Ltarget/debug/deps"])
            .args(["--extern", dependency, path]);
        run(&mut rustc).map(|ran| ran.stdout)
    }

    /// The size of the stripped program, if there is a release build.
    ///
    /// # Errors
    ///
    /// If there is none.
    pub(super) fn program_size(&self) -> Result<u64, String> {
        let program = format!("{}{}", self.subject.folder, std::env::consts::EXE_SUFFIX);
        fs::metadata(self.folder.join("target/release").join(program))
            .map(|file| file.len())
            .map_err(|error| error.to_string())
    }

    /// Removes the dev build.
    pub(super) fn clean(&self) -> Result<(), String> {
        match fs::remove_dir_all(self.folder.join("target/debug")) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.to_string()),
            _ => Ok(()),
        }
    }
}
