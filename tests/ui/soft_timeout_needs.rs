use cache_runtime::{CacheError, cache_result};

#[cache_result(soft_timeout = "100ms")]
fn without_stale(id: u64) -> u64 {
    id
}

#[cache_result(stale = "1h", soft_timeout = "2s", hard_timeout = "1s")]
async fn longer_than_hard(id: u64) -> Result<u64, CacheError> {
    Ok(id)
}

#[cache_result(stale = limit, soft_timeout = "2s")]
fn of_an_argument(id: u64, limit: std::time::Duration) -> u64 {
    id + limit.as_secs()
}

fn main() {}
