use cache_runtime::cache_result;

struct Service;

// Nothing in the function says that it stands in an `impl`; the error is the compiler's own.
impl Service {
    #[cache_result]
    fn load(id: u64) -> u64 {
        id
    }
}

fn main() {}
