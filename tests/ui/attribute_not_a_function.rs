use cache_runtime::cache_result;

#[cache_result]
struct Task;

trait Tasks {
    #[cache_result(skip(self))]
    fn get(&self, id: u64) -> u64;
}

#[cache_result]
impl Task {
    fn get(&self, id: u64) -> u64 {
        id
    }
}

fn main() {}
