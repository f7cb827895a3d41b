//! What the program asks its database, cached.

use std::sync::{Mutex, MutexGuard, PoisonError};

use cache_runtime::cache_result;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};

/// One task.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Task {
    pub id: i64,
    pub user_id: i64,
    pub title: String,
    pub status: String,
    pub hours: f64,
}

/// How much a user has done, and has to do.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Statistics {
    pub tasks: i64,
    pub done: i64,
    pub pending: i64,
    pub hours: f64,
}

/// Tasks in a database.
pub struct TaskService {
    database: Mutex<Connection>,
}

impl TaskService {
    pub fn new(database: Connection) -> Self {
        Self {
            database: Mutex::new(database),
        }
    }

    /// Returns how many tasks a user has, and how many hours they take.
    #[cache_result(timeout = 300, key_prefix = "user_statistics", skip(self))]
    pub fn user_statistics(&self, user_id: i64) -> rusqlite::Result<Statistics> {
        self.database().query_row(
            "SELECT count(*), sum(status = 'done'), sum(status = 'pending'), total(hours)
             FROM tasks WHERE user_id = ?",
            [user_id],
            |row| {
                Ok(Statistics {
                    tasks: row.get(0)?,
                    done: row.get(1)?,
                    pending: row.get(2)?,
                    hours: row.get(3)?,
                })
            },
        )
    }

    /// Returns a user's tasks, of one status or of all, newest first.
    #[cache_result(timeout = "10m", key_prefix = "user_tasks", skip(self))]
    pub fn user_tasks(&self, user_id: i64, status: Option<&str>) -> rusqlite::Result<Vec<Task>> {
        self.database()
            .prepare_cached(
                "SELECT id, user_id, title, status, hours FROM tasks
                 WHERE user_id = ?1 AND (?2 IS NULL OR status = ?2) ORDER BY id DESC",
            )?
            .query_map(params![user_id, status], task)?
            .collect()
    }

    /// Returns one task, if there is one. That there is none is not kept.
    #[cache_result(timeout = "10m", key_prefix = "task", skip(self))]
    pub fn task(&self, id: i64) -> rusqlite::Result<Option<Task>> {
        self.database()
            .query_row(
                "SELECT id, user_id, title, status, hours FROM tasks WHERE id = ?",
                [id],
                task,
            )
            .optional()
    }

    /// Returns the id of a user's first task; not worth keeping.
    pub fn first_task_of(&self, user_id: i64) -> rusqlite::Result<i64> {
        self.database().query_row(
            "SELECT min(id) FROM tasks WHERE user_id = ?",
            [user_id],
            |row| row.get(0),
        )
    }

    /// Changes a task's status, and deletes the affected entries.
    pub fn set_status(&self, id: i64, status: &str) -> rusqlite::Result<()> {
        let Some(before) = self.task_uncached(id)? else {
            return Ok(());
        };
        self.database().execute(
            "UPDATE tasks SET status = ? WHERE id = ?",
            params![status, id],
        )?;

        // A store that is down keeps its entries until they time out; the update stands.
        let user = before.user_id;
        let _ = self.task_entry(id).delete();
        let _ = self.user_statistics_entry(user).delete();
        for list in [None, Some(before.status.as_str()), Some(status)] {
            let _ = self.user_tasks_entry(user, list).delete();
        }
        Ok(())
    }

    fn database(&self) -> MutexGuard<'_, Connection> {
        self.database.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn task(row: &Row<'_>) -> rusqlite::Result<Task> {
    Ok(Task {
        id: row.get(0)?,
        user_id: row.get(1)?,
        title: row.get(2)?,
        status: row.get(3)?,
        hours: row.get(4)?,
    })
}
