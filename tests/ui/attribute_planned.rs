use cache_runtime::cache_result;

#[cache_result(stale = "1h", tags("user:{id}"), lock)]
fn later(id: u64) -> u64 {
    id
}

fn main() {}
