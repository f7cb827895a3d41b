use cache_runtime::cache_result;

#[cache_result]
fn task(id: u64) -> u64 {
    let _ = (__key, __keep, __probe);
    id
}

struct Service;

impl Service {
    #[cache_result(skip(self))]
    fn task(&self, (id, _): (u64, u64)) -> u64 {
        let _ = (__site, __arg1);
        id
    }
}

fn main() {}
