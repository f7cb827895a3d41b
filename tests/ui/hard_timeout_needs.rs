use cache_runtime::{CacheError, cache_result};

#[cache_result(hard_timeout = "2s")]
async fn no_result(id: u64) -> Option<u64> {
    Some(id)
}

#[cache_result(hard_timeout = "2s")]
fn borrowed(url: &str) -> Result<u64, CacheError> {
    Ok(url.len() as u64)
}

// A future can be dropped: this one may borrow.
#[cache_result(hard_timeout = "2s")]
async fn future(url: &str) -> Result<u64, CacheError> {
    Ok(url.len() as u64)
}

fn main() {}
