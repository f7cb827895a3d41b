use cache_runtime::cache_result;

#[cache_result(lock, local)]
fn here(id: u64) -> u64 {
    id
}

fn main() {}
