//! Accounts, sign-in and tokens.
//!
//! Owns the handle, the password, the second factor, the sessions and the keys that sign access tokens. The other services
//! fetch the public keys from `/.well-known/jwks.json`, read `auth.revocations`, and hear from its facts who is hidden and who
//! is erased; nothing else of it is theirs. It calls them only to gather what is one person's, for that person, and hears
//! from them that they have forgotten somebody. Letters leave through durable jobs.

mod admins;
mod attempts;
mod cleaning;
mod common_passwords;
mod config;
mod erasing;
mod export;
mod facts_of_others;
mod handle;
mod hasher;
mod keeping;
mod keyring;
mod letters;
mod metrics;
mod moderation;
mod password;
mod post;
mod refresh_token;
mod routes;
mod sealed;
mod second_factor;
mod sign_in;
mod source;
mod standing;
mod store;
mod told_once;
mod user_agent;

use std::sync::Arc;

use axum::Router;
use axum::extract::FromRef;
use contracts::Service;
use contracts::client::ExportClient;
use database::Wakeups;
use facts::{Consumer, Outbox};
use identity::{Identity, Keyset};
use jobs::Worker;
use mail::Mailer;
use sqlx::PgPool;
use sqlx::migrate::Migrator;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use admins::{AdminError, erase_account, grant_admin, revoke_admin};
pub use config::{AuthConfig, AuthSettings, InvalidAuthConfig, ProviderSettings, Registration};
pub use facts_of_others::PRODUCERS;
pub use moderation::ModerationSettings;
pub use sealed::{InvalidKeyEncryptionKey, KeyEncryptionKey};

use attempts::Attempts;
use export::Exporter;
use facts_of_others::FactsOfOthers;
use hasher::Hasher;
use keyring::Keyring;
use post::Post;

/// The tables of the schema `auth`.
pub static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// The service.
#[derive(Clone)]
pub struct Auth(Arc<State>);

pub(crate) struct State {
    pool: PgPool,
    identity: Identity,
    issuer: String,
    hasher: Hasher,
    keyring: Keyring,
    sealing: KeyEncryptionKey,
    attempts: Attempts,
    post: Post,
    outbox: Outbox,
    exporter: Exporter,
    registration: Registration,
    /// Of one network.
    sign_ups_per_hour: i32,
    moderation: ModerationSettings,
    session_life_days: u16,
    /// Days until somebody who leaves is erased.
    erasure_grace: u16,
    password_grant: bool,
    /// The hash of FIRST_ADMIN_TOKEN.
    first_admin: Option<Vec<u8>>,
}

impl Auth {
    /// The service on its database. `keyset` is the one that `identity` verifies with: auth fills it itself. `others` are asked
    /// for what they keep of whoever takes a copy of it.
    pub fn new(
        config: &AuthConfig,
        pool: PgPool,
        issuer: String,
        identity: Identity,
        keyset: Keyset,
        others: Vec<ExportClient>,
    ) -> Result<Self, InvalidAuthConfig> {
        let AuthConfig { key_encryption_key, settings } = config;
        let sealing = KeyEncryptionKey::parse(key_encryption_key)?;
        let keyring = Keyring::new(pool.clone(), sealing.clone(), keyset, settings.provider.signing_key_life);
        let hasher = Hasher::new(usize::from(settings.password_hashes_at_once), settings.password_hashes_waiting);
        let attempts = Attempts::new(pool.clone(), sealing.clone());
        let post = Post::new(pool.clone(), sealing.clone(), Mailer::new(&settings.mail)?, issuer.clone());
        let outbox = Outbox::new(pool.clone(), Service::Auth);
        if settings.first_admin_token.as_ref().is_some_and(|token| token.chars().count() < 20) {
            return Err(InvalidAuthConfig::FirstAdminToken);
        }
        let moderation = settings.moderation.tidied();
        if !moderation.has_good_contact() {
            return Err(InvalidAuthConfig::ModerationContact);
        }
        Ok(Self(Arc::new(State {
            pool,
            identity,
            issuer,
            hasher,
            keyring,
            sealing,
            attempts,
            post,
            outbox,
            exporter: Exporter::new(others),
            registration: settings.registration,
            sign_ups_per_hour: settings.sign_ups_per_hour,
            moderation,
            session_life_days: settings.session_life_days,
            erasure_grace: settings.account_erasure_grace,
            password_grant: settings.provider.oauth_password_grant,
            first_admin: settings.first_admin_token.as_deref().map(told_once::hash),
        })))
    }

    /// Every public route.
    pub fn public(&self) -> Router {
        documented().with_state(self.clone()).split_for_parts().0
    }

    /// Nothing of auth is internal: what others need of it is public or in the table of revocations.
    pub fn private(&self) -> Router {
        Router::new()
    }

