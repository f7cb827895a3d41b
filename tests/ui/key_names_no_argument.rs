use cache_runtime::cache_result;

#[cache_result(key("all"))]
fn by_text(id: u64, lang: &str) -> u64 {
    id + lang.len() as u64
}

#[cache_result(key())]
fn empty(id: u64) -> u64 {
    id
}

#[cache_result(key(id), skip(lang))]
fn with_skip(id: u64, lang: &str) -> u64 {
    id + lang.len() as u64
}

fn main() {}
