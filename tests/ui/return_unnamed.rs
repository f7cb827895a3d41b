use cache_runtime::cache_result;

#[cache_result]
fn iterator(id: u64) -> impl Iterator<Item = u64> {
    0..id
}

#[cache_result]
fn future(id: u64) -> impl Future<Output = u64> {
    async move { id }
}

#[cache_result]
fn boxed(id: u64) -> std::pin::Pin<Box<dyn Future<Output = u64>>> {
    let future = async move { id };
    Box::pin(future)
}

#[cache_result]
fn nothing(id: u64) -> ! {
    panic!("{id}")
}

fn main() {}
