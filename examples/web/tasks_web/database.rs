//! SQLite, in memory or in a file: two people's tasks.

use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;

/// A connection shared by all.
#[derive(Clone)]
pub struct Database(Arc<Mutex<Connection>>);

impl Database {
    /// Opens the file, or creates a database in memory, and fills it if it is new.
    pub fn open(file: Option<&str>) -> rusqlite::Result<Self> {
        let connection = match file {
            Some(file) => Connection::open(file)?,
            None => Connection::open_in_memory()?,
        };
        connection.execute_batch(
            "CREATE TABLE IF NOT EXISTS tasks (
                id INTEGER PRIMARY KEY,
                user_id INTEGER NOT NULL,
                title TEXT NOT NULL,
                is_done INTEGER NOT NULL DEFAULT 0
            );
            CREATE INDEX IF NOT EXISTS tasks_by_user ON tasks (user_id);
            INSERT INTO tasks
                SELECT column1, column2, column3, column4 FROM (VALUES
                    (1, 1, 'Water the plants', 1),
                    (2, 1, 'Call the bank', 0),
                    (3, 1, 'Buy <b>bold</b> cheese & bread', 0),
                    (4, 2, 'Mend the bicycle', 0),
                    (5, 2, 'Read chapter 7', 1))
                WHERE NOT EXISTS (SELECT 1 FROM tasks);",
        )?;
        Ok(Self(Arc::new(Mutex::new(connection))))
    }

    /// Uses the connection, on this thread.
    pub fn with<T>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        work(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Does the same on a thread that may block, for code that awaits.
    pub async fn call<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> rusqlite::Result<T> {
        let database = self.clone();
        let worked = tokio::task::spawn_blocking(move || database.with(work));
        worked
            .await
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
    }
}
