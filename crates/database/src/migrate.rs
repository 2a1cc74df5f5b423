use contracts::Service;
use sqlx::migrate::Migrator;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

/// A service and the migrations of its schema.
#[derive(Clone, Copy)]
pub struct Schema {
    /// Whose.
    pub service: Service,
    /// In order; a migration once released never changes.
    pub migrations: &'static Migrator,
}

/// What becomes of a schema that a newer program has migrated further than this one can.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
#[value(rename_all = "PascalCase")]
pub enum Newer {
    /// Nothing: it is an error. Whoever comes with an older program may not know what is in the database.
    Refused,
    /// It is left as it is, and told.
    Accepted,
}

/// Why a schema could not be migrated.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// A newer program has migrated it.
    #[error("migration {version} of the schema {service} is of a newer version: run that one, or restore a backup from before it")]
    Newer {
        /// Whose schema it is.
        service: Service,
        /// The first of its migrations that this program does not know.
        version: i64,
    },
    /// Anything else.
    #[error("failed to migrate the schema {service}")]
    Failed {
        /// Whose schema it is.
        service: Service,
        /// What PostgreSQL or sqlx said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// Brings each schema up to date, as the owner. Old code must run on the new schema, so a migration only adds; it waits
/// ten seconds for a lock at the most, so that it cannot hold up a platform that serves.
pub async fn migrate(owner: &mut PgConnection, schemas: &[Schema], newer: Newer) -> Result<(), MigrateError> {
    for Schema { service, migrations } in schemas {
        let failed = |source: Box<dyn std::error::Error + Send + Sync>| MigrateError::Failed { service: *service, source };
        // Names in migrations are unqualified; where they land is said here.
        let path = format!("set search_path = {service}, extensions; set lock_timeout = '10s'");
        sqlx::raw_sql(AssertSqlSafe(path)).execute(&mut *owner).await.map_err(|error| failed(error.into()))?;
        let done = match newer {
            Newer::Refused => migrations.run(&mut *owner).await,
            Newer::Accepted => whatever_else_there_is(migrations).run(&mut *owner).await,
        };
        done.map_err(|error| match error {
            sqlx::migrate::MigrateError::VersionMissing(version) => MigrateError::Newer { service: *service, version },
            other => failed(other.into()),
        })?;
        let newest: Option<i64> = sqlx::query_scalar("select max(version) from _sqlx_migrations")
            .fetch_one(&mut *owner)
            .await
            .map_err(|error| failed(error.into()))?;
        match newest.filter(|newest| !migrations.version_exists(*newest)) {
            Some(newest) => tracing::warn!(schema = service.name(), newest, "the schema {service} is of a newer version, and stays so"),
            None => tracing::info!(schema = service.name(), "migrated the schema {service}"),
        }
    }
    owner.ping().await.map_err(|error| MigrateError::Failed { service: Service::Auth, source: error.into() })
}

/// The same migrations for a schema that may have others.
fn whatever_else_there_is(migrations: &Migrator) -> Migrator {
    let mut accepting = Migrator::with_migrations(migrations.iter().cloned().collect());
    accepting.set_ignore_missing(true);
    accepting
}
