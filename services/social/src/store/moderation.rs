//! Reports as administrators see them. A case is what is open about one thing, or what one act closed; it stands in lists as
//! its newest report.
//!
//! Whoever closes reports of a post that may be removed locks its thread first, then the reports in their order. So two
//! administrators come one after the other, and the second finds what the first has closed.

use audience::Visibility;
use contracts::{AccountId, PostId};
use serde::{Deserialize, Serialize};
use serving::{Page, Result};
use sqlx::{PgConnection, PgPool};
use utoipa::ToSchema;

use super::acts::Kind;
use super::reports::Reason;

/// Other reports of a case that are shown.
const MOST_OTHERS: i64 = 50;

/// What an administrator decided about what was reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub(crate) enum Decision {
    /// Nothing is wrong with it.
    Dismissed,
    /// Something was done about it elsewhere, such as a suspension.
    Handled,
    /// The post is removed.
    Removed,
}

impl From<Decision> for Kind {
    fn from(decision: Decision) -> Self {
        match decision {
            Decision::Dismissed => Self::Dismissed,
            Decision::Handled => Self::Handled,
            Decision::Removed => Self::Removed,
        }
    }
}

/// A report with what became of it.
pub(crate) struct Report {
    pub(crate) id: i64,
    pub(crate) reason: Reason,
    pub(crate) note: String,
    pub(crate) said: String,
    pub(crate) photos: Vec<i64>,
    pub(crate) account: AccountId,
    pub(crate) handle: Option<String>,
    pub(crate) post: Option<PostId>,
    pub(crate) reporter: AccountId,
    pub(crate) reporter_handle: Option<String>,
    pub(crate) of_case: i64,
    pub(crate) closed_at: Option<jiff_sqlx::Timestamp>,
    pub(crate) moderator: Option<AccountId>,
    pub(crate) decision: Option<Decision>,
    pub(crate) why: Option<String>,
}

/// The newest report of each case, the newest first.
pub(crate) async fn heads(pool: &PgPool, open: bool, page: &Page) -> Result<Vec<i64>> {
    let ids = if let Some(after) = page.after() {
        sqlx::query_scalar!(
            "select id from reports where is_open = $1 and id > $2 and heads_case(reports) order by id limit $3",
            open,
            after,
            page.limit + 1,
        )
        .fetch_all(pool)
        .await?
    } else {
        sqlx::query_scalar!(
            "select id from reports where is_open = $1 and id < $2 and heads_case(reports) order by id desc limit $3",
            open,
            page.before(),
            page.limit + 1,
        )
        .fetch_all(pool)
        .await?
    };
    Ok(ids)
}

/// These reports, the newest first.
pub(crate) async fn by_ids(pool: &PgPool, ids: &[i64]) -> Result<Vec<Report>> {
    Ok(sqlx::query_as!(
        Report,
        r#"select r.id as "id!", r.reason as "reason!: Reason", r.note as "note!", r.said as "said!", r.photos as "photos!",
               r.account as "account!: AccountId", nullif(reported.handle, '') as "handle?", r.post as "post?: PostId",
               r.reporter as "reporter!: AccountId", nullif(reporting.handle, '') as "reporter_handle?",
               (
                   select count(*) from reports o
                   where o.account = r.account and coalesce(o.post, 0) = coalesce(r.post, 0) and o.is_open = r.is_open
                       and o.resolution is not distinct from r.resolution
               ) as "of_case!",
               r.closed_at as "closed_at?", act.moderator as "moderator?: AccountId", act.kind as "decision?: Decision", act.note as "why?"
           from reports r left join profiles reported on reported.id = r.account left join profiles reporting on reporting.id = r.reporter
               left join moderation_acts act on act.id = r.resolution
           where r.id = any($1) order by r.id desc"#,
        ids,
    )
    .fetch_all(pool)
    .await?)
}

