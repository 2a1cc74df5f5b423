//! One service each, put together: the same for a pod of one role and for `all`.

use std::time::Duration;

use auth::{Auth, AuthConfig};
use axum::Router;
use contracts::Service;
use contracts::client::{AuthClient, ExportClient, PhotoClient, Transport};
use database::Wakeups;
use identity::{Identity, Keyset, REVOCATIONS_CHANNEL, Revocations, ServiceKeys, ServiceSigner};
use photo::{Photo, PhotoConfig};
use relation::Relation;
use serving::{Rates, Readiness};
use social::Social;
use sqlx::PgPool;
use tokio::task::JoinSet;

use crate::Failure;

/// What every service of one process shares.
#[derive(Clone)]
pub(crate) struct Common {
    /// The platform's public URL.
    pub(crate) issuer: String,
    pub(crate) service_keys: ServiceKeys,
    pub(crate) rates: Rates,
    pub(crate) readiness: Readiness,
}

/// A service that runs: its background work ends when this is dropped.
pub(crate) struct Running {
    pub(crate) public: Router,
    pub(crate) private: Router,
    pub(crate) background: JoinSet<()>,
}

/// Accounts, sign-in and tokens. `others` are the private ports of the services that keep something of people.
pub(crate) fn auth(
    common: &Common,
    pool: PgPool,
    config: &AuthConfig,
    signer: &ServiceSigner,
    others: [(Service, Transport); 3],
) -> Result<Running, Failure> {
    let keyset = Keyset::default();
    let channels = auth::PRODUCERS.map(facts::channel).into();
    let (identity, wakeups, mut background) = identity(common, Service::Auth, &pool, keyset.clone(), channels);
    background.spawn(watch(pool.clone(), Service::Auth, common.readiness.clone(), knows(&identity)));
    let server = pool.clone();
    let others = others.map(|(service, transport)| ExportClient::new(service, transport, signer.tokens_for(service)));
    let auth = Auth::new(config, pool, common.issuer.clone(), identity, keyset, others.into())?;
    let (public, private) = (auth.public(), auth.private());
    background.spawn(async move { auth.background(&wakeups).await });
    background.spawn(database::watch_server(server));
    Ok(Running { public, private, background })
}

/// Who follows and who blocks whom.
pub(crate) fn relation(common: &Common, pool: PgPool, auth: Transport) -> Running {
    let (identity, wakeups, mut background) =
        identity(common, Service::Relation, &pool, fetched(auth), relation::PRODUCERS.map(facts::channel).into());
    background.spawn(watch(pool.clone(), Service::Relation, common.readiness.clone(), knows(&identity)));
    let relation = Relation::new(pool, identity);
    let (public, private) = (relation.public(), relation.private());
    background.spawn(async move { relation.background(&wakeups).await });
    Running { public, private, background }
}

/// Photos and their bytes.
pub(crate) fn photo(common: &Common, pool: PgPool, auth: Transport, config: &PhotoConfig) -> Running {
    let (identity, wakeups, mut background) =
        identity(common, Service::Photo, &pool, fetched(auth), photo::PRODUCERS.map(facts::channel).into());
    background.spawn(watch(pool.clone(), Service::Photo, common.readiness.clone(), knows(&identity)));
    let photo = Photo::new(config, pool, identity);
    let (public, private) = (photo.public(), photo.private());
    background.spawn(async move { photo.background(&wakeups).await });
    Running { public, private, background }
}

/// Profiles, posts, comments, reactions and timelines.
pub(crate) fn social(common: &Common, pool: PgPool, auth: Transport, photo: Transport, signer: ServiceSigner) -> Running {
    let (identity, wakeups, mut background) = identity(common, Service::Social, &pool, fetched(auth), social::channels());
    let photo = PhotoClient::new(photo, signer.tokens_for(Service::Photo));
    let (server, knows_callers) = (pool.clone(), knows(&identity));
    let social = Social::new(pool, identity, photo, signer);
    let streaming = social.clone();
    background.spawn(watch(server, Service::Social, common.readiness.clone(), move || knows_callers() && streaming.can_stream()));
    let (public, private) = (social.public(), social.private());
    background.spawn(async move { social.background(&wakeups).await });
    Running { public, private, background }
}

/// Asks whether it is known who calls.
fn knows(identity: &Identity) -> impl Fn() -> bool + use<> {
    let identity = identity.clone();
    move || identity.is_ready()
}

fn fetched(auth: Transport) -> Keyset {
    Keyset::fetched(AuthClient::new(auth))
}

/// What a service knows of its callers, and the loops that keep it true.
fn identity(
    common: &Common,
    service: Service,
    pool: &PgPool,
    keyset: Keyset,
    mut channels: Vec<String>,
) -> (Identity, Wakeups, JoinSet<()>) {
    channels.push(REVOCATIONS_CHANNEL.to_owned());
    let wakeups = Wakeups::new(channels);
    let revocations = Revocations::default();
    let mut background = JoinSet::new();
    background.spawn(wakeups.clone().run(pool.clone()));
    background.spawn(revocations.clone().run(pool.clone(), wakeups.on(REVOCATIONS_CHANNEL)));
    background.spawn(keyset.clone().run());
    background.spawn(forget_idle_callers(common.rates.clone()));
    let Common { issuer, service_keys, rates, .. } = common.clone();
    (Identity::new(service, issuer, keyset, revocations, service_keys, rates), wakeups, background)
}

/// A replica that cannot reach its database, or does not know yet what it needs to answer, is not sent requests.
fn watch(pool: PgPool, service: Service, readiness: Readiness, knows: impl Fn() -> bool) -> impl Future<Output = ()> {
    // At once, and not when it is first polled.
    readiness.set(service.name(), false);
    async move {
        loop {
            let reached = sqlx::query("select 1").execute(&pool).await;
            if let Err(error) = &reached {
                tracing::warn!(%error, service = service.name(), "failed to reach the database; trying again");
            }
            let (reached, knows) = (reached.is_ok(), knows());
            readiness.set(service.name(), reached && knows);
            // What is not known yet is known in a moment.
            let pause = if reached && !knows { Duration::from_millis(100) } else { Duration::from_secs(2) };
            tokio::time::sleep(pause).await;
        }
    }
}

async fn forget_idle_callers(rates: Rates) {
    rates.forget_idle_callers().await;
}
