use cache_runtime::cache_result;

// Every mistake is reported, each in its place.
#[cache_result(timeot = 600, jitter = 7, skip(idd), name)]
const fn many(id: u64) -> u64 {
    id
}

// The function is there all the same.
fn uses() -> u64 {
    many(1)
}

fn main() {}
