use cache_runtime::cache_result;

#[cache_result(timeout = 10m)]
fn minutes(id: u64) -> u64 {
    id
}

#[cache_result(stale = 1.5h, jitter = 10p)]
fn hours(id: u64) -> u64 {
    id
}

fn main() {}
