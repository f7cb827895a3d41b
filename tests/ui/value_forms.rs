use cache_runtime::cache_result;

#[cache_result(handle = "tasks", lock = true, version = "2", skip("id"))]
fn quotes(id: u64) -> u64 {
    id
}

#[cache_result(key(idd), cache = 5)]
fn mistyped(id: u64) -> u64 {
    id
}

#[cache_result(early("often"), when)]
fn forms(id: u64) -> u64 {
    id
}

#[cache_result(when = async |id: &u64| *id > 1, timeout = "99999999999999999999w")]
fn closures(id: u64) -> u64 {
    id
}

#[cache_result(timeout = 1e300, stale = "", wait = "ten", cache_none = |v| 5)]
fn durations(id: u64) -> Option<u64> {
    Some(id)
}

#[cache_result(TIMEOUT = 6, locl)]
fn capitals(id: u64) -> u64 {
    id
}

fn main() {}
