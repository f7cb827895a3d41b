use cache_runtime::cache_result;

#[cache_result(600)]
fn no_name(id: u64) -> u64 {
    id
}

#[cache_result(timeout, key = id, strict = true)]
fn wrong_forms(id: u64) -> u64 {
    id
}

#[cache_result(timeout = 600 key_prefix = "a")]
fn no_comma(id: u64) -> u64 {
    id
}

#[cache_result(timeout =)]
fn no_value(id: u64) -> u64 {
    id
}

fn main() {}
