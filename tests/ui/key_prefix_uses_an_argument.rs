use cache_runtime::cache_result;

#[cache_result(key_prefix = tenant)]
fn tasks(tenant: &'static str, id: u64) -> u64 {
    tenant.len() as u64 + id
}

#[cache_result(key_prefix = 5, name = 5)]
fn numbers(id: u64) -> u64 {
    id
}

fn main() {}
