use cache_runtime::cache_result;

fn needs_send<T: Send>(_: T) {}

#[cache_result]
async fn task(id: u64) -> u64 {
    let shared = std::rc::Rc::new(id);
    std::future::ready(()).await;
    *shared
}

fn uses() {
    needs_send(task(1));
}

fn main() {}
