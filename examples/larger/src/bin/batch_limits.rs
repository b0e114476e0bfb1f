//! Shows forty writers of batches share a `SQLite` database with four connections: a semaphore lets no
//! more of them open one at a time, in the order in which they come; a check that needs the database
//! for itself takes all four permits, and is not starved; one that has no time gives up.

#![expect(clippy::print_stdout, reason = "it is there to be read")]

use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;
use std::{env, fs, process};

use phalanx::{Context, ErrGroup, Gauge, Semaphore};
use rusqlite::{Connection, params};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

const CONNECTIONS: usize = 4;
const WRITERS: u32 = 40;
const BATCHES: u32 = 5;
const ROWS: u32 = 20;

/// A database, and how many may use it at the same time.
struct Database {
    path: PathBuf,
    permits: Semaphore,
    open: Gauge,
}

fn main() -> Result<()> {
    let database = Database::create()?;
    let job = Context::background().with_timeout(Duration::from_secs(50));
    let counts = ErrGroup::builder().context(&job).name("writer").scope(|g| {
        for writer in 0..WRITERS {
            let database = &database;
            g.go(move |ctx| write_batches(ctx, database, writer));
        }
        // Meanwhile: three looks at a database in which nobody is at work.
        (0..3).map(|_| database.alone(g.context())).collect::<Result<Vec<_>>>()
    })?;
    for count in &counts {
        println!("nobody else at work: {count} rows");
        assert_eq!(count % ROWS, 0, "a batch is there as a whole, or not at all");
    }
    assert!(counts.is_sorted());

    let held = database.permits.acquire(CONNECTIONS)?;
    let hurried = database.permits.acquire_until(1, Duration::ZERO).err();
    println!("no time: {}", hurried.ok_or("a permit was to be had")?);
    drop(held);

    let (total, most) = (database.alone(&job)?, database.open.peak());
    println!("{total} rows by {WRITERS} writers, at most {most} connections at a time");
    assert_eq!(total, WRITERS * BATCHES * ROWS);
    assert!((1..=CONNECTIONS).contains(&(most as usize)));
    assert_eq!(database.permits.available(), CONNECTIONS);
    Ok(())
}

/// Each batch is a transaction on a connection of its own.
fn write_batches(ctx: &Context, database: &Database, writer: u32) -> Result<()> {
    for batch in 0..BATCHES {
        let _permit = database.permits.acquire_until(1, ctx)?;
        let _open = database.open.track();
        let mut connection = database.connect()?;
        let transaction = connection.transaction()?;
        for row in 0..ROWS {
            let number = (writer * BATCHES + batch) * ROWS + row;
            transaction.execute("INSERT INTO rows VALUES (?1, ?2)", params![number, writer])?;
        }
        transaction.commit()?;
    }
    Ok(())
}

impl Database {
    fn create() -> Result<Self> {
        let path = env::temp_dir().join(format!("phalanx-batch-limits-{}.db", process::id()));
        let database = Database { path, permits: Semaphore::new(CONNECTIONS), open: Gauge::new() };
        let table = "CREATE TABLE rows (number INTEGER PRIMARY KEY, writer INTEGER NOT NULL)";
        database.connect()?.execute_batch(table)?;
        Ok(database)
    }

    fn connect(&self) -> Result<Connection> {
        let connection = Connection::open(&self.path)?;
        connection.busy_timeout(Duration::from_secs(30))?; // one transaction writes at a time
        connection.pragma_update(None, "synchronous", "OFF")?; // it need not survive a power cut
        Ok(connection)
    }

    /// Counts the rows while nobody else has a connection.
    fn alone(&self, ctx: &Context) -> Result<u32> {
        let _all = self.permits.acquire_until(CONNECTIONS, ctx)?;
        assert_eq!(self.open.current(), 0);
        let count = self.connect()?.query_row("SELECT count(*) FROM rows", (), |row| row.get(0))?;
        Ok(count)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        drop(fs::remove_file(&self.path));
    }
}
