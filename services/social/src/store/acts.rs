//! What administrators did, for the other administrators to read. Nothing changes it afterwards.

use contracts::{AccountId, PostId};
use serde::Serialize;
use serving::{Page, Result};
use sqlx::{PgConnection, PgPool};
use utoipa::ToSchema;

/// What an administrator did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[schema(as = ModerationActKind)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub(crate) enum Kind {
    /// Found nothing wrong with what was reported.
    Dismissed,
    /// Did something elsewhere about what was reported; the note says what.
    Handled,
    /// Removed a post, and closed every report of it.
    Removed,
    /// Made a custom emoji, or gave it another picture or category.
    EmojiSet,
    /// Switched a custom emoji off.
    EmojiDisabled,
}

/// Something to note.
pub(crate) struct NewAct<'a> {
    pub(crate) moderator: AccountId,
    pub(crate) kind: Kind,
    pub(crate) account: Option<AccountId>,
    pub(crate) post: Option<PostId>,
    pub(crate) note: &'a str,
    pub(crate) said: Option<&'a str>,
    pub(crate) emoji: Option<&'a str>,
}

impl NewAct<'_> {
    /// Something about nothing yet.
    pub(crate) fn of(moderator: AccountId, kind: Kind) -> Self {
        Self { moderator, kind, account: None, post: None, note: "", said: None, emoji: None }
    }
}

/// Something that was done.
pub(crate) struct Act {
    pub(crate) id: i64,
    pub(crate) moderator: AccountId,
    pub(crate) moderator_handle: Option<String>,
    pub(crate) kind: Kind,
    pub(crate) account: Option<AccountId>,
    pub(crate) post: Option<PostId>,
    pub(crate) note: String,
    pub(crate) said: Option<String>,
    pub(crate) emoji: Option<String>,
}

/// Notes what an administrator does, in the transaction of its effect.
pub(crate) async fn insert(connection: &mut PgConnection, act: &NewAct<'_>) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        "insert into moderation_acts (moderator, kind, account, post, note, said, emoji) values ($1, $2, $3, $4, $5, $6, $7) returning id",
        act.moderator as AccountId,
        act.kind as Kind,
        act.account as Option<AccountId>,
        act.post as Option<PostId>,
        act.note,
        act.said,
        act.emoji,
    )
    .fetch_one(connection)
    .await?)
}

/// Was this post removed by an administrator?
pub(crate) async fn is_removed(connection: &mut PgConnection, post: PostId) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from moderation_acts where post = $1 and kind = 'removed') as "removed!""#,
        post as PostId,
    )
    .fetch_one(connection)
    .await?)
}

/// What was done, the last first; about one account, or any.
pub(crate) async fn list(pool: &PgPool, account: Option<AccountId>, page: &Page) -> Result<Vec<Act>> {
    let acts = if let Some(after) = page.after() {
        sqlx::query_as!(
            Act,
            r#"select acts.id as "id!", moderator as "moderator!: AccountId", nullif(profiles.handle, '') as "moderator_handle?",
                   kind as "kind!: Kind", account as "account?: AccountId", post as "post?: PostId", note as "note!", said as "said?",
                   emoji as "emoji?"
               from moderation_acts acts left join profiles on profiles.id = moderator
               where ($1::bigint is null or account = $1) and acts.id > $2 order by acts.id limit $3"#,
            account as Option<AccountId>,
            after,
            page.limit + 1,
        )
        .fetch_all(pool)
        .await?
    } else {
        sqlx::query_as!(
            Act,
            r#"select acts.id as "id!", moderator as "moderator!: AccountId", nullif(profiles.handle, '') as "moderator_handle?",
                   kind as "kind!: Kind", account as "account?: AccountId", post as "post?: PostId", note as "note!", said as "said?",
                   emoji as "emoji?"
               from moderation_acts acts left join profiles on profiles.id = moderator
               where ($1::bigint is null or account = $1) and acts.id < $2 order by acts.id desc limit $3"#,
            account as Option<AccountId>,
            page.before(),
            page.limit + 1,
        )
        .fetch_all(pool)
        .await?
    };
    Ok(acts)
}
