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

/// Why a schema could not be migrated.
#[derive(Debug, thiserror::Error)]
#[error("failed to migrate the schema {service}")]
pub struct MigrateError {
    service: Service,
    source: Box<dyn std::error::Error + Send + Sync>,
}

/// Brings each schema up to date, as the owner. Old code must run on the new schema, so a migration only adds; it waits
/// ten seconds for a lock at the most, so that it cannot hold up a platform that serves.
pub async fn migrate(owner: &mut PgConnection, schemas: &[Schema]) -> Result<(), MigrateError> {
    for Schema { service, migrations } in schemas {
        let failed = |source: Box<dyn std::error::Error + Send + Sync>| MigrateError { service: *service, source };
        // Names in migrations are unqualified; where they land is said here.
        let path = format!("set search_path = {service}, extensions; set lock_timeout = '10s'");
        sqlx::raw_sql(AssertSqlSafe(path)).execute(&mut *owner).await.map_err(|error| failed(error.into()))?;
        migrations.run(&mut *owner).await.map_err(|error| failed(error.into()))?;
        tracing::info!(schema = service.name(), "migrated the schema {service}");
    }
    owner.ping().await.map_err(|error| MigrateError { service: Service::Auth, source: error.into() })
}
