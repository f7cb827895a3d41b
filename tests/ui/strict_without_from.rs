use cache_runtime::cache_result;

#[cache_result(strict)]
fn task(id: u64) -> Result<u64, std::num::ParseIntError> {
    Ok(id)
}

#[cache_result(strict)]
fn no_result(id: u64) -> u64 {
    id
}

fn main() {}
