//! Mistakes in a builder, beside those that a URL can have too.

use std::time::Duration;

use cache_runtime::stores::memcached::{MemcachedConfig, MemcachedStore};
use cache_runtime::{Cache, CacheBuilder, CacheError};

use crate::group::Group;

fn refused(builder: CacheBuilder) -> CacheError {
    builder.build().unwrap_err()
}

pub(crate) fn groups() -> Vec<Group> {
    let builder = Cache::builder;
    let zero = Duration::ZERO;
    vec![
        Group::new(
            "run builder",
            [
                refused(builder().max_entries(0)),
                refused(builder().op_timeout(zero)),
                refused(builder().connect_timeout(zero)),
                refused(builder().local(0, zero)),
                refused(builder().signing_key("short")),
                refused(builder().sign_with("CACHE_TESTS_NOT_THERE")),
            ],
        ),
        Group::new(
            "run builder_store",
            [MemcachedStore::new(MemcachedConfig::new([])).unwrap_err()],
        ),
    ]
}
