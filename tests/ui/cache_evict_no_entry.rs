use cache_runtime::{Cache, cache_evict, cache_result};

#[cache_result]
async fn get_task(id: u64) -> u64 {
    id
}

#[cache_result]
fn get_name(id: u64) -> String {
    id.to_string()
}

#[cache_result(cache = cache, key(id))]
fn get_in(cache: Cache, id: u64) -> u64 {
    let _ = cache;
    id
}

#[cache_evict(get_name(id))]
fn a_call(id: u64) -> u64 {
    id
}

#[cache_evict(get_task(id))]
fn a_future(id: u64) -> u64 {
    id
}

#[cache_evict(get_name)]
fn a_function(id: u64) -> u64 {
    id
}

#[cache_evict([id, 1].map(|id| get_name(id)))]
fn a_loop_of_calls(id: u64) -> u64 {
    id
}

#[cache_evict(clear(String))]
fn no_function(id: u64) -> u64 {
    id
}

#[cache_evict(clear(get_in))]
fn which_cache(id: u64) -> u64 {
    id
}

#[cache_evict(clear(get_nothing))]
fn nowhere(id: u64) -> u64 {
    id
}

#[cache_evict(tag("user:{usr_id}"), get_name::entry(result.id))]
fn unknown_names(user_id: u64) -> u64 {
    user_id
}

fn main() {}
