//! A database in memory: tasks of users. A query takes 2 ms, and is counted.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread::sleep;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// One task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    pub id: u64,
    pub user_id: u64,
    pub title: String,
    pub done: bool,
    /// Grows with every change of the task.
    pub updated_at: u64,
}

/// There is no such task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoSuchTask(pub u64);

impl fmt::Display for NoSuchTask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there is no task {}", self.0)
    }
}

impl std::error::Error for NoSuchTask {}

/// Tasks 1 to 6: those of user 7 are odd, those of user 8 even.
static TASKS: LazyLock<Mutex<BTreeMap<u64, Task>>> = LazyLock::new(|| {
    let task = |id| Task {
        id,
        user_id: 8 - id % 2,
        title: format!("Task {id}"),
        done: id > 4,
        updated_at: id,
    };
    Mutex::new((1..=6).map(|id| (id, task(id))).collect())
});
static QUERIES: AtomicU64 = AtomicU64::new(0);

/// Reads one task.
pub fn find(id: u64) -> Result<Task, NoSuchTask> {
    query().get(&id).cloned().ok_or(NoSuchTask(id))
}

/// Reads many tasks, in one query.
pub fn find_many(ids: &[u64]) -> Vec<Result<Task, NoSuchTask>> {
    let tasks = query();
    let find = |id: &u64| tasks.get(id).cloned().ok_or(NoSuchTask(*id));
    ids.iter().map(find).collect()
}

/// Reads a user's tasks.
pub fn of_user(user_id: u64) -> Vec<Task> {
    let tasks = query();
    let of_user = tasks.values().filter(|task| task.user_id == user_id);
    of_user.cloned().collect()
}

/// Creates a task.
pub fn insert(user_id: u64, title: &str) -> Task {
    let mut tasks = all();
    let task = Task {
        id: tasks.keys().last().map_or(1, |last| last + 1),
        user_id,
        title: title.to_owned(),
        done: false,
        updated_at: latest(&tasks) + 1,
    };
    tasks.insert(task.id, task.clone());
    task
}

/// Changes a task, and returns what it is now.
pub fn update(id: u64, change: impl FnOnce(&mut Task)) -> Result<Task, NoSuchTask> {
    let mut tasks = all();
    let now = latest(&tasks) + 1;
    let task = tasks.get_mut(&id).ok_or(NoSuchTask(id))?;
    change(task);
    task.updated_at = now;
    Ok(task.clone())
}

/// Removes a task, and returns what it was.
pub fn remove(id: u64) -> Result<Task, NoSuchTask> {
    all().remove(&id).ok_or(NoSuchTask(id))
}

/// Returns what `f` returns, and how many queries it made.
pub fn counted<T>(f: impl FnOnce() -> T) -> (T, u64) {
    let before = QUERIES.load(Relaxed);
    let value = f();
    (value, QUERIES.load(Relaxed) - before)
}

fn query() -> MutexGuard<'static, BTreeMap<u64, Task>> {
    QUERIES.fetch_add(1, Relaxed);
    sleep(Duration::from_millis(2));
    all()
}

fn all() -> MutexGuard<'static, BTreeMap<u64, Task>> {
    TASKS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn latest(tasks: &BTreeMap<u64, Task>) -> u64 {
    let times = tasks.values().map(|task| task.updated_at);
    times.max().unwrap_or(0)
}
