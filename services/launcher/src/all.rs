//! `social-platform all`: the whole platform in one process.
//!
//! ```text
//!   127.0.0.1:8080 ─► auth + social + photo + relation, as routers of one process
//!                       │                 └─► S3 store on disk (loopback)
//!                       └─► PostgreSQL, a child process (loopback)
//! ```
//!
//! It is the same code as in the cluster; only the addresses of neighbors are functions instead of URLs.

mod folder;
mod secrets;
mod transport;
mod welcome;

use std::path::PathBuf;

use auth::{AuthConfig, AuthSettings};
use axum::Router;
use contracts::Service;
use database::{DatabaseConfig, Login, Newer};
use identity::{ServiceKeys, ServiceSigner};
use photo::{PhotoConfig, PhotoLimits, S3Config};
use postgres_server::{Durability, Programs, Server};
use serving::{Listeners, Rates, Readiness, ServingConfig, private_stack, public_stack};
use telemetry::{Telemetry, TelemetryConfig};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::ending::ending;
use crate::services::{self, Common};
use crate::{Failure, dev_s3, logged, migrate};
pub(crate) use folder::data_folder;

use folder::Folder;
use secrets::Secrets;
use transport::Later;

const BUCKET: &str = "photos";

/// Where the data lies and where people call.
#[derive(Debug, clap::Args)]
pub(crate) struct AllConfig {
    #[command(flatten)]
    telemetry: TelemetryConfig,
    #[command(flatten)]
    serving: ServingConfig,
    #[command(flatten)]
    photo: PhotoLimits,
    /// Without SMTP_HOST and MAIL_FOLDER, letters are kept in the data folder.
    #[command(flatten)]
    auth: AuthSettings,
    /// The folder of everything that is kept; made if it is not there. Default: `/var/lib/socialplatform` for root,
    /// `~/.local/share/socialplatform` for others.
    #[arg(long, env = "DATA_FOLDER")]
    data: Option<PathBuf>,
    /// Where people find the platform, if not at the public address itself.
    #[arg(long, env = "PUBLIC_URL")]
    public_url: Option<String>,
    /// A PostgreSQL of your own instead of the embedded one: a URL of its database, as an owner who may create roles.
    #[arg(long, env = "OWNER_DATABASE_URL", hide_env_values = true)]
    owner_database_url: Option<String>,
    /// Connections to PostgreSQL that each of the services may hold, the one on which it listens not counted.
    #[arg(long, env = "DATABASE_CONNECTIONS", default_value_t = 10)]
    database_connections: u32,
    /// What becomes of a database that a newer version has migrated. A migration only adds, so an older version runs on it, too.
    #[arg(long, env = "NEWER_SCHEMA", default_value = "Refused")]
    newer_schema: Newer,
    /// An S3 store of your own instead of the embedded one; then `S3_BUCKET`, `AWS_ACCESS_KEY_ID` and
    /// `AWS_SECRET_ACCESS_KEY` are needed too.
    #[arg(long, env = "S3_ENDPOINT", requires_all = ["s3_bucket", "aws_access_key_id", "aws_secret_access_key"])]
    s3_endpoint: Option<String>,
    /// The URL under which browsers reach your own store. Where it is set, uploads may go straight there.
    #[arg(long, env = "S3_PUBLIC_ENDPOINT", requires = "s3_endpoint")]
    s3_public_endpoint: Option<String>,
    /// The bucket of your own store.
    #[arg(long, env = "S3_BUCKET")]
    s3_bucket: Option<String>,
    /// The region that requests to your own store are signed for.
    #[arg(long, env = "S3_REGION", default_value = "us-east-1")]
    s3_region: String,
    /// The access key of your own store.
    #[arg(long, env = "AWS_ACCESS_KEY_ID", hide_env_values = true)]
    aws_access_key_id: Option<String>,
    /// Its secret.
    #[arg(long, env = "AWS_SECRET_ACCESS_KEY", hide_env_values = true)]
    aws_secret_access_key: Option<String>,
}

pub(crate) async fn run(config: AllConfig) -> Result<(), Failure> {
    let telemetry = Telemetry::init("social-platform", &config.telemetry)?;
    logged(telemetry, serve(config)).await
}

