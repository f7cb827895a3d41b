use cache_runtime::cache_result;

use std::borrow::Cow;

#[cache_result]
fn reference(name: &str) -> &str {
    name
}

#[cache_result]
fn lifetime<'a>(name: &'a str) -> Result<Cow<'a, str>, ()> {
    Ok(Cow::Borrowed(name))
}

#[cache_result]
fn elided(name: &str) -> Option<Cow<'_, str>> {
    Some(Cow::Borrowed(name))
}

#[cache_result]
fn constant(id: u64) -> Option<&'static str> {
    let _ = id;
    Some("")
}

fn main() {}