    /// Keeps the keys, tells and hears facts, sends letters, erases who leaves and clears away what has expired, until dropped.
    /// `wakeups` has the channels of [`PRODUCERS`].
    pub async fn background(self, wakeups: &Wakeups) {
        let letters = Worker::new(self.0.pool.clone(), self.0.post.clone()).run();
        let [social, photo, relation] = PRODUCERS.map(|producer| {
            let wakeup = wakeups.on(&facts::channel(producer));
            Consumer::new(self.0.pool.clone(), Service::Auth, producer, wakeup, FactsOfOthers).run()
        });
        let (keys, outbox) = (self.0.keyring.clone().run(), self.0.outbox.clone().run());
        tokio::join!(keys, outbox, social, photo, relation, letters, erasing::run(&self.0), cleaning::run(&self.0.pool));
    }
}

impl State {
    /// How long a session lasts.
    pub(crate) fn session_minutes(&self) -> i32 {
        i32::from(self.session_life_days) * 24 * 60
    }

    /// What everybody would try first as somebody's password.
    pub(crate) fn host(&self) -> &str {
        let place = self.issuer.split_once("://").map_or(self.issuer.as_str(), |(_, place)| place);
        place.split([':', '/']).next().unwrap_or(place)
    }
}

/// The OpenAPI document of the public routes.
pub fn openapi() -> utoipa::openapi::OpenApi {
    documented().split_for_parts().1
}

fn documented() -> OpenApiRouter<Auth> {
    OpenApiRouter::new()
        .routes(routes!(routes::accounts::create, routes::admin::list))
        .routes(routes!(routes::accounts::me, routes::erasures::create))
        .routes(routes!(routes::admin::show))
        .routes(routes!(routes::admin::suspend, routes::admin::restore))
        .routes(routes!(routes::admin::approve, routes::admin::refuse))
        .routes(routes!(routes::admin_claims::create))
        .routes(routes!(routes::emails::update))
        .routes(routes!(routes::emails::verify))
        .routes(routes!(routes::exports::create, routes::exports::list))
        .routes(routes!(routes::exports::show))
        .routes(routes!(routes::exports::download))
        .routes(routes!(routes::handles::change))
        .routes(routes!(routes::invites::create, routes::invites::list))
        .routes(routes!(routes::invites::delete))
        .routes(routes!(routes::platform::show))
        .routes(routes!(routes::passwords::change))
        .routes(routes!(routes::passwords::ask))
        .routes(routes!(routes::passwords::reset))
        .routes(routes!(routes::second_factor::show))
        .routes(routes!(routes::totp::offer, routes::totp::confirm, routes::totp::remove))
        .routes(routes!(routes::recovery_codes::create))
        .routes(routes!(routes::passkeys::challenge))
        .routes(routes!(routes::passkeys::create, routes::passkeys::list))
        .routes(routes!(routes::passkeys::rename, routes::passkeys::delete))
        .routes(routes!(routes::security_events::all))
        .routes(routes!(routes::security_events::own))
        .routes(routes!(routes::sessions::create, routes::sessions::list, routes::sessions::end_all))
        .routes(routes!(routes::second_factor::sign_in))
        .routes(routes!(routes::second_factor::challenge))
        .routes(routes!(routes::second_factor::sign_in_with_passkey))
        .routes(routes!(routes::sessions::end_current))
        .routes(routes!(routes::media::create, routes::media::delete))
        .routes(routes!(routes::sessions::rename, routes::sessions::end))
        .routes(routes!(routes::apps::list))
        .routes(routes!(routes::apps::delete))
        .routes(routes!(routes::oauth::register::register))
        .routes(routes!(routes::oauth::authorize::show, routes::oauth::authorize::submit))
        .routes(routes!(routes::oauth::forgotten::show, routes::oauth::forgotten::submit))
        .routes(routes!(routes::oauth::passkeys::show, routes::oauth::passkeys::submit))
        .routes(routes!(routes::oauth::links::reset::show, routes::oauth::links::reset::submit))
        .routes(routes!(routes::oauth::links::verify::show, routes::oauth::links::verify::submit))
        .routes(routes!(routes::oauth::token::exchange))
        .routes(routes!(routes::oauth::revoke::revoke))
        .routes(routes!(routes::oauth::introspect::introspect))
        .routes(routes!(routes::oauth::userinfo::show, routes::oauth::userinfo::show_by_post))
        .routes(routes!(routes::well_known::jwks))
        .routes(routes!(routes::well_known::openid))
        .routes(routes!(routes::well_known::oauth))
}

impl FromRef<Auth> for Identity {
    fn from_ref(auth: &Auth) -> Self {
        auth.0.identity.clone()
    }
}
