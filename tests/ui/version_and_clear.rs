use cache_runtime::{Cache, cache_evict, cache_result};

// The entries of every schema are under a version of their own.
#[cache_result(key(id), version = schema)]
fn load(id: u64, schema: i32) -> u64 {
    let _ = schema;
    id
}

#[cache_evict(clear(load))]
fn which_one() {}

// These say it.
#[cache_evict(clear(load), cache = cache.with_version(2))]
fn of_that_one(cache: &Cache) {
    load::clear_in(&cache.with_version(1)).unwrap();
    load::stats();
}

#[cache_result(version = 2)]
fn of_the_code(id: u64) -> u64 {
    id
}

#[cache_evict(clear(of_the_code))]
fn by_name() {
    of_the_code::clear().unwrap();
}

fn main() {}
