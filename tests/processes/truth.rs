//! The number that only grows: in a file, since a server may be killed.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::Path;

pub(crate) struct Truth(File);

impl Truth {
    pub(crate) fn open(folder: &Path) -> Self {
        let mut options = OpenOptions::new();
        let path = folder.join("truth");
        Self(
            options
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .open(path)
                .unwrap(),
        )
    }

    pub(crate) fn read(&self) -> u64 {
        let mut bytes = [0; 8];
        let _ = self.0.read_exact_at(&mut bytes, 0);
        u64::from_le_bytes(bytes)
    }

    /// One more; what it is then.
    #[expect(clippy::incompatible_msrv, reason = "a test runs on the newest")]
    pub(crate) fn grow(&self) -> u64 {
        self.0.lock().unwrap();
        let number = self.read() + 1;
        self.0.write_all_at(&number.to_le_bytes(), 0).unwrap();
        self.0.unlock().unwrap();
        number
    }
}
