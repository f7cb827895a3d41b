use cache_runtime::cache_result;

#[cache_result(kwargs(stauts))]
fn mistyped(user_id: u64, status: u64) -> u64 {
    user_id + status
}

#[cache_result(skip(status), kwargs(status))]
fn skipped(user_id: u64, status: u64) -> u64 {
    user_id + status
}

#[cache_result(kwargs(status, status))]
fn twice(user_id: u64, status: u64) -> u64 {
    user_id + status
}

fn main() {}
