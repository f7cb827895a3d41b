use cache_runtime::{cache_result, events};

struct TaskSaved {
    id: u64,
}

#[cache_result]
async fn task(id: u64) -> u64 {
    id
}

fn listen() {
    // A future.
    let _future = events().on(|saved: &TaskSaved| task::entry(saved.id).delete());
    // A value.
    let _value = events().on(|saved: &TaskSaved| saved.id);
    let _value = events().on_async(async |saved: &TaskSaved| saved.id);
}

fn main() {}
