//! How many sessions one account may begin within a quarter of an hour. Each beyond those that may live ends one that was
//! used a moment ago, and so long do all services remember that one: without a bound, one account would fill their memory.

use std::time::Duration;

use contracts::AccountId;
use serving::{Problem, Result};
use sqlx::PgConnection;

/// Within a quarter of an hour, those that have ended since among them.
pub(super) const MOST: i64 = 300;
/// After this some of them may be old enough.
const PAUSE: Duration = Duration::from_secs(60);

/// 429 if an account has begun too many.
pub(super) async fn check(connection: &mut PgConnection, account: AccountId) -> Result<()> {
    let begun = sqlx::query_scalar!(
        r#"select count(*) as "count!" from (
               select from sessions where account_id = $1 and created_at > now() - interval '15 minutes' limit $2) of_late"#,
        account as AccountId,
        MOST,
    )
    .fetch_one(connection)
    .await?;
    if begun < MOST { Ok(()) } else { Err(too_many()) }
}

/// 429: an account has begun too many.
pub(crate) fn too_many() -> Problem {
    tracing::warn!(event.name = "sessions.too_many", "refused a session: its account has begun too many of late");
    Problem::too_many_requests(PAUSE)
}
