use cache_runtime::cache_result;

#[cache_result]
fn not_async(id: u64) -> u64 {
    std::future::ready(id).await
}

#[cache_result]
fn blocking(id: u64) -> u64 {
    id
}

async fn caller() {
    blocking::entry(1).get().await;
}

fn main() {
    drop(caller());
    not_async(1);
}
