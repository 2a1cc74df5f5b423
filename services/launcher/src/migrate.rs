//! `social-platform migrate`: the Job that runs before the services do.

use contracts::Service;
use database::{Login, MigrateError, Newer, ProvisionError, Schema};
use photo::{S3Config, UnusableStore};
use sqlx::{Connection, PgConnection};
use telemetry::{Telemetry, TelemetryConfig};

use crate::{Failure, logged, with_causes};

/// The schemas of the platform.
pub(crate) const SCHEMAS: [Schema; 4] = [
    Schema { service: Service::Auth, migrations: &auth::MIGRATIONS },
    Schema { service: Service::Relation, migrations: &relation::MIGRATIONS },
    Schema { service: Service::Photo, migrations: &photo::MIGRATIONS },
    Schema { service: Service::Social, migrations: &social::MIGRATIONS },
];

/// Where kubelet looks for why a container ended.
pub(crate) const TERMINATION_LOG: &str = "/dev/termination-log";

/// Who makes the roles of the services.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
#[value(rename_all = "PascalCase")]
pub(crate) enum Roles {
    /// This program, whose owner may create roles.
    Made,
    /// Somebody else, with their passwords; they are there.
    Given,
}

/// The database, as its owner, and the passwords that the services will log in with.
#[derive(Debug, clap::Args)]
pub(crate) struct MigrateConfig {
    #[command(flatten)]
    telemetry: TelemetryConfig,
    /// The database, as its owner, who may create roles unless they are given.
    #[arg(long, env = "OWNER_DATABASE_URL", hide_env_values = true)]
    owner_database_url: String,
    /// Who makes the roles.
    #[arg(long, env = "ROLES", default_value = "Made")]
    roles: Roles,
    /// What becomes of a database that a newer version has migrated. A migration only adds, so an older version runs on it, too.
    #[arg(long, env = "NEWER_SCHEMA", default_value = "Refused")]
    newer_schema: Newer,
    /// Auth's password.
    #[arg(long, env = "AUTH_DATABASE_PASSWORD", hide_env_values = true)]
    auth_database_password: Option<String>,
    /// The password of auth's second login role; each service has two, and one without a password is closed.
    #[arg(long, env = "AUTH_DATABASE_PASSWORD_B", hide_env_values = true)]
    auth_database_password_b: Option<String>,
    /// Relation's password.
    #[arg(long, env = "RELATION_DATABASE_PASSWORD", hide_env_values = true)]
    relation_database_password: Option<String>,
    /// The password of relation's second login role.
    #[arg(long, env = "RELATION_DATABASE_PASSWORD_B", hide_env_values = true)]
    relation_database_password_b: Option<String>,
    /// Photo's password.
    #[arg(long, env = "PHOTO_DATABASE_PASSWORD", hide_env_values = true)]
    photo_database_password: Option<String>,
    /// The password of photo's second login role.
    #[arg(long, env = "PHOTO_DATABASE_PASSWORD_B", hide_env_values = true)]
    photo_database_password_b: Option<String>,
    /// Social's password.
    #[arg(long, env = "SOCIAL_DATABASE_PASSWORD", hide_env_values = true)]
    social_database_password: Option<String>,
    /// The password of social's second login role.
    #[arg(long, env = "SOCIAL_DATABASE_PASSWORD_B", hide_env_values = true)]
    social_database_password_b: Option<String>,
    #[command(flatten)]
    object_store: ObjectStore,
}

/// The store of the photos, for those who want to know first whether it can be used.
#[derive(Debug, clap::Args)]
struct ObjectStore {
    /// Base URL of the store of the photos: it is tried before anything is done to the database, and then the bucket and the keys are
    /// needed too. Unless set, none is tried.
    #[arg(long, env = "S3_ENDPOINT", requires_all = ["s3_bucket", "aws_access_key_id", "aws_secret_access_key"])]
    s3_endpoint: Option<String>,
    /// Its bucket.
    #[arg(long, env = "S3_BUCKET")]
    s3_bucket: Option<String>,
    /// The region that requests are signed for; many stores take any.
    #[arg(long, env = "S3_REGION", default_value = "us-east-1")]
    s3_region: String,
    /// The access key.
    #[arg(long, env = "AWS_ACCESS_KEY_ID", hide_env_values = true)]
    aws_access_key_id: Option<String>,
    /// The secret of the access key.
    #[arg(long, env = "AWS_SECRET_ACCESS_KEY", hide_env_values = true)]
    aws_secret_access_key: Option<String>,
}

impl ObjectStore {
    /// What photo would be told of it, if it is to be tried.
    fn settings(&self) -> Option<S3Config> {
        Some(S3Config {
            s3_endpoint: self.s3_endpoint.clone()?,
            s3_public_endpoint: None,
            s3_bucket: self.s3_bucket.clone()?,
            s3_region: self.s3_region.clone(),
            aws_access_key_id: self.aws_access_key_id.clone()?,
            aws_secret_access_key: self.aws_secret_access_key.clone()?,
        })
    }
}

impl MigrateConfig {
    /// The password of each service's two login roles.
    fn passwords(&self) -> [(Service, [Option<&str>; 2]); 4] {
        [
            (Service::Auth, [&self.auth_database_password, &self.auth_database_password_b]),
            (Service::Relation, [&self.relation_database_password, &self.relation_database_password_b]),
            (Service::Photo, [&self.photo_database_password, &self.photo_database_password_b]),
            (Service::Social, [&self.social_database_password, &self.social_database_password_b]),
        ]
        .map(|(service, both)| (service, both.map(Option::as_deref)))
    }
}

