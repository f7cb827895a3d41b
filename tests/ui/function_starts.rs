use cache_runtime::cache_result;

#[cache_result]
#[tokio::main(flavor = "current_thread")]
async fn main() {}
