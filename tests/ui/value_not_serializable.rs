use cache_runtime::cache_result;

#[derive(Clone)]
struct Task;

#[cache_result]
async fn task(id: u64) -> Option<Task> {
    (id > 0).then_some(Task)
}

fn main() {}
