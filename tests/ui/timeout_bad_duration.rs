use cache_runtime::cache_result;

#[cache_result(timeout = "10 parsecs")]
fn unit(id: u64) -> u64 {
    id
}

#[cache_result(timeout = "600")]
fn no_unit(id: u64) -> u64 {
    id
}

#[cache_result(timeout = "never")]
fn never(id: u64) -> u64 {
    id
}

#[cache_result(wait = -1, timeout = true)]
fn others(id: u64) -> u64 {
    id
}

fn main() {}
