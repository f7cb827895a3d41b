use cache_runtime::cache_result;

#[derive(serde::Serialize, serde::Deserialize)]
struct Task;

#[cache_result]
fn task(id: u64) -> Result<Vec<Task>, String> {
    Err(id.to_string())
}

fn main() {}
