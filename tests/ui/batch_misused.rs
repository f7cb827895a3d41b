//! `batch` names a function, of one that can be called for many.

use cache_runtime::cache_result;

#[cache_result(batch)]
fn bare(id: u64) -> u64 {
    id
}

#[cache_result(batch = "load_many")]
fn quoted(id: u64) -> u64 {
    id
}

#[cache_result(batch = |ids| load_many(ids))]
fn closure(id: u64) -> u64 {
    id
}

#[cache_result(batch = load_many)]
fn nothing() -> u64 {
    0
}

#[cache_result(batch = load_many)]
fn opaque(id: impl serde::Serialize) -> u64 {
    let _ = id;
    0
}

struct Service;

impl Service {
    #[cache_result(skip(self), batch = Self::read_all)]
    fn private(&self, id: u64) -> u64 {
        id
    }

    #[cache_result(skip(self), batch = Self::read_all)]
    pub fn taken(self, id: u64) -> u64 {
        id
    }

    #[cache_result(skip(self), batch = Self::read_many)]
    pub fn read(&self, id: u64) -> u64 {
        id
    }
}

fn load_many(ids: &[u64]) -> Vec<u64> {
    ids.to_vec()
}

fn main() {}
