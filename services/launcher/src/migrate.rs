//! `social-platform migrate`: the Job that runs before the services do.

use std::time::{Duration, Instant};

use contracts::Service;
use database::{Login, ProvisionError, Schema};
use sqlx::{Connection, PgConnection};
use telemetry::{Telemetry, TelemetryConfig};

use crate::{Failure, with_causes};

/// The schemas of the platform.
pub(crate) const SCHEMAS: [Schema; 4] = [
    Schema { service: Service::Auth, migrations: &auth::MIGRATIONS },
    Schema { service: Service::Relation, migrations: &relation::MIGRATIONS },
    Schema { service: Service::Photo, migrations: &photo::MIGRATIONS },
    Schema { service: Service::Social, migrations: &social::MIGRATIONS },
];

/// How long a database may take to start.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where kubelet looks for why a container ended.
const TERMINATION_LOG: &str = "/dev/termination-log";

/// The database, as its owner, and the passwords that the services will log in with.
#[derive(Debug, clap::Args)]
pub(crate) struct MigrateConfig {
    #[command(flatten)]
    telemetry: TelemetryConfig,
    /// The database, as its owner, who may create roles.
    #[arg(long, env = "OWNER_DATABASE_URL", hide_env_values = true)]
    owner_database_url: String,
    /// Auth's password.
    #[arg(long, env = "AUTH_DATABASE_PASSWORD", hide_env_values = true)]
    auth_database_password: String,
    /// Relation's password.
    #[arg(long, env = "RELATION_DATABASE_PASSWORD", hide_env_values = true)]
    relation_database_password: String,
    /// Photo's password.
    #[arg(long, env = "PHOTO_DATABASE_PASSWORD", hide_env_values = true)]
    photo_database_password: String,
    /// Social's password.
    #[arg(long, env = "SOCIAL_DATABASE_PASSWORD", hide_env_values = true)]
    social_database_password: String,
}

pub(crate) async fn run(config: MigrateConfig) -> Result<(), Failure> {
    let telemetry = Telemetry::init("migrate", &config.telemetry)?;
    let logins = [
        (Service::Auth, config.auth_database_password),
        (Service::Relation, config.relation_database_password),
        (Service::Photo, config.photo_database_password),
        (Service::Social, config.social_database_password),
    ]
    .map(|(service, password)| Login { service, slot: 'a', password });
    let outcome = migrate(&config.owner_database_url, &logins).await;
    if let Err(failure) = &outcome {
        // The operator shows this text in the platform's condition, and takes a word before a colon for its reason. Outside of a pod there is no such file to write.
        let reason = match failure.downcast_ref() {
            Some(ProvisionError::RolesMissing { .. }) => "RolesMissing: ",
            _ => "",
        };
        let _ = std::fs::write(TERMINATION_LOG, format!("{reason}{}", with_causes(&**failure)));
    }
    telemetry.shutdown();
    outcome
}

/// Makes schemas and roles, migrates, and grants what is shared. A second run changes nothing.
pub(crate) async fn migrate(owner_url: &str, logins: &[Login]) -> Result<(), Failure> {
    let mut owner = connect(owner_url).await?;
    database::provision(&mut owner, logins).await?;
    database::migrate(&mut owner, &SCHEMAS).await?;
    database::share(&mut owner).await?;
    owner.close().await?;
    Ok(())
}

/// Connects, giving a database that is just starting its time.
async fn connect(owner_url: &str) -> Result<PgConnection, Failure> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let error = match PgConnection::connect(owner_url).await {
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
            return Err(format!("failed to connect to the database as its owner: {error}").into());
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}
