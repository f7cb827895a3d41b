use cache_runtime::cache_result;

#[cache_result(jitter = 1.5)]
fn more_than_all(id: u64) -> u64 {
    id
}

#[cache_result(jitter = -0.1)]
fn negative(id: u64) -> u64 {
    id
}

#[cache_result(jitter = "10%")]
fn text(id: u64) -> u64 {
    id
}

fn main() {}
