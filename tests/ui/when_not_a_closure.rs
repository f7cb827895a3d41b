use cache_runtime::cache_result;

fn is_worth_it(_: &u64) -> bool {
    true
}

#[cache_result(when = is_worth_it)]
fn path(id: u64) -> u64 {
    id
}

#[cache_result(when = |value, id| true)]
fn two_arguments(id: u64) -> u64 {
    id
}

fn main() {}
