use cache_runtime::cache_result;

// A hit would leave `out` as it is.
#[cache_result]
fn fill(out: &mut Vec<u32>, n: u32) -> u32 {
    out.push(n);
    n
}

fn main() {}
