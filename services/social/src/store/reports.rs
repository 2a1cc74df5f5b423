use contracts::{AccountId, PostId};
use serde::{Deserialize, Serialize};
use serving::{Problem, Result};
use sqlx::PgConnection;
use utoipa::ToSchema;

/// Why something is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, sqlx::Type)]
#[serde(rename_all = "lowercase")]
#[schema(as = ReportReason)]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub(crate) enum Reason {
    /// Nobody asked for it.
    Spam,
    /// It hurts somebody.
    Abuse,
    /// It is against the law.
    Illegal,
    /// The note says why.
    Other,
}

/// What is reported.
pub(crate) struct Subject {
    /// Whom it is about.
    pub(crate) account: AccountId,
    /// What it says now.
    pub(crate) said: String,
    /// The photos that it shows now.
    pub(crate) photos: Vec<i64>,
}

/// How many reports of an account are open. Holds up whoever else asks, until the transaction ends.
pub(crate) async fn count_open(connection: &mut PgConnection, reporter: AccountId) -> Result<i64> {
    sqlx::query!("select from profiles where id = $1 for no key update", reporter as AccountId).execute(&mut *connection).await?;
    Ok(sqlx::query_scalar!(r#"select count(*) as "open!" from reports where reporter = $1 and closed_at is null"#, reporter as AccountId,)
        .fetch_one(connection)
        .await?)
}

/// A post that the reporter sees.
pub(crate) async fn post(connection: &mut PgConnection, reporter: AccountId, id: PostId) -> Result<Option<Subject>> {
    Ok(sqlx::query_as!(
        Subject,
        r#"select author as "account!: AccountId", concat_ws(E'\n\n', nullif(content_warning, ''), text) as "said!",
               array(select photo from post_photos where post_photos.post = posts.id order by position) as "photos!"
           from posts where id = $2 and visible($1, posts)"#,
        reporter as AccountId,
        id as PostId,
    )
    .fetch_optional(connection)
    .await?)
}

/// A person of whom the reporter knows. Who blocks somebody may still report them; who is blocked knows of nobody.
pub(crate) async fn person(connection: &mut PgConnection, reporter: AccountId, id: AccountId) -> Result<Option<Subject>> {
    Ok(sqlx::query_as!(
        Subject,
        r#"select id as "account!: AccountId",
               concat_ws(
                   E'\n\n', handle, nullif(display_name, ''), nullif(pronouns, ''), nullif(bio, ''),
                   (
                       select string_agg(concat(field ->> 'name', ': ', field ->> 'value'), E'\n' order by place)
                       from jsonb_array_elements(fields) with ordinality as own (field, place)
                   )
               ) as "said!",
               array_remove(array[picture, header], null) as "photos!"
           from profiles
           where id = $2 and handle <> '' and not is_hidden(id)
               and not exists (select from relations where blocks and actor = $2 and target = $1)"#,
        reporter.0,
        id.0,
    )
    .fetch_optional(connection)
    .await?)
}

/// Keeps a report; one of the same by the same person is open at a time.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    reporter: AccountId,
    subject: &Subject,
    post: Option<PostId>,
    reason: Reason,
    note: &str,
) -> Result<i64> {
    sqlx::query_scalar!(
        "insert into reports (reporter, account, post, reason, note, said, photos) values ($1, $2, $3, $4, $5, $6, $7) returning id",
        reporter as AccountId,
        subject.account as AccountId,
        post as Option<PostId>,
        reason as Reason,
        note,
        subject.said,
        &subject.photos,
    )
    .fetch_one(connection)
    .await
    .map_err(|error| match &error {
        sqlx::Error::Database(cause) if cause.constraint().is_some_and(|name| name.starts_with("reports_open_of_")) => {
            database::refused(&error);
            Problem::conflict("already-reported", "You have reported this, and somebody will look at it.")
        }
        _ => error.into(),
    })
}
