use cache_runtime::cache_result;

struct Service {
    tenant: u64,
}

impl Service {
    #[cache_result(timeout = 600)]
    fn task(&self, id: u64, lang: &str) -> u64 {
        self.tenant + id + lang.len() as u64
    }

    #[cache_result(skip(pool))]
    fn from(&self, pool: &u64, id: u64) -> u64 {
        self.tenant + pool + id
    }
}

fn main() {}
