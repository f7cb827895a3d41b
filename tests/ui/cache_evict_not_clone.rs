use cache_runtime::{cache_evict, cache_result};

struct Patch {
    id: u64,
}

#[cache_result]
fn get_task(id: u64) -> u64 {
    id
}

#[cache_evict(get_task::entry(patch.id), get_task::entry(patch.id + *result))]
fn update(patch: Patch) -> u64 {
    patch.id
}

fn main() {}
