use cache_runtime::cache_result;

#[cache_result(skip(statu))]
fn mistyped(user_id: u64, status: Option<String>) -> u64 {
    user_id + status.map_or(0, |status| status.len() as u64)
}

#[cache_result(skip(self))]
fn no_self(id: u64) -> u64 {
    id
}

#[cache_result(skip(pool.name))]
fn expression(pool: &str, id: u64) -> u64 {
    id + pool.len() as u64
}

#[cache_result(skip(a))]
fn part((a, b): (u64, u64)) -> u64 {
    a + b
}

fn main() {}
