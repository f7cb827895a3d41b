use cache_runtime::cache_result;

#[cache_result(skip(_))]
fn nothing(id: u64, _: u64) -> u64 {
    id
}

#[cache_result(skip(crate))]
fn the_crate(id: u64) -> u64 {
    id
}

#[cache_result(skip(super))]
fn above(id: u64) -> u64 {
    id
}

#[cache_result(skip(Self))]
fn a_type(id: u64) -> u64 {
    id
}

fn main() {}
