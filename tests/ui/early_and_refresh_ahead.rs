use cache_runtime::cache_result;

#[cache_result(early = 1.0, refresh_ahead = 0.8)]
fn both(id: u64) -> u64 {
    id
}

fn main() {}
