use cache_runtime::{cache_evict, cache_put, cache_result};

#[cache_result]
async fn get_task(id: u64) -> u64 {
    id
}

#[cache_evict]
fn nothing() {}

#[cache_evict("user:{id}", 5)]
fn no_entries(id: u64) -> u64 {
    id
}

#[cache_evict(timeout = 5, cache = result, tag("a"))]
fn settings(id: u64) -> u64 {
    id
}

#[cache_evict(tag(), tag("user:{id"), tag(id), clear(), clear(get_task::entry(1)))]
fn lists(id: u64) -> u64 {
    id
}

#[cache_evict(get_task::entry(id).delete(), get_task::entry(id).delete().await?, get_task::clear())]
async fn too_much(id: u64) -> u64 {
    id
}

#[cache_evict(get_task::entry(result))]
fn ambiguous(result: u64) -> u64 {
    result
}

#[cache_evict(get_task::entry(*result + ids.len() as u64))]
fn changed(ids: &mut Vec<u64>) -> u64 {
    ids.push(1);
    1
}

#[cache_evict(get_task::entry(1))]
const fn constant() -> u64 {
    1
}

#[cache_evict(get_task::entry(1))]
fn future() -> impl Future<Output = u64> {
    async { 1 }
}

#[cache_put]
fn puts_nothing(id: u64) -> u64 {
    id
}

#[cache_put(get_task::entry(id))]
fn returns_nothing(id: u64) -> Result<(), std::io::Error> {
    let _ = id;
    Ok(())
}

#[cache_put(tag("a"), get_task::entry(id), cache = "b")]
fn forgets(id: u64) -> u64 {
    id
}

struct Service;

impl Service {
    #[cache_evict(get_task::entry(self.next(*result)))]
    fn update(&mut self) -> u64 {
        1
    }

    fn next(&self, id: u64) -> u64 {
        id + 1
    }
}

fn main() {}
