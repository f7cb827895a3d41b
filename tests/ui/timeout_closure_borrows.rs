use cache_runtime::cache_result;

#[cache_result(timeout = |page| page.len() as u64 + limits.len() as u64)]
fn page(limits: &[u64]) -> Vec<u64> {
    limits.to_vec()
}

fn main() {}
