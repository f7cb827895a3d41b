use cache_runtime::cache_result;

#[cache_result(tags("user:{id}"))]
fn later(id: u64) -> u64 {
    id
}

fn main() {}
