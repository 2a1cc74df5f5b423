//! Telling everybody what an account is to others, and waiting until they have heard.

use std::time::Duration;

use contracts::AccountId;
use contracts::fact::{AccountChanged, AccountState, Fact};
use facts::FactId;
use sqlx::PgConnection;

use crate::State;

/// How long a caller waits until everybody has heard.
const HEARD_BY_ALL: Duration = Duration::from_secs(2);

/// Tells it, in the transaction in which it becomes true.
pub(super) async fn tell(connection: &mut PgConnection, account: AccountId, state: AccountState) -> sqlx::Result<FactId> {
    facts::publish(connection, &Fact::AccountChanged(AccountChanged { account, state })).await
}

/// Has every service applied it? Otherwise some are still at it. Without a fact: all that was told so far.
pub(super) async fn heard(auth: &State, fact: Option<FactId>) -> bool {
    let heard = async {
        let newest = match fact {
            Some(fact) => Some(fact),
            None => auth.outbox.newest().await?,
        };
        match newest {
            Some(fact) => auth.outbox.passed(fact, HEARD_BY_ALL).await,
            None => Ok(true),
        }
    };
    // The change is made, so a database that fails now only leaves this question open.
    heard.await.unwrap_or_else(|error: sqlx::Error| {
        tracing::warn!(%error, "failed to ask whether a change was heard of");
        false
    })
}
