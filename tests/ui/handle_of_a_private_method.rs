use cache_runtime::cache_result;

struct Service;

impl Service {
    #[cache_result(skip(self))]
    fn load(&self, id: u64) -> u64 {
        id
    }
}

// A private method has companions if it asks for them with `handle`.
fn uses(service: &Service) {
    service.load_entry(1);
}

fn main() {}
