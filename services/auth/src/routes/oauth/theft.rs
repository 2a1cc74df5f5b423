//! What is good once was used twice: somebody has stolen it, or an app has lost its way. The session that it gave ends, and
//! whose it was hears of it.

use contracts::{AccountId, SessionId};
use serde_json::json;
use serving::Result;
use sqlx::PgConnection;

use crate::State;
use crate::post::Notice;
use crate::source::Source;
use crate::store::security_events::{self, Kind};
use crate::store::{accounts, sessions};

/// What was used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stolen {
    /// A refresh token.
    Token,
    /// An authorization code.
    Code,
}

/// The session that it gave.
pub(super) struct Of<'a> {
    pub(super) session: SessionId,
    pub(super) account: AccountId,
    /// The app that it is of, if it is not the platform's own.
    pub(super) client_id: Option<&'a str>,
}

/// Ends the session, writes it down and owes the letter; nothing of that a second time. `source` is where it came from.
pub(super) async fn end(auth: &State, connection: &mut PgConnection, stolen: Stolen, of: Of<'_>, source: &Source) -> Result<()> {
    let Of { session, account, client_id } = of;
    if !sessions::end(connection, session).await? {
        return Ok(());
    }
    let (kind, notice) = match stolen {
        Stolen::Token => (Kind::TokenReused, Notice::TokenReused),
        Stolen::Code => (Kind::CodeReused, Notice::CodeReused),
    };
    if let Some(owner) = accounts::find(&mut *connection, account).await? {
        auth.post.notice(connection, notice, &owner.handle, owner.email.as_deref()).await?;
    }
    let details = json!({ "session": session, "client_id": client_id });
    security_events::insert(connection, kind, Some(account), Some(source), details).await?;
    Ok(())
}
