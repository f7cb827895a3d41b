//! What the application asks its database, cached; and what it changes there, which invalidates the affected
//! entries.
//!
//! Everything that shows one person's tasks has the tag `user:{id}`, here, in the fragment and in the page: a
//! change needs to know only whose tasks they are.

use cache_runtime::{cache_evict, cache_result};
use rusqlite::{Connection, Row, params};
use serde::{Deserialize, Serialize};

use crate::database::Database;

/// One task.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Task {
    pub id: i64,
    pub title: String,
    pub is_done: bool,
}

/// How much somebody has done, and has to do.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Statistics {
    pub tasks: i64,
    pub done: i64,
}

/// The tasks in a database.
#[derive(Clone)]
pub struct Tasks {
    database: Database,
}

impl Tasks {
    pub fn new(database: Database) -> Self {
        Self { database }
    }

    /// Returns somebody's tasks, oldest first.
    #[cache_result(
        timeout = "10m",
        key_prefix = "user_tasks",
        skip(self),
        tags("user:{user_id}", "tasks")
    )]
    pub async fn of_user(&self, user_id: i64) -> rusqlite::Result<Vec<Task>> {
        let query = "SELECT id, title, is_done FROM tasks WHERE user_id = ? ORDER BY id";
        let read = self.database.call(move |database| {
            let mut query = database.prepare_cached(query)?;
            query.query_map([user_id], task)?.collect()
        });
        read.await
    }

    /// Returns how many tasks somebody has, and has done. It is a `fn`, because a template calls it.
    #[cache_result(
        timeout = "10m",
        key_prefix = "user_statistics",
        skip(self),
        tags("user:{user_id}", "tasks")
    )]
    pub fn statistics(&self, user_id: i64) -> rusqlite::Result<Statistics> {
        let query = "SELECT count(*), ifnull(sum(is_done), 0) FROM tasks WHERE user_id = ?";
        self.database.with(|database| {
            database.query_row(query, [user_id], |row| {
                Ok(Statistics {
                    tasks: row.get(0)?,
                    done: row.get(1)?,
                })
            })
        })
    }

    /// Adds a task.
    #[cache_evict(tag("user:{user_id}"))]
    pub async fn add(&self, user_id: i64, title: String) -> rusqlite::Result<usize> {
        let insert = "INSERT INTO tasks (user_id, title) VALUES (?, ?)";
        let change = move |database: &Connection| database.execute(insert, params![user_id, title]);
        self.database.call(change).await
    }

    /// Marks one of this person's tasks as done, or as not done.
    #[cache_evict(tag("user:{user_id}"))]
    pub async fn set_done(&self, user_id: i64, id: i64, is_done: bool) -> rusqlite::Result<usize> {
        let update = "UPDATE tasks SET is_done = ? WHERE user_id = ? AND id = ?";
        let change =
            move |database: &Connection| database.execute(update, params![is_done, user_id, id]);
        self.database.call(change).await
    }

    /// Removes one of this person's tasks.
    #[cache_evict(tag("user:{user_id}"))]
    pub async fn remove(&self, user_id: i64, id: i64) -> rusqlite::Result<usize> {
        let delete = "DELETE FROM tasks WHERE user_id = ? AND id = ?";
        let change = move |database: &Connection| database.execute(delete, params![user_id, id]);
        self.database.call(change).await
    }
}

fn task(row: &Row<'_>) -> rusqlite::Result<Task> {
    Ok(Task {
        id: row.get(0)?,
        title: row.get(1)?,
        is_done: row.get(2)?,
    })
}