/// The other reports of the same post or person, open and closed: the newest.
pub(crate) async fn others(pool: &PgPool, report: &Report) -> Result<Vec<i64>> {
    Ok(sqlx::query_scalar!(
        "select id from reports where account = $1 and coalesce(post, 0) = coalesce($2::bigint, 0) and id <> $3 order by id desc limit $4",
        report.account as AccountId,
        report.post as Option<PostId>,
        report.id,
        MOST_OTHERS,
    )
    .fetch_all(pool)
    .await?)
}

/// What a post says now, whomever it is for.
pub(crate) struct Target {
    pub(crate) author: AccountId,
    pub(crate) text: String,
    pub(crate) content_warning: String,
    pub(crate) visibility: Visibility,
    pub(crate) edited_at: Option<jiff_sqlx::Timestamp>,
    /// As it is kept with a report or an act.
    pub(crate) said: String,
}

/// A post, if it is still there and not being deleted.
pub(crate) async fn target(connection: &mut PgConnection, post: PostId) -> Result<Option<Target>> {
    Ok(sqlx::query_as!(
        Target,
        r#"select author as "author!: AccountId", text as "text!", content_warning as "content_warning!",
               visibility as "visibility!: Visibility", edited_at as "edited_at?",
               concat_ws(E'\n\n', nullif(content_warning, ''), text) as "said!"
           from posts where id = $1 and not exists (select from deletions d where d.post in (posts.id, posts.root))"#,
        post as PostId,
    )
    .fetch_optional(connection)
    .await?)
}

/// What a report is about.
pub(crate) struct Subject {
    pub(crate) account: AccountId,
    pub(crate) post: Option<PostId>,
    pub(crate) said: String,
}

/// What a report is about, if there is one.
pub(crate) async fn subject(connection: &mut PgConnection, report: i64) -> Result<Option<Subject>> {
    Ok(sqlx::query_as!(
        Subject,
        r#"select account as "account!: AccountId", post as "post?: PostId", said as "said!" from reports where id = $1"#,
        report,
    )
    .fetch_optional(connection)
    .await?)
}

/// Locks the open reports of something, so that of several who close them one does.
pub(crate) async fn lock(connection: &mut PgConnection, account: AccountId, post: Option<PostId>) -> Result<()> {
    sqlx::query!(
        "select from reports where account = $1 and coalesce(post, 0) = coalesce($2::bigint, 0) and is_open order by id for update",
        account as AccountId,
        post as Option<PostId>,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// How a report was closed.
pub(crate) struct Closed {
    pub(crate) moderator: Option<AccountId>,
    pub(crate) decision: Option<Decision>,
    pub(crate) note: Option<String>,
}

/// How a report was closed, if it was.
pub(crate) async fn closed(connection: &mut PgConnection, report: i64) -> Result<Option<Closed>> {
    Ok(sqlx::query_as!(
        Closed,
        r#"select act.moderator as "moderator?: AccountId", act.kind as "decision?: Decision", act.note as "note?"
           from reports r left join moderation_acts act on act.id = r.resolution where r.id = $1 and not r.is_open"#,
        report,
    )
    .fetch_optional(connection)
    .await?)
}

/// Closes the open reports of something, or those of them that are about what it said then, and tells who made them.
pub(crate) async fn close(
    connection: &mut PgConnection,
    account: AccountId,
    post: Option<PostId>,
    said: Option<&str>,
    act: i64,
) -> Result<()> {
    sqlx::query_scalar!(
        r#"with closed as (
               update reports set closed_at = clock_timestamp(), resolution = $4
               where account = $1 and coalesce(post, 0) = coalesce($2::bigint, 0) and is_open and ($3::text is null or said = $3)
               returning id, reporter
           )
           select count(tell_of_act(reporter, 'report_resolved', $4, id)) as "closed!" from closed"#,
        account as AccountId,
        post as Option<PostId>,
        said,
        act,
    )
    .fetch_one(connection)
    .await?;
    Ok(())
}

/// Tells the author of a post that it was removed.
pub(crate) async fn tell_author(connection: &mut PgConnection, author: AccountId, act: i64) -> Result<()> {
    sqlx::query_scalar!(r#"select tell_of_act($1, 'post_removed', $2, null) as "told!""#, author.0, act).fetch_one(connection).await?;
    Ok(())
}
