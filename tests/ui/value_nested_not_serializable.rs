use cache_runtime::cache_result;

#[derive(Clone)]
struct Task;

#[cache_result]
fn tasks(id: u64) -> Result<Vec<Task>, String> {
    let _ = id;
    Ok(vec![Task])
}

fn main() {
    tasks(1).ok();
}
