use std::rc::Rc;

use cache_runtime::cache_result;

#[cache_result(timeout = 600, refresh_ahead = 0.8, skip(config))]
fn load(id: u64, config: Rc<u64>) -> u64 {
    id + *config
}

fn main() {}
