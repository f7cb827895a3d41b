use cache_runtime::{cache_put, cache_result};

#[cache_result]
async fn get_name(id: u64) -> Result<Option<String>, std::io::Error> {
    Ok(Some(id.to_string()))
}

#[cache_put(get_name::entry(id))]
fn rename(id: u64) -> u64 {
    id
}

#[cache_put(get_name(id))]
async fn a_call(id: u64) -> String {
    id.to_string()
}

fn main() {}
