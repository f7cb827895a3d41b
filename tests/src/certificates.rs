//! A certificate authority of the tests' own, and what it signs: made with the `openssl` command, in
//! a temporary folder.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::process::{Folder, is_installed};

/// An authority that nobody else trusts.
#[derive(Debug)]
pub struct Authority {
    folder: Folder,
}

/// A certificate and its key, in the authority's folder.
#[derive(Debug)]
pub struct Certificate {
    path: PathBuf,
}

impl Authority {
    /// A new one.
    ///
    /// # Panics
    ///
    /// If there is no `openssl`.
    #[must_use]
    pub fn new() -> Self {
        Self::named("the tests' own authority")
    }

    /// The same, of another name: two of one name are told apart by their keys alone.
    ///
    /// # Panics
    ///
    /// If there is no `openssl`.
    #[must_use]
    pub fn named(name: &str) -> Self {
        assert!(
            is_installed("openssl"),
            "openssl is not installed; run `apt-get install -y openssl`"
        );
        let authority = Self {
            folder: Folder::new("ca"),
        };
        authority.openssl(&[
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-days",
            "2",
            "-subj",
            &format!("/CN={name}"),
            "-keyout",
            "ca.key",
            "-out",
            "ca.pem",
            "-addext",
            "basicConstraints=critical,CA:TRUE",
            "-addext",
            "keyUsage=critical,keyCertSign",
        ]);
        authority
    }

    /// Where its own certificate is, which those who trust it know.
    #[must_use]
    pub fn certificate(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// A certificate for these names, as `DNS:localhost,IP:127.0.0.1`, from now until tomorrow.
    ///
    /// # Panics
    ///
    /// If openssl does not like it.
    #[must_use]
    pub fn sign(&self, name: &str, names: &str) -> Certificate {
        self.sign_for(name, names, &["-days", "1"])
    }

    /// The same, but its time is over.
    ///
    /// # Panics
    ///
    /// If openssl does not like it.
    #[must_use]
    pub fn sign_expired(&self, name: &str, names: &str) -> Certificate {
        // Without a beginning and an end of one's own choice in this version: a day ago until now.
        self.sign_for(name, names, &["-days", "-1"])
    }

    fn sign_for(&self, name: &str, names: &str, time: &[&str]) -> Certificate {
        let [key, request, signed, extensions] =
            ["key", "csr", "pem", "ext"].map(|end| format!("{name}.{end}"));
        fs::write(
            self.folder.path().join(&extensions),
            format!("subjectAltName={names}\n"),
        )
        .unwrap_or_else(|error| panic!("{extensions} cannot be written: {error}"));
        self.openssl(&[
            "req",
            "-new",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-subj",
            &format!("/CN={name}"),
            "-keyout",
            &key,
            "-out",
            &request,
        ]);
        let mut sign = vec![
            "x509",
            "-req",
            "-in",
            &request,
            "-CA",
            "ca.pem",
            "-CAkey",
            "ca.key",
            "-CAcreateserial",
            "-extfile",
            &extensions,
            "-out",
            &signed,
        ];
        sign.extend(time);
        self.openssl(&sign);
        Certificate {
            path: self.folder.path().join(name),
        }
    }

    fn openssl(&self, arguments: &[&str]) {
        let output = Command::new("openssl")
            .args(arguments)
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .output()
            .unwrap_or_else(|error| panic!("openssl cannot be started: {error}"));
        assert!(
            output.status.success(),
            "openssl {arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}

impl Certificate {
    /// The certificate's file.
    #[must_use]
    pub fn certificate(&self) -> PathBuf {
        self.path.with_extension("pem")
    }

    /// The file of its key.
    #[must_use]
    pub fn key(&self) -> PathBuf {
        self.path.with_extension("key")
    }
}
