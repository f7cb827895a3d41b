use cache_runtime::cache_result;

#[cache_result(timeout = 600, key_prefix = "a", timeout = 60)]
fn same_word(id: u64) -> u64 {
    id
}

#[cache_result(timeout = 600, ttl = 60)]
fn other_word(id: u64) -> u64 {
    id
}

#[cache_result]
#[cache_result]
fn whole(id: u64) -> u64 {
    id
}

fn main() {}
