//! A file store by URL: `file:///var/cache/app?max_entries=10000`.

use super::{FileConfig, FileStore};
use crate::error::CacheError;
use crate::stores::Opening;
use crate::url::bad;

/// Opens the store that the URL names. No file is touched.
pub(crate) fn open(opening: &Opening<'_>) -> Result<FileStore, CacheError> {
    let Opening { url, settings, .. } = opening;
    if !url.hosts.is_empty() || url.user.is_some() {
        return Err(bad(
            "file:// has a path and no host: write three slashes, file:///var/cache/app",
        ));
    }
    if url.path.trim_matches('/').is_empty() {
        return Err(bad(
            "file:// needs the path of a folder: file:///var/cache/app",
        ));
    }
    let usual = FileConfig::new(&url.path);
    FileStore::new(FileConfig {
        max_entries: settings.max_entries,
        max_bytes: settings.max_bytes,
        cull_frequency: settings.cull_frequency.unwrap_or(usual.cull_frequency),
        op_timeout: settings.op_timeout,
        ..usual
    })
}
