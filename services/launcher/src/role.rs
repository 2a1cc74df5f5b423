//! A pod: one service, its two ports, and the others by their addresses.

use auth::AuthConfig;
use contracts::{Service, client};
use database::DatabaseConfig;
use identity::{ServiceKeys, ServiceSigner};
use photo::PhotoConfig;
use serving::{Listeners, Rates, Readiness, ServingConfig, private_stack, public_stack};
use telemetry::{Telemetry, TelemetryConfig};

use crate::ending::ending;
use crate::services::{self, Common, Running};
use crate::{Failure, logged};

/// What every role needs to be told.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct RoleConfig {
    #[command(flatten)]
    telemetry: TelemetryConfig,
    #[command(flatten)]
    serving: ServingConfig,
    #[command(flatten)]
    database: DatabaseConfig,
    /// Where people find the platform, such as `https://social.example.org`. It is the issuer of its tokens.
    #[arg(long, env = "PUBLIC_URL")]
    public_url: String,
    /// This service's private key: base64 of an Ed25519 key in PKCS#8 version 1.
    #[arg(long, env = "SERVICE_KEY", hide_env_values = true)]
    service_key: String,
    /// All services' public keys, as JSON: `{"auth":["…"],"social":["…"],…}`.
    #[arg(long, env = "SERVICE_KEYS")]
    service_keys: String,
}

/// How to reach auth.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct AuthUrl {
    /// Auth's public port inside the cluster, such as `http://demo-auth:8080`.
    #[arg(long, env = "AUTH_URL")]
    auth_url: String,
}

/// The role `auth`.
#[derive(Debug, clap::Args)]
pub(crate) struct AuthRole {
    #[command(flatten)]
    role: RoleConfig,
    #[command(flatten)]
    auth: AuthConfig,
    /// Social's private port inside the cluster, such as `http://demo-social:9090`.
    #[arg(long, env = "SOCIAL_URL")]
    social_url: String,
    /// Photo's private port inside the cluster, such as `http://demo-photo:9090`.
    #[arg(long, env = "PHOTO_URL")]
    photo_url: String,
    /// Relation's private port inside the cluster, such as `http://demo-relation:9090`.
    #[arg(long, env = "RELATION_URL")]
    relation_url: String,
}

/// The role `relation`.
#[derive(Debug, clap::Args)]
pub(crate) struct RelationRole {
    #[command(flatten)]
    role: RoleConfig,
    #[command(flatten)]
    auth: AuthUrl,
}

/// The role `photo`.
#[derive(Debug, clap::Args)]
pub(crate) struct PhotoRole {
    #[command(flatten)]
    role: RoleConfig,
    #[command(flatten)]
    auth: AuthUrl,
    #[command(flatten)]
    photo: PhotoConfig,
}

/// The role `social`.
#[derive(Debug, clap::Args)]
pub(crate) struct SocialRole {
    #[command(flatten)]
    role: RoleConfig,
    #[command(flatten)]
    auth: AuthUrl,
    /// Photo's private port inside the cluster, such as `http://demo-photo:9090`.
    #[arg(long, env = "PHOTO_URL")]
    photo_url: String,
}

pub(crate) async fn auth(AuthRole { role, auth, social_url, photo_url, relation_url }: AuthRole) -> Result<(), Failure> {
    serve(Service::Auth, role, |common, role| {
        let signer = ServiceSigner::parse(Service::Auth, &role.service_key)?;
        let pool = database::connect(&role.database, Service::Auth)?;
        let others = [(Service::Social, social_url), (Service::Photo, photo_url), (Service::Relation, relation_url)];
        services::auth(common, pool, &auth, &signer, others.map(|(service, url)| (service, client::http(&url))))
    })
    .await
}

pub(crate) async fn relation(RelationRole { role, auth }: RelationRole) -> Result<(), Failure> {
    serve(Service::Relation, role, |common, role| {
        Ok(services::relation(common, database::connect(&role.database, Service::Relation)?, client::http(&auth.auth_url)))
    })
    .await
}

pub(crate) async fn photo(PhotoRole { role, auth, photo }: PhotoRole) -> Result<(), Failure> {
    serve(Service::Photo, role, |common, role| {
        Ok(services::photo(common, database::connect(&role.database, Service::Photo)?, client::http(&auth.auth_url), &photo))
    })
    .await
}

pub(crate) async fn social(SocialRole { role, auth, photo_url }: SocialRole) -> Result<(), Failure> {
    serve(Service::Social, role, |common, role| {
        let signer = ServiceSigner::parse(Service::Social, &role.service_key)?;
        let pool = database::connect(&role.database, Service::Social)?;
        Ok(services::social(common, pool, client::http(&auth.auth_url), client::http(&photo_url), signer))
    })
    .await
}

async fn serve(
    service: Service,
    role: RoleConfig,
    start: impl FnOnce(&Common, &RoleConfig) -> Result<Running, Failure>,
) -> Result<(), Failure> {
    let telemetry = Telemetry::init(service.name(), &role.telemetry)?;
    logged(telemetry, run(service, role, start)).await
}

async fn run(
    service: Service,
    role: RoleConfig,
    start: impl FnOnce(&Common, &RoleConfig) -> Result<Running, Failure>,
) -> Result<(), Failure> {
    let common = Common {
        issuer: role.public_url.trim_end_matches('/').to_owned(),
        service_keys: ServiceKeys::parse(&role.service_keys)?,
        rates: Rates::new(&role.serving),
        readiness: Readiness::default(),
    };
    // A role that cannot sign would fail at its first call; better now.
    ServiceSigner::parse(service, &role.service_key)?;
    let listeners = Listeners::bind(&role.serving).await?;
    // Where unqualified names lead: a role's search path begins there.
    telemetry::schema_is(service.name());
    let Running { public, private, mut background } = start(&common, &role)?;
    tracing::info!(public = %listeners.public_addr()?, private = %listeners.private_addr()?, "{service} is listening");
    let mut outcome = Ok(());
    let stop = async { outcome = ending([&mut background]).await };
    let public = public_stack(public, &role.serving, &common.rates);
    let private = private_stack(private, common.readiness.clone());
    serving::serve(listeners, &role.serving, public, private, common.readiness.clone(), stop).await;
    outcome
}
