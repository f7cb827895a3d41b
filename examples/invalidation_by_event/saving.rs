//! Saves tasks. It announces what it did, to whoever is interested.

use cache_examples::tasks::{self, NoSuchTask, Task};
use cache_runtime::events;

/// A task was saved; it is in the database now.
pub struct TaskSaved {
    pub task: Task,
}

/// Marks a task as done.
pub fn finish(id: u64) -> Result<(), NoSuchTask> {
    let task = tasks::update(id, |task| task.done = true)?;
    events().emit_blocking(&TaskSaved { task });
    Ok(())
}
