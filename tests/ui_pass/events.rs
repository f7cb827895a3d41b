//! What `cache_put` and `cache_evict` take, with every lint an error.
#![deny(warnings, unused, clippy::all, clippy::pedantic)]
#![allow(dead_code, reason = "that they compile is the point")]

use std::rc::Rc;

use cache_runtime::{cache_evict, cache_put};

mod tasks {
    use cache_runtime::cache_result;

    #[derive(Clone, serde::Serialize, serde::Deserialize)]
    pub struct Task {
        pub id: u64,
        pub owner: String,
    }

    #[cache_result(tags("user:{result.owner}", "task:{id}"))]
    pub async fn get(id: u64) -> Option<Task> {
        Some(Task { id, owner: id.to_string() })
    }

    #[cache_result(tags(..result.iter().map(|task| format!("task:{}", task.id))))]
    pub fn list(owner: &str) -> Vec<Task> {
        vec![Task { id: 1, owner: owner.to_owned() }]
    }
}
use tasks::Task;

// A `fn` may name the entry of an `async fn` as it is, or through `blocking()`; and the other way.
#[cache_put(tasks::get::entry(id))]
#[cache_evict(tasks::list::entry(&result.owner), tasks::get::entry(id + 1).blocking())]
fn update(id: u64) -> Result<Task, std::io::Error> {
    Ok(Task { id, owner: "a".to_owned() })
}

#[cache_evict(tasks::list::entry("a"), tasks::list::entry("b").awaiting(), clear(tasks::list))]
async fn update_async(id: u64) -> Result<Task, std::io::Error> {
    Ok(Task { id, owner: "a".to_owned() })
}

mod shadows {
    //! Types, values and modules named like what every prelude has.
    use cache_runtime::{cache_evict, cache_put, cache_result};

    pub mod core {}
    pub mod std {}
    pub struct Option;
    pub struct Result;
    pub struct Clone;
    pub struct String;
    #[expect(non_snake_case, reason = "it hides the prelude's")]
    pub fn Some() {}
    #[expect(unused_macros, reason = "it hides the prelude's")]
    macro_rules! format {
        () => {};
    }

    #[cache_result(tags("id:{__tag}", "is:{result}"))]
    pub fn load(__tag: u64) -> u64 {
        __tag
    }

    #[cache_put(load::entry(__changes), load::entry(*result + __result))]
    #[cache_evict(load::entry(__copies), tag("id:{__result}"))]
    pub fn save(__changes: u64, __result: u64, __copies: u64, __keep: u64) -> u64 {
        __changes + __result + __copies + __keep
    }

    #[cache_evict(load::entry(__changes + *result))]
    pub async fn save_async(__changes: u64, __ret: u64) -> u64 {
        __changes + __ret
    }
}

// A future that is not `Send`, an error that is not `Sync`.
#[cache_evict(tasks::get::entry(id + **result))]
async fn not_send(id: u64) -> Result<Rc<u64>, Box<dyn std::error::Error>> {
    Ok(Rc::new(id))
}

// Only `Send`: what `result` is may not be shared between threads.
#[cache_evict(tasks::get::entry(result.get()), tasks::get::entry(1))]
async fn not_sync(id: u64) -> std::cell::Cell<u64> {
    std::cell::Cell::new(id)
}

fn is_send<T: Send>(value: T) -> T {
    value
}

#[cache_evict(tasks::list::entry(text))]
fn first<'t>(text: &'t str, _other: &str) -> Option<&'t str> {
    text.split(' ').next()
}

#[cache_evict(tasks::list::entry(&name))]
fn last(name: String, names: &mut Vec<String>) -> &mut String {
    names.push(name);
    names.last_mut().expect("it was pushed")
}

#[cache_evict(tasks::list::entry(name.as_ref()))]
async fn generic<T>(name: T, count: usize) -> Result<Vec<T>, std::fmt::Error>
where
    T: AsRef<str> + Clone + Send,
{
    let name = if count > 5 { Err(std::fmt::Error)? } else { name };
    Ok(vec![name; count])
}

fn main() {
    assert_eq!(update(1).map(|task| task.id).ok(), Some(1));
    drop(is_send(update_async(1)));
    assert_eq!(shadows::save(1, 2, 3, 4), 10);
    drop(is_send(shadows::save_async(1, 2)));
    drop(not_send(1));
    drop(is_send(not_sync(1)));
    assert_eq!(first("a b", ""), Some("a"));
    assert_eq!(last("a".to_owned(), &mut Vec::new()), "a");
    drop(is_send(generic("a".to_owned(), 2)));
    assert_eq!(tasks::list("a").len(), 1);
}