async fn serve(config: AllConfig) -> Result<(), Failure> {
    let folder = Folder::open(config.data.clone())?;
    let secrets = Secrets::load_or_make(&folder.secrets())?;
    let listeners = Listeners::bind(&config.serving).await?;
    let address = listeners.public_addr()?;
    let issuer = config.public_url.clone().unwrap_or_else(|| format!("http://{address}")).trim_end_matches('/').to_owned();

    let postgres = match &config.owner_database_url {
        Some(_) => None,
        None => Some(start_postgres(&folder).await?),
    };
    let owner = match (&config.owner_database_url, &postgres) {
        (Some(url), _) => url.clone(),
        (None, Some(server)) => server.superuser_url("postgres"),
        (None, None) => unreachable!("one of the two is set above"),
    };
    let logins = Service::ALL.map(|service| Login { service, slot: 'a', password: secrets.database_password(service) });
    migrate::migrate(&owner, &logins, config.newer_schema).await?;
    let s3 = match own_store(&config) {
        Some(s3) => s3,
        None => embedded_store(&folder, &secrets).await?,
    };

    let rates = Rates::new(&config.serving);
    let common =
        Common { issuer: issuer.clone(), service_keys: secrets.service_keys()?, rates: rates.clone(), readiness: Readiness::default() };
    let pool = |service: Service| {
        let database_url = role_url(&owner, service, &secrets)?;
        Ok::<_, Failure>(database::connect(&DatabaseConfig { database_url, database_connections: config.database_connections }, service)?)
    };
    let mut settings = config.auth;
    if !settings.mail.is_set() {
        settings.mail.mail_folder = Some(folder.mail());
    }
    let letters = settings.mail.mail_folder.clone();
    let auth_config = AuthConfig { key_encryption_key: secrets.key_encryption_key.clone(), settings };
    // Auth asks the others what they keep of somebody, and they ask auth for its keys: one of the two has to come first.
    let others = auth::PRODUCERS.map(|service| (service, Later::default()));
    let ask_others = others.clone().map(|(service, later)| (service, later.transport()));
    let auth = services::auth(&common, pool(Service::Auth)?, &auth_config, &secrets.signer(Service::Auth)?, ask_others)?;
    let ask_auth = transport::in_process(private_stack(auth.public.clone(), Readiness::default()));
    let relation = services::relation(&common, pool(Service::Relation)?, ask_auth.clone());
    let photo = services::photo(&common, pool(Service::Photo)?, ask_auth.clone(), &PhotoConfig { s3, limits: config.photo });
    let ask_photo = transport::in_process(private_stack(photo.private.clone(), Readiness::default()));
    let social = services::social(&common, pool(Service::Social)?, ask_auth, ask_photo, secrets.signer(Service::Social)?);

    for (service, later) in others {
        let private = match service {
            Service::Auth => &auth.private,
            Service::Social => &social.private,
            Service::Photo => &photo.private,
            Service::Relation => &relation.private,
        };
        later.is(private_stack(private.clone(), Readiness::default()));
    }

    let mut running = [auth, relation, photo, social];
    let public = running.iter().fold(Router::new(), |all, one| all.merge(one.public.clone()));
    let welcome = welcome::text(&issuer, address, listeners.private_addr()?, folder.path(), letters.as_deref());
    let readiness = common.readiness.clone();
    // Whoever reads it may begin: before, it is not known yet whose token is still good.
    let mut welcoming = JoinSet::new();
    welcoming.spawn(async move {
        readiness.until_ready().await;
        println!("{welcome}");
    });
    let mut outcome = Ok(());
    let stop = async { outcome = ending(running.iter_mut().map(|service| &mut service.background)).await };
    let public = public_stack(public, &config.serving, &rates);
    // Neighbors are functions here, so the private port has what whoever runs it looks at, and nothing else.
    let private = private_stack(Router::new(), common.readiness.clone());
    serving::serve(listeners, &config.serving, public, private, common.readiness, stop).await;
    // Whoever uses the server ends before it does, and the folder is held until then.
    drop(running);
    drop(postgres);
    drop(folder);
    outcome
}

async fn start_postgres(folder: &Folder) -> Result<Server, Failure> {
    let data = folder.postgres();
    let starting = tokio::task::spawn_blocking(move || Server::start(&Programs::for_folder(&data)?, &data, Durability::Full));
    Ok(starting.await??)
}

/// The URL of a service's login role, from the owner's.
fn role_url(owner: &str, service: Service, secrets: &Secrets) -> Result<String, Failure> {
    let (scheme, rest) = owner.split_once("://").ok_or("OWNER_DATABASE_URL must be like postgres://owner:password@host:5432/name")?;
    let (_, place) = rest.rsplit_once('@').ok_or("OWNER_DATABASE_URL must name a user: postgres://owner:password@host:5432/name")?;
    let database = place.split_once('/').map(|(_, database)| database.split('?').next().unwrap_or_default());
    let database = database
        .filter(|name| !name.is_empty())
        .ok_or("OWNER_DATABASE_URL must name a database: postgres://owner:password@host:5432/name")?;
    let role = database::login_role(database, service, 'a');
    Ok(format!("{scheme}://{role}:{}@{place}", secrets.database_password(service)))
}

fn own_store(config: &AllConfig) -> Option<S3Config> {
    Some(S3Config {
        s3_endpoint: config.s3_endpoint.clone()?,
        s3_public_endpoint: config.s3_public_endpoint.clone(),
        s3_bucket: config.s3_bucket.clone()?,
        s3_region: config.s3_region.clone(),
        aws_access_key_id: config.aws_access_key_id.clone()?,
        aws_secret_access_key: config.aws_secret_access_key.clone()?,
    })
}

async fn embedded_store(folder: &Folder, secrets: &Secrets) -> Result<S3Config, Failure> {
    let access_key = "embedded";
    let store = dev_s3::store(&folder.objects(), BUCKET, access_key, &secrets.object_store_secret)?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let endpoint = format!("http://{}", listener.local_addr()?);
    tokio::spawn(dev_s3::serve_store(listener, store, std::future::pending()));
    Ok(S3Config {
        s3_endpoint: endpoint,
        s3_public_endpoint: None,
        s3_bucket: BUCKET.to_owned(),
        s3_region: "us-east-1".to_owned(),
        aws_access_key_id: access_key.to_owned(),
        aws_secret_access_key: secrets.object_store_secret.clone(),
    })
}

impl Secrets {
    fn service_keys(&self) -> Result<ServiceKeys, Failure> {
        let public = Service::ALL.into_iter().map(|service| Ok((service, vec![self.signer(service)?.public_key()])));
        let public: std::collections::BTreeMap<_, _> = public.collect::<Result<_, Failure>>()?;
        Ok(ServiceKeys::parse(&serde_json::to_string(&public)?)?)
    }

    fn signer(&self, service: Service) -> Result<ServiceSigner, Failure> {
        let key = self.service_keys.get(service.name()).ok_or_else(|| format!("the secrets hold no key of {service}"))?;
        Ok(ServiceSigner::parse(service, key)?)
    }
}
