//! Clears away what matters no more. Every replica does; doing it twice changes nothing.

use std::time::Duration;

use sqlx::PgPool;

use crate::store;

/// How often.
const PERIOD: Duration = Duration::from_secs(600);

/// Clears away, until dropped.
pub(crate) async fn run(pool: &PgPool) {
    loop {
        if let Err(error) = store::sessions::delete_expired(pool).await {
            tracing::warn!(%error, "failed to delete expired sessions; trying again later");
        }
        if let Err(error) = delete_old(pool).await {
            tracing::warn!(%error, "failed to delete what is too old; trying again later");
        }
        if let Err(error) = serving::purge_idempotency_keys(pool).await {
            tracing::warn!(%error, "failed to delete old idempotency keys; trying again later");
        }
        tokio::time::sleep(PERIOD).await;
    }
}

/// Links, invites, challenges, counted attempts, devices, codes, apps, exports, handles that are held, and security events
/// that matter no more.
async fn delete_old(pool: &PgPool) -> sqlx::Result<()> {
    store::links::delete_old(pool).await?;
    store::invites::delete_old(pool).await?;
    store::sign_in_challenges::delete_old(pool).await?;
    store::passkey_challenges::delete_old(pool).await?;
    store::keep_challenges::delete_old(pool).await?;
    store::attempts::delete_old(pool).await?;
    store::devices::delete_old(pool).await?;
    store::codes::delete_expired(pool).await?;
    store::apps::delete_unused(pool).await?;
    store::exports::delete_old(pool).await?;
    store::held_handles::delete_old(pool).await?;
    store::security_events::delete_old(pool).await
}
