use std::time::{Duration, Instant};

use sqlx::{Connection, PgConnection};

/// How long a database may take to start.
const PATIENCE: Duration = Duration::from_secs(60);

/// Connects as the owner, giving a database that is just starting its time.
pub async fn connect_owner(url: &str) -> sqlx::Result<PgConnection> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let error = match PgConnection::connect(url).await {
            Ok(owner) => return Ok(owner),
            Err(error) => error,
        };
        let starting = match &error {
            sqlx::Error::Io(_) => true,
            // cannot_connect_now
            sqlx::Error::Database(error) => error.code().as_deref() == Some("57P03"),
            _ => false,
        };
        if !starting || Instant::now() > deadline {
            return Err(error);
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}
