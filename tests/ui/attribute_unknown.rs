use cache_runtime::cache_result;

#[cache_result(timeot = 600)]
fn mistyped(id: u64) -> u64 {
    id
}

#[cache_result(max_age = 600, prefix = "tasks")]
fn of_another_cache(id: u64) -> u64 {
    id
}

#[cache_result(colour = "red")]
fn nothing_near(id: u64) -> u64 {
    id
}

fn main() {}
