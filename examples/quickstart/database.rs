//! A database to query: 200,000 tasks of 1,000 users, in a file.

use std::path::Path;
use std::time::Instant;

use rusqlite::{Connection, params};

const USERS: i64 = 1_000;
const TASKS: i64 = 200_000;
const STATUSES: [&str; 3] = ["pending", "in_progress", "done"];

/// Creates the file and fills it.
pub fn build(path: &Path) -> rusqlite::Result<Connection> {
    let started = Instant::now();
    let mut database = Connection::open(path)?;
    database.execute_batch(
        "CREATE TABLE tasks (
            id INTEGER PRIMARY KEY,
            user_id INTEGER NOT NULL,
            title TEXT NOT NULL,
            status TEXT NOT NULL,
            hours REAL NOT NULL
        );",
    )?;
    let filling = database.transaction()?;
    {
        let mut insert = filling.prepare("INSERT INTO tasks VALUES (?, ?, ?, ?, ?)")?;
        for id in 1..=TASKS {
            // Spread by a large odd number, so that a user's tasks are scattered over the table.
            let spread = id * 7_919 % 1_000_003;
            let status = STATUSES[usize::try_from(spread / USERS % 3).unwrap_or(0)];
            let title = format!("Task number {id}");
            let hours = f64::from(i32::try_from(spread % 80).unwrap_or(0)) / 10.0;
            insert.execute(params![id, spread % USERS, title, status, hours])?;
        }
    }
    filling.execute_batch("CREATE INDEX tasks_by_user ON tasks (user_id);")?;
    filling.commit()?;
    println!(
        "A database with {TASKS} tasks of {USERS} users, built in {:.1?}.\n",
        started.elapsed()
    );
    Ok(database)
}
