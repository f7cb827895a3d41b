use cache_runtime::cache_result;

// Mistakes in the body read as if there were no attribute.
#[cache_result]
fn plain(id: u64) -> u64 {
    "text"
}

#[cache_result]
async fn early(id: u64) -> Result<u64, String> {
    if id == 0 {
        return "";
    }
    Ok(id)
}

#[cache_result]
async fn no_tail(id: u64) -> u64 {
    let _ = id;
}

fn main() {}
