use cache_runtime::cache_result;

#[cache_result(crate = framework::cache)]
fn not_absolute(id: u64) -> u64 {
    id
}

#[cache_result(crate = super::cache)]
fn relative(id: u64) -> u64 {
    id
}

#[cache_result(crate = "::cache_runtime")]
fn text(id: u64) -> u64 {
    id
}

#[cache_result(crate = ::nowhere)]
fn wrong(id: u64) -> u64 {
    id
}

fn main() {}
