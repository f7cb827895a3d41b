use cache_runtime::cache_result;

struct Service {
    id: u64,
}

impl Service {
    #[cache_result(skip(slef))]
    fn skipped(&self, id: u64) -> u64 {
        id
    }

    #[cache_result(key(slf.id))]
    fn in_the_key(&self, id: u64) -> u64 {
        id
    }
}

fn main() {
    let _ = Service { id: 1 }.id;
}
