use cache_runtime::cache_result;

struct Service;

impl Service {
    #[cache_result(associated, skip(self))]
    fn load(&self, id: u64) -> u64 {
        id
    }
}

fn main() {}
