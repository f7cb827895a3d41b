//! Looks up the page of a request: with one read if it does not vary, two if it does.

use std::sync::Arc;

use cache_runtime::Cache;
use http::HeaderMap;

use super::key;
use super::options::Options;
use super::slot::{Slot, Varies};
use super::stored::Stored;

/// What is known of a page before the service runs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Found {
    /// What selects its variants, and the key of the one that is asked for.
    pub(crate) varies: Option<(Arc<Varies>, String)>,
    pub(crate) page: Option<Arc<Stored>>,
}

pub(crate) async fn find(
    cache: &Cache,
    options: &Options,
    primary: &str,
    request: &HeaderMap,
) -> Found {
    match read::<Slot>(cache, primary).await {
        None => Found::default(),
        Some(Slot::Page(page)) => Found {
            varies: None,
            page: Some(page),
        },
        Some(Slot::Varies(varies)) if !can_tell_apart(options, &varies) => Found::default(),
        Some(Slot::Varies(varies)) => {
            let key = variant_key(options, primary, &varies, request);
            let page = read::<Arc<Stored>>(cache, &key).await;
            Found {
                varies: Some((varies, key)),
                page,
            }
        }
    }
}

/// Returns whether this layer can tell variants apart by all names, of which Django's list may have more.
fn can_tell_apart(options: &Options, varies: &Varies) -> bool {
    let django = options.django.as_ref();
    django.is_none_or(|django| django.can_tell_apart(&varies.names))
}

pub(crate) fn variant_key(
    options: &Options,
    primary: &str,
    varies: &Varies,
    request: &HeaderMap,
) -> String {
    match &options.django {
        Some(django) => django.page_key(&options.key_prefix, primary, &varies.names, request),
        None => key::secondary(
            &options.key_prefix,
            primary,
            &varies.names,
            varies.id,
            request,
        ),
    }
}

/// Reads an entry; a cache that fails has nothing, and its breaker has logged that.
async fn read<T: cache_runtime::CacheValue>(cache: &Cache, key: &str) -> Option<T> {
    match cache.get(key).await {
        Ok(found) => found,
        Err(error) => {
            tracing::debug!(%error, "a page is not read");
            None
        }
    }
}
