use cache_runtime::cache_result;

struct Task;

#[cache_result(local)]
fn task(id: u64) -> Option<Task> {
    (id > 0).then_some(Task)
}

fn main() {}
