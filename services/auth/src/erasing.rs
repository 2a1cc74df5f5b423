//! Erases accounts whose time has come, and watches whether every service forgets them.
//!
//! ```text
//!   DELETE /v1/accounts/me ─► Leaving, hidden everywhere ─► days later: all that auth has goes, `account.erased` is told
//!                               │ keep: true at a sign-in      └► social, photo and relation: `account.forgotten`, each once
//!                               └► Active again, or Suspended, if they were suspended meanwhile
//! ```
//!
//! The row of the erasure is the job: it is looked for every second, and what is done to it is one transaction, so a replica
//! that dies leaves nothing half done.

use std::sync::LazyLock;
use std::time::Duration;

use contracts::AccountId;
use contracts::fact::{AccountChanged, AccountErased, AccountState, Fact};
use opentelemetry::KeyValue;
use opentelemetry::metrics::Gauge;
use serde_json::json;
use serving::Result;
use sqlx::PgPool;
use tracing::Instrument;

use crate::facts_of_others::PRODUCERS;
use crate::sign_in::Proof;
use crate::standing::Standing;
use crate::store::accounts;
use crate::store::security_events::{self, Kind};
use crate::store::{erasures, held_handles};
use crate::{State, handle};

/// How soon a time that has come is noticed.
const POLL: Duration = Duration::from_secs(1);
/// How often it is counted who has forgotten whom.
const COUNT: Duration = Duration::from_secs(15);

static UNFORGOTTEN: LazyLock<Gauge<u64>> = LazyLock::new(|| {
    let about = "Erased accounts that a service has yet to forget.";
    telemetry::meter().u64_gauge("socialplatform.auth.erasures.unforgotten").with_unit("{account}").with_description(about).build()
});
static UNFORGOTTEN_AGE: LazyLock<Gauge<f64>> = LazyLock::new(|| {
    let about = "Time since the oldest account was erased that a service has yet to forget.";
    telemetry::meter().f64_gauge("socialplatform.auth.erasures.unforgotten.age").with_unit("s").with_description(about).build()
});

/// Erases who is due, until dropped. Every replica runs it; the lock on the account lets one erase it.
pub(crate) async fn run(auth: &State) {
    tokio::join!(erase_due(auth), watch(&auth.pool));
}

async fn erase_due(auth: &State) {
    loop {
        if !matches!(erase_next(auth).await, Ok(true)) {
            tokio::time::sleep(POLL).await;
        }
    }
}

/// Erases one whose time has come; `false` if there was none. If it fails, that has been told.
async fn erase_next(auth: &State) -> sqlx::Result<bool> {
    let Some(account) = erasures::next_due(&auth.pool).await.inspect_err(failed)? else { return Ok(false) };
    let span = tracing::info_span!("auth.erase", otel.name = "erase account");
    let erased = async { erase(auth, account).await.inspect_err(failed) };
    telemetry::recorded(erased, |error| database::said(error)).instrument(span).await
}

fn failed(error: &sqlx::Error) {
    database::failed(error);
    tracing::warn!(%error, "failed to erase an account; trying again");
}

async fn erase(auth: &State, account: AccountId) -> sqlx::Result<bool> {
    let mut tx = auth.pool.begin().await?;
    let Some(handle) = erasures::lock_due(&mut tx, account).await? else { return Ok(false) };
    // While the account still says under which pseudonym.
    security_events::insert(&mut tx, Kind::Erased, Some(account), None, json!({})).await?;
    held_handles::insert(&mut tx, &handle::hash(&auth.sealing, &handle), None).await?;
    erasures::erase(&mut tx, account, &handle).await?;
    facts::publish(&mut tx, &Fact::AccountErased(AccountErased { account })).await?;
    tx.commit().await?;
    auth.outbox.committed();
    tracing::info!(event.name = "account.erased", "an account was erased");
    Ok(true)
}

/// Keeps the account of somebody who leaves and has just proved who they are. For others it changes nothing, nor for whoever is
/// about to be erased. Whoever was suspended meanwhile stays hidden, and stays out.
pub(crate) async fn keep(auth: &State, proof: &Proof) -> Result<()> {
    let mut tx = auth.pool.begin().await?;
    let Some(locked) = accounts::lock(&mut tx, proof.account).await? else { return Ok(()) };
    let proved = accounts::hold(&mut tx, locked.id, &proof.password_hash).await?;
    let Some(account) = proved.filter(|account| account.standing == Standing::Leaving) else { return Ok(()) };
    if !erasures::delete(&mut tx, account.id).await? {
        return Ok(());
    }
    match account.suspended_reason.as_deref() {
        Some(reason) => accounts::set_standing(&mut tx, account.id, Standing::Suspended, Some(reason)).await?,
        None => {
            accounts::set_standing(&mut tx, account.id, Standing::Active, None).await?;
            let changed = AccountChanged { account: account.id, state: AccountState::Active };
            facts::publish(&mut tx, &Fact::AccountChanged(changed)).await?;
        }
    }
    security_events::insert(&mut tx, Kind::ErasureCanceled, Some(account.id), Some(&proof.source), json!({})).await?;
    tx.commit().await?;
    auth.outbox.committed();
    Ok(())
}

/// Counts who has yet to forget whom, until dropped. Every replica counts the same rows: take the largest.
async fn watch(pool: &PgPool) {
    let services = PRODUCERS.map(|service| service.name().to_owned());
    loop {
        match erasures::unforgotten(pool, &services).await.inspect_err(database::failed) {
            Ok(counted) => {
                for erasures::Unforgotten { service, accounts, age } in counted {
                    // Not `service`: in Kubernetes a scrape names its targets so.
                    let labels = [KeyValue::new("consumer", service)];
                    UNFORGOTTEN.record(u64::try_from(accounts).unwrap_or_default(), &labels);
                    UNFORGOTTEN_AGE.record(age.max(0.0), &labels);
                }
            }
            Err(error) => tracing::warn!(%error, "failed to count who has yet to forget whom; trying again later"),
        }
        tokio::time::sleep(COUNT).await;
    }
}
