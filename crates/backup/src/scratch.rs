use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::{BackupError, Owner};

/// PostgreSQL's names have at most 63 bytes.
const LONGEST_NAME: usize = 63;
const ENDING: &str = "_backup_check";

/// A database that lives for the time of a verification, on the server of the platform's.
pub(crate) struct Scratch {
    name: String,
}

impl Scratch {
    /// Makes it, empty. One that a killed verification has left is dropped first.
    pub(crate) async fn make(connection: &mut PgConnection, owner: &Owner) -> Result<Self, BackupError> {
        let scratch = Self { name: name(owner.database()) };
        scratch.drop(connection).await?;
        let made = sqlx::raw_sql(AssertSqlSafe(format!("create database {:?} template template0", scratch.name))).execute(connection).await;
        match made {
            Ok(_) => Ok(scratch),
            // insufficient_privilege
            Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("42501") => {
                Err(BackupError::ScratchRefused { owner: owner.name().to_owned() })
            }
            Err(source) => Err(BackupError::Database { doing: "make the scratch database", source }),
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Drops it, whoever is connected.
    pub(crate) async fn drop(&self, connection: &mut PgConnection) -> Result<(), BackupError> {
        sqlx::raw_sql(AssertSqlSafe(format!("drop database if exists {:?} with (force)", self.name)))
            .execute(connection)
            .await
            .map(drop)
            .map_err(BackupError::database("drop the scratch database"))
    }
}

fn name(database: &str) -> String {
    let mut end = database.len().min(LONGEST_NAME - ENDING.len());
    while !database.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{ENDING}", &database[..end])
}

/// Holds other backups of the same database off until `connection` ends.
pub(crate) async fn lock(connection: &mut PgConnection) -> Result<(), BackupError> {
    // Of no meaning but that nobody else takes it.
    let locked: bool = sqlx::query_scalar("select pg_try_advisory_lock(7239041551822)")
        .fetch_one(connection)
        .await
        .map_err(BackupError::database("lock the database against other backups"))?;
    if locked { Ok(()) } else { Err(BackupError::Busy) }
}

/// Ends the connection; what it says no longer matters.
pub(crate) async fn goodbye(connection: PgConnection) {
    let _ = connection.close().await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_never_too_long_for_postgresql() {
        assert_eq!(name("social"), "social_backup_check");
        assert_eq!(name(&"é".repeat(40)).len(), 63);
    }
}
