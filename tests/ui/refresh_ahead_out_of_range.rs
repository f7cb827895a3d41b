use cache_runtime::cache_result;

#[cache_result(refresh_ahead = 1.0)]
fn whole(id: u64) -> u64 {
    id
}

#[cache_result(refresh_ahead = 80)]
fn percent(id: u64) -> u64 {
    id
}

#[cache_result(early = -1.0)]
fn backwards(id: u64) -> u64 {
    id
}

fn main() {}
