use cache_runtime::cache_result;

struct Service;

impl Service {
    #[cache_result]
    fn load(id: u64) -> u64 {
        Self::read(id)
    }

    fn read(id: u64) -> u64 {
        id
    }
}

fn main() {}
