use cache_runtime::cache_result;

#[cache_result]
const fn constant(id: u64) -> u64 {
    id
}

#[cache_result]
unsafe fn vouched(id: u64) -> u64 {
    id
}

#[cache_result]
extern "C" fn foreign(id: u64) -> u64 {
    id
}

#[cache_result]
fn conditional(id: u64, #[cfg(unix)] lang: &str) -> u64 {
    id
}

fn main() {}
