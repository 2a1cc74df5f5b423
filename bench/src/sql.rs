//! PostgreSQL with all rights, for what no API does: looking at what was stored, and storing a million rows at once.

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use crate::Result;

/// A connection of the superuser, to whom unqualified names mean the schema of social.
pub struct Database(PgConnection);

impl Database {
    /// Opens it.
    pub async fn connect(url: &str) -> Result<Self> {
        let mut database = Self(PgConnection::connect(url).await?);
        database.run("set search_path = social, extensions").await?;
        Ok(database)
    }

    /// Runs one statement or several.
    pub async fn run(&mut self, sql: &str) -> Result<()> {
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut self.0).await?;
        Ok(())
    }

    /// The first column of all rows, as text.
    pub async fn texts(&mut self, sql: &str) -> Result<Vec<String>> {
        Ok(sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_all(&mut self.0).await?)
    }

    /// The only number of the only row.
    pub async fn number(&mut self, sql: &str) -> Result<i64> {
        Ok(sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(&mut self.0).await?)
    }
}