/// The letters of a service's two login roles.
const SLOTS: [char; 2] = ['a', 'b'];

pub(crate) async fn run(config: MigrateConfig) -> Result<(), Failure> {
    let telemetry = Telemetry::init("migrate", &config.telemetry)?;
    logged(telemetry, told(config)).await
}

/// Migrates, and says to the operator why that failed, if it did.
async fn told(config: MigrateConfig) -> Result<(), Failure> {
    let outcome = tried_and_migrated(&config).await;
    if let Err(failure) = &outcome {
        // The operator shows this text in the platform's condition. Outside of a pod there is no such file to write.
        let _ = std::fs::write(TERMINATION_LOG, format!("{}{}", reason(&**failure), with_causes(&**failure)));
    }
    outcome
}

/// The store comes first: whoever is to live with one that keeps nothing had better stay as they are.
async fn tried_and_migrated(config: &MigrateConfig) -> Result<(), Failure> {
    if let Some(store) = config.object_store.settings() {
        photo::try_store(&store).await?;
        tracing::info!(bucket = store.s3_bucket, "the object store keeps what it is given");
    }
    match config.roles {
        Roles::Made => with_own_roles(config).await,
        Roles::Given => with_given_roles(&config.owner_database_url, config.newer_schema).await,
    }
}

/// The word before a colon that the operator takes for the reason of a failure, if it is one that somebody has to know by its name.
fn reason(failure: &(dyn std::error::Error + Send + Sync + 'static)) -> &'static str {
    match (failure.downcast_ref(), failure.downcast_ref(), failure.downcast_ref()) {
        (Some(UnusableStore::Unreachable { .. }), _, _) => "ObjectStoreUnreachable: ",
        (Some(UnusableStore::Refuses { .. }), _, _) => "ObjectStoreRefuses: ",
        (_, Some(ProvisionError::RolesMissing { .. }), _) => "RolesMissing: ",
        (_, _, Some(MigrateError::Newer { .. })) => "SchemaNewer: ",
        _ => "",
    }
}

/// As [`migrate`], and then closes the login roles that have no password: those that a rotation has left.
async fn with_own_roles(config: &MigrateConfig) -> Result<(), Failure> {
    let mut logins = Vec::new();
    let mut closed = Vec::new();
    for (service, passwords) in config.passwords() {
        if passwords.iter().all(Option::is_none) {
            let variable = format!("{}_DATABASE_PASSWORD", service.name().to_uppercase());
            return Err(format!("{service} has no password to log in with: set {variable}, or ROLES=Given if its roles are there").into());
        }
        for (slot, password) in SLOTS.into_iter().zip(passwords) {
            match password {
                Some(password) => logins.push(Login { service, slot, password: password.to_owned() }),
                None => closed.push((service, slot)),
            }
        }
    }
    migrate(&config.owner_database_url, &logins, config.newer_schema).await?;
    let mut owner = connect(&config.owner_database_url).await?;
    for (service, slot) in closed {
        database::close(&mut owner, service, slot).await?;
    }
    owner.close().await?;
    Ok(())
}

/// Makes schemas, migrates, and grants to roles that are there what is theirs and what is shared.
async fn with_given_roles(owner_url: &str, newer: Newer) -> Result<(), Failure> {
    let mut owner = begin(owner_url).await?;
    database::make_schemas(&mut owner).await?;
    // The roles may be newer than the tables: whoever copied the database may have left owners and rights behind.
    database::adopt(&mut owner).await?;
    database::migrate(&mut owner, &SCHEMAS, newer).await?;
    database::share(&mut owner).await?;
    owner.close().await?;
    Ok(())
}

/// Makes schemas and roles, migrates, and grants what is shared. A second run changes nothing.
pub(crate) async fn migrate(owner_url: &str, logins: &[Login], newer: Newer) -> Result<(), Failure> {
    let mut owner = begin(owner_url).await?;
    database::provision(&mut owner, logins).await?;
    database::migrate(&mut owner, &SCHEMAS, newer).await?;
    database::share(&mut owner).await?;
    owner.close().await?;
    Ok(())
}

/// The database, which may be new, as its owner.
async fn begin(owner_url: &str) -> Result<PgConnection, Failure> {
    let mut owner = connect(owner_url).await?;
    database::check_letters(&mut owner).await?;
    Ok(owner)
}

async fn connect(owner_url: &str) -> Result<PgConnection, Failure> {
    database::connect_owner(owner_url).await.map_err(|error| format!("failed to connect to the database as its owner: {error}").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_of_a_failure_stands_before_a_colon() {
        let (endpoint, bucket) = ("https://s3.example.org".to_owned(), "photos".to_owned());
        let unreachable = UnusableStore::Unreachable { endpoint: endpoint.clone(), bucket: bucket.clone(), why: "PutObject".to_owned() };
        let refuses = UnusableStore::Refuses { endpoint, bucket, why: "PutObject".to_owned() };
        let newer = MigrateError::Newer { service: Service::Photo, version: 9999 };
        assert_eq!(reason(&unreachable), "ObjectStoreUnreachable: ");
        assert_eq!(reason(&refuses), "ObjectStoreRefuses: ");
        assert_eq!(reason(&newer), "SchemaNewer: ");
        assert_eq!(reason(&std::fmt::Error), "");
    }
}
