use std::str::FromStr;
use std::time::Duration;

use contracts::Service;
use log::LevelFilter;
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::{failures, pool_metrics};

/// Where a service's rows are.
#[derive(Clone, Debug, clap::Args)]
pub struct DatabaseConfig {
    /// The database, as one of this service's login roles: `postgres://user:password@host:port/name?sslmode=verify-full`.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: String,
    /// Connections that this replica may hold, the listening one not counted.
    #[arg(long, env = "DATABASE_CONNECTIONS", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    pub database_connections: u32,
}

/// A pool of the service's connections. It does not connect yet: a service starts without its database, answers 503 and
/// recovers by itself.
pub fn connect(config: &DatabaseConfig, service: Service) -> sqlx::Result<PgPool> {
    let options = PgConnectOptions::from_str(&config.database_url)?.application_name(service.name());
    telemetry::statements_go_to(options.get_host(), options.get_port(), options.get_database().unwrap_or(options.get_username()));
    let pool = PgPoolOptions::new()
        .max_connections(config.database_connections)
        // Read by `telemetry`, which makes a measurement of each.
        .acquire_time_level(LevelFilter::Debug)
        .acquire_timeout(Duration::from_secs(5))
        .idle_timeout(Duration::from_secs(300))
        .max_lifetime(Duration::from_secs(1800))
        .connect_lazy_with(options);
    pool_metrics::observe(&pool, service);
    failures::begin();
    Ok(pool)
}
