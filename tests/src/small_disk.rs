//! A file system of its own for tests: small enough to be filled, and read-only at will.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::process::Folder;

/// A file system in memory. Dropping it unmounts it.
#[derive(Debug)]
pub struct SmallDisk(Folder);

impl SmallDisk {
    /// One of so many kilobytes; `None` where we may not mount one.
    #[must_use]
    pub fn mount(kilobytes: usize) -> Option<Self> {
        let folder = Folder::new("small");
        let options = format!("size={kilobytes}k");
        let is_mounted = run("mount", &["-t", "tmpfs", "-o", &options, "tmpfs"], &folder);
        is_mounted.then_some(Self(folder))
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Takes all the room there is, and what becomes free later when it is called again.
    ///
    /// # Panics
    ///
    /// If it fails for another reason than that the disk is full.
    pub fn fill(&self) {
        let filler = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.filler());
        let mut filler = match filler {
            Ok(filler) => filler,
            Err(error) if is_full(&error) => return,
            Err(error) => panic!("the disk cannot be filled: {error}"),
        };
        let page = [0; 4096];
        loop {
            match io::Write::write_all(&mut filler, &page) {
                Ok(()) => {}
                Err(error) if is_full(&error) => return,
                Err(error) => panic!("the disk cannot be filled: {error}"),
            }
        }
    }

    /// Gives back the room that [`fill`](Self::fill) took.
    pub fn empty(&self) {
        // It is not there if there was no room for it.
        let _ = fs::remove_file(self.filler());
    }

    /// Nothing can be written any more, or can again. False while somebody writes: to be tried
    /// again.
    #[must_use]
    pub fn set_read_only(&self, read_only: bool) -> bool {
        let mode = if read_only { "ro" } else { "rw" };
        run("mount", &["-o", &format!("remount,{mode}")], &self.0)
    }

    fn filler(&self) -> PathBuf {
        self.path().join("filler")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        if !run("umount", &[], &self.0) {
            // Somebody has a file open still: it goes when he does.
            run("umount", &["--lazy"], &self.0);
        }
    }
}

fn is_full(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::StorageFull
}

fn run(program: &str, arguments: &[&str], folder: &Folder) -> bool {
    let status = Command::new(program)
        .args(arguments)
        .arg(folder.path())
        .stderr(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success())
}
