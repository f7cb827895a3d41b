//! Whom to trust when using TLS, what to present there, and what an error of it means.

use std::io;
use std::path::Path;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem};
use rustls::{AlertDescription, CertificateError, ClientConfig, Error, RootCertStore};

use super::tls::{RedisIdentity, RedisTls};
use crate::error::{CacheError, ErrorKind};

impl RedisTls {
    /// Reads the files.
    pub(super) fn check(&self) -> Result<(), CacheError> {
        self.client().map(drop)
    }

    /// Returns what sessions are made from. The files are read by the first caller.
    pub(super) fn client(&self) -> Result<Arc<ClientConfig>, CacheError> {
        if let Some(made) = self.made.get() {
            return Ok(Arc::clone(made));
        }
        let made = Arc::new(self.make()?);
        Ok(Arc::clone(self.made.get_or_init(|| made)))
    }

    fn make(&self) -> Result<ClientConfig, CacheError> {
        // Named here, so that it does not depend on which one a program has made its default.
        let provider = Arc::new(ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| config(format!("TLS cannot be set up: {error}")))?
            .with_root_certificates(self.roots()?);
        let Some(RedisIdentity { certificate, key }) = &self.identity else {
            return Ok(builder.with_no_client_auth());
        };
        let chain = certificates("cert", certificate)?;
        let secret = PrivateKeyDer::from_pem_file(key)
            .map_err(|error| unreadable("key", key, "private key", &error))?;
        builder.with_client_auth_cert(chain, secret).map_err(|_| {
            let (certificate, key) = (certificate.display(), key.display());
            config(format!(
                "`key={key}` is not the key of the certificate `cert={certificate}`"
            ))
        })
    }

    fn roots(&self) -> Result<RootCertStore, CacheError> {
        let mut roots = RootCertStore::empty();
        let Some(ca) = &self.ca else {
            let found = rustls_native_certs::load_native_certs();
            roots.add_parsable_certificates(found.certs);
            if roots.is_empty() {
                return Err(config(
                    "the system has no certificates to trust; name your CA with `ca=/path.pem`"
                        .to_owned(),
                ));
            }
            return Ok(roots);
        };
        for certificate in certificates("ca", ca)? {
            roots.add(certificate).map_err(|error| {
                let ca = ca.display();
                config(format!("`ca={ca}` holds a bad certificate: {error}"))
            })?;
        }
        Ok(roots)
    }
}

fn certificates(option: &str, path: &Path) -> Result<Vec<CertificateDer<'static>>, CacheError> {
    let found =
        CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    match found {
        Ok(found) if found.is_empty() => Err(pem::Error::NoItemsFound),
        other => other,
    }
    .map_err(|error| unreadable(option, path, "certificate", &error))
}

fn unreadable(option: &str, path: &Path, wanted: &str, error: &pem::Error) -> CacheError {
    let path = path.display();
    config(match error {
        pem::Error::Io(error) => format!("`{option}={path}` cannot be read: {error}"),
        _ => format!("`{option}={path}` holds no {wanted} (a PEM file is expected)"),
    })
}

fn config(detail: String) -> CacheError {
    CacheError::new(ErrorKind::Config, detail)
}

/// Returns the name that the server's certificate must have.
pub(super) fn server_name(host: &str) -> Result<ServerName<'static>, CacheError> {
    ServerName::try_from(host.to_owned())
        .map_err(|_| config(format!("`{host}` is no name that a certificate could have")))
}

/// Converts an error of the session for code that knows only socket errors.
pub(super) fn failed(error: Error) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

/// Returns what the error of a session means. It is of kind `Unavailable`: a wrong certificate does not fix
/// itself, but as long as it is there the server is useless, and need not be asked often.
pub(super) fn explain(error: &Error, host: &str) -> CacheError {
    let text = match error {
        Error::InvalidCertificate(error) => {
            format!("certificate not trusted: {}", distrust(error, host))
        }
        Error::AlertReceived(alert) => {
            format!("the server ended the TLS session: {}", told(*alert))
        }
        Error::InvalidMessage(_) => "the server does not speak TLS".to_owned(),
        other => format!("TLS failed: {other}"),
    };
    CacheError::new(ErrorKind::Unavailable, text).with_source(error.clone())
}

fn distrust(error: &CertificateError, host: &str) -> String {
    use CertificateError as Why;
    match error {
        // The second one: a CA of the same name, with another key.
        Why::UnknownIssuer | Why::BadSignature => {
            "it is of a CA that is not trusted (`ca=` names another)".into()
        }
        Why::Expired | Why::ExpiredContext { .. } => "it has expired".into(),
        Why::NotValidYet | Why::NotValidYetContext { .. } => "it is not valid yet".into(),
        Why::NotValidForName | Why::NotValidForNameContext { .. } => {
            format!("it is not for `{host}`")
        }
        other => other.to_string(),
    }
}

fn told(alert: AlertDescription) -> String {
    match alert {
        AlertDescription::CertificateRequired => {
            "it wants a certificate of ours (`cert=` and `key=`)".into()
        }
        AlertDescription::UnknownCA => "it does not trust the CA of our certificate".into(),
        AlertDescription::BadCertificate
        | AlertDescription::CertificateUnknown
        | AlertDescription::UnsupportedCertificate => "it does not accept our certificate".into(),
        AlertDescription::CertificateExpired => "our certificate has expired".into(),
        AlertDescription::ProtocolVersion => "it speaks another version of TLS".into(),
        other => format!("{other:?}"),
    }
}
