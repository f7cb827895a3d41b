use cache_runtime::cache_result;

struct Pool;

#[cache_result(key(id, pool))]
fn tasks(pool: &Pool, id: u64) -> u64 {
    let _ = pool;
    id
}

fn main() {
    tasks(&Pool, 1);
}
