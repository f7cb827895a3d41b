//! What is cached about tasks, and what events do to it.

use cache_examples::tasks::{self, NoSuchTask};
use cache_runtime::{cache_result, events};

use crate::saving::TaskSaved;

/// How many of a user's tasks are open.
#[cache_result(timeout = "1h", key_prefix = "open_tasks")]
pub fn open_tasks(user_id: u64) -> usize {
    let tasks = tasks::of_user(user_id);
    tasks.iter().filter(|task| !task.done).count()
}

/// The title of a task.
#[cache_result(timeout = "1h", key_prefix = "title")]
pub fn title(id: u64) -> Result<String, NoSuchTask> {
    Ok(tasks::find(id)?.title)
}

/// To be called once, when the program starts.
pub fn listen() {
    // Deletes what has to be computed, and writes what the event contains.
    events()
        .on(|saved: &TaskSaved| open_tasks::entry(saved.task.user_id).delete())
        .forever();
    events()
        .on(|saved: &TaskSaved| title::entry(saved.task.id).set(&saved.task.title))
        .forever();
}
