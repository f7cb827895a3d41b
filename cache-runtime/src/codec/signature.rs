//! Signed entries: whoever can write to the store cannot forge a value, nor move one to another key.
//!
//! | bytes | what |
//! | --- | --- |
//! | 3 | `CA 53 01`: the magic number, an S, and the version |
//! | 32 | HMAC-SHA256 of those three, the length of the whole key (8 bytes, little endian), the key, and all that follows |
//! | … | the envelope |
//!
//! The expiry is in the envelope, so an old entry that is written back under its own key lives no
//! longer than it would have. Anyone who can read the environment can sign, of course.

use std::borrow::Cow;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::error::{CacheError, ErrorKind};

const MAGIC: [u8; 3] = [0xCA, 0x53, 0x01];
const TAG: usize = 32;
const HEADER: usize = MAGIC.len() + TAG;

/// A shorter secret is rejected: it might be guessed.
const SHORTEST: usize = 16;

/// The keys of a cache: the first signs, all verify, so that a secret can be replaced while entries
/// signed with the old one are alive.
#[derive(Clone, Default)]
pub(crate) struct Signer(Vec<Hmac<Sha256>>);

impl Signer {
    /// Reads the secrets in the environment variable of this name, separated by commas.
    ///
    /// No error shows a secret: neither what is in the variable, nor a name that does not look like
    /// one, because the secret itself may have been written there.
    pub(crate) fn from_env(name: &str) -> Result<Self, CacheError> {
        if !is_name(name) {
            return Err(refused(
                "`sign_with` is the name of an environment variable that holds the secret, in \
                 capital letters, digits and `_`; the secret itself never stands in a URL",
            ));
        }
        let secrets = match std::env::var(name) {
            Ok(secrets) => secrets,
            Err(std::env::VarError::NotPresent) => {
                return Err(refused(format!(
                    "`sign_with={name}`: the environment variable {name} is not set"
                )));
            }
            // Its message would show the contents.
            Err(std::env::VarError::NotUnicode(_)) => {
                return Err(refused(format!(
                    "`sign_with={name}`: what is in the environment variable {name} is not text"
                )));
            }
        };
        let mut signer = Self::default();
        for (at, secret) in secrets.split(',').enumerate() {
            let at = at + 1;
            signer.add(secret.trim().as_bytes()).map_err(|_| {
                refused(format!(
                    "`sign_with={name}`: secret {at} in the environment variable {name} has less \
                     than {SHORTEST} bytes"
                ))
            })?;
        }
        Ok(signer)
    }

    /// Adds a key.
    pub(crate) fn add(&mut self, key: &[u8]) -> Result<(), CacheError> {
        let too_short = || refused(format!("a signing key has at least {SHORTEST} bytes"));
        if key.len() < SHORTEST {
            return Err(too_short());
        }
        self.0
            .push(Hmac::new_from_slice(key).map_err(|_| too_short())?);
        Ok(())
    }

    /// Returns `bytes` with a signature for the entry under `stored_key`, the whole key.
    pub(crate) fn seal(&self, stored_key: &str, bytes: &[u8]) -> Vec<u8> {
        let mut sealed = Vec::with_capacity(HEADER + bytes.len());
        sealed.extend_from_slice(&MAGIC);
        // A signer without a key is never built; it would sign with nothing that verifies.
        let tag = self
            .0
            .first()
            .map(|key| message(key, stored_key, bytes).finalize().into_bytes());
        sealed.extend_from_slice(&tag.unwrap_or_default());
        sealed.extend_from_slice(bytes);
        sealed
    }

    /// Returns what was signed, if one of the keys signed it for the entry under `stored_key`.
    pub(crate) fn open<'b>(
        &self,
        stored_key: &str,
        bytes: Cow<'b, [u8]>,
    ) -> Result<Cow<'b, [u8]>, CacheError> {
        if !self.verifies(stored_key, &bytes) {
            return Err(CacheError::new(
                ErrorKind::Decode,
                "what is stored has no valid signature",
            ));
        }
        Ok(match bytes {
            Cow::Borrowed(bytes) => Cow::Borrowed(&bytes[HEADER..]),
            Cow::Owned(mut bytes) => {
                bytes.drain(..HEADER);
                Cow::Owned(bytes)
            }
        })
    }

    fn verifies(&self, stored_key: &str, bytes: &[u8]) -> bool {
        let Some((header, signed)) = bytes.split_at_checked(HEADER) else {
            return false;
        };
        let Some(tag) = header.strip_prefix(&MAGIC) else {
            return false;
        };
        // `verify_slice` takes the same time wherever the tags differ.
        let verifies = |key| message(key, stored_key, signed).verify_slice(tag).is_ok();
        self.0.iter().any(verifies)
    }
}

fn message(key: &Hmac<Sha256>, stored_key: &str, bytes: &[u8]) -> Hmac<Sha256> {
    let length = u64::try_from(stored_key.len()).unwrap_or(u64::MAX);
    key.clone()
        .chain_update(MAGIC)
        .chain_update(length.to_le_bytes())
        .chain_update(stored_key)
        .chain_update(bytes)
}

fn is_name(name: &str) -> bool {
    let is_sign = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    name.bytes().all(is_sign) && !name.is_empty() && !name.as_bytes()[0].is_ascii_digit()
}

fn refused(detail: impl Into<String>) -> CacheError {
    CacheError::new(ErrorKind::Config, detail)
}

// The keys must not be shown.
impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Signer({} keys)", self.0.len())
    }
}
