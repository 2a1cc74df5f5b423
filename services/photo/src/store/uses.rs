use contracts::id::UseId;
use contracts::{AccountId, PhotoId};
use serving::Page;
use sqlx::{PgConnection, PgExecutor, PgPool, query, query_as, query_scalar};

/// Where somebody shows another's photo.
pub(crate) struct UseRow {
    pub(crate) id: UseId,
    pub(crate) account: AccountId,
    pub(crate) source: String,
    /// Everybody may see what shows it.
    pub(crate) open: bool,
    pub(crate) url: Option<String>,
    pub(crate) note: Option<String>,
    pub(crate) created_at: jiff::Timestamp,
}

/// `query_as!` of a [`UseRow`], given what comes after the table. What an older version has noted does not say whether everybody sees
/// it: an album or a profile only ever counts where everybody does.
macro_rules! select_uses {
    ($rest:tt, $($argument:tt)*) => {
        query_as!(
            UseRow,
            r#"select id as "id: UseId", account as "account: AccountId", source,
                   open or source like 'album:%' or source like 'profile:%' as "open!", url, note, created_at
               from photo_uses "# + $rest,
            $($argument)*
        )
    };
}

/// What shows a photo, and for a place outside of the platform, in words.
#[derive(Clone, Copy)]
pub(crate) struct Shown<'a> {
    pub(crate) account: AccountId,
    pub(crate) source: &'a str,
    pub(crate) open: bool,
    pub(crate) url: Option<&'a str>,
    pub(crate) note: Option<&'a str>,
}

/// Notes a use, and counts its maker if it is their first of this photo and they are not hidden. `None` if it is noted already.
/// The photo must be locked.
pub(crate) async fn add(connection: &mut PgConnection, photo: PhotoId, shown: Shown<'_>) -> sqlx::Result<Option<UseId>> {
    // All parts of a statement see what was there before it.
    query_scalar!(
        r#"with fresh as (
               insert into photo_uses (photo, account, source, url, note, open, counted) values ($1, $2, $3, $4, $5, $6, not is_hidden($2))
               on conflict on constraint photo_uses_source_key do nothing
               returning id, counted
           ), counted as (
               update photos set uses = uses + 1
               where id = $1 and exists (select from fresh where counted)
                   and not exists (select from photo_uses where photo = $1 and account = $2 and counted)
           )
           select id as "id!: UseId" from fresh"#,
        photo.0,
        shown.account.0,
        shown.source,
        shown.url,
        shown.note,
        shown.open,
    )
    .fetch_optional(connection)
    .await
}

/// Sets whether everybody may see what shows photos.
pub(crate) async fn set_open(connection: &mut PgConnection, account: AccountId, source: &str, open: bool) -> sqlx::Result<()> {
    query!("update photo_uses set open = $3 where account = $1 and source = $2 and open <> $3", account.0, source, open)
        .execute(connection)
        .await
        .map(drop)
}

/// Lets all who show a photo, which must be locked, show a copy of it instead, which nobody else knows yet.
pub(crate) async fn hand_over(connection: &mut PgConnection, photo: PhotoId, to: PhotoId) -> sqlx::Result<()> {
    query!("update photo_uses set photo = $2 where photo = $1", photo.0, to.0).execute(&mut *connection).await?;
    query!("update photos set uses = (select uses from photos where id = $1) where id = $2", photo.0, to.0)
        .execute(&mut *connection)
        .await?;
    query!("update photos set uses = 0 where id = $1", photo.0).execute(connection).await.map(drop)
}

/// Forgets a use, and no longer counts its maker if it was their last of this photo. The photo must be locked. Says whether
/// anybody uses it then, hidden people included, or `None` if there was no such use. The count never goes below zero: while a
/// platform is updated, old code counts without regard to who is hidden.
pub(crate) async fn remove(connection: &mut PgConnection, photo: PhotoId, account: AccountId, source: &str) -> sqlx::Result<Option<bool>> {
    let gone = query_scalar!(
        "delete from photo_uses where photo = $1 and account = $2 and source = $3 returning counted",
        photo.0,
        account.0,
        source,
    );
    let Some(counted) = gone.fetch_optional(&mut *connection).await? else { return Ok(None) };
    query_scalar!(
        r#"update photos
           set uses = greatest(uses - case
               when $3 and not exists (select from photo_uses where photo = $1 and account = $2 and counted) then 1 else 0
           end, 0)
           where id = $1
           returning exists (select from photo_uses where photo = $1) as "used!""#,
        photo.0,
        account.0,
        counted,
    )
    .fetch_optional(connection)
    .await
}

/// Whether anybody shows a photo, hidden people included.
pub(crate) async fn any(connection: &mut PgConnection, photo: PhotoId) -> sqlx::Result<bool> {
    query_scalar!(r#"select exists (select from photo_uses where photo = $1) as "any!""#, photo.0).fetch_one(connection).await
}

/// Forgets every use of a photo. The photo must be locked.
pub(crate) async fn clear(connection: &mut PgConnection, photo: PhotoId) -> sqlx::Result<()> {
    query!("delete from photo_uses where photo = $1", photo.0).execute(&mut *connection).await?;
    query!("update photos set uses = 0 where id = $1", photo.0).execute(connection).await.map(drop)
}

/// The photos of which it is noted that `source` of this account shows them.
pub(crate) async fn shown_by(connection: &mut PgConnection, account: AccountId, source: &str) -> sqlx::Result<Vec<i64>> {
    query_scalar!("select photo from photo_uses where account = $1 and source = $2", account.0, source).fetch_all(connection).await
}

/// Those of `photos` that somebody else made public, and of which no use by this account is noted.
pub(crate) async fn unnoted(pool: &PgPool, account: AccountId, owner: &str, photos: &[i64]) -> sqlx::Result<Vec<i64>> {
    query_scalar!(
        "select id from photos
         where id = any($1) and owner <> $2 and visibility = 'public' and left_at is null
             and not exists (select from photo_uses where photo = photos.id and account = $3)",
        photos,
        owner,
        account.0,
    )
    .fetch_all(pool)
    .await
}

/// A use of which it is not known in what.
pub(crate) struct Unknown {
    pub(crate) photo: PhotoId,
    pub(crate) account: AccountId,
    pub(crate) source: String,
}

/// Uses of which it did not become known within a day in what: nothing came of them.
pub(crate) async fn unknown(pool: &PgPool, most: i64) -> sqlx::Result<Vec<Unknown>> {
    query_as!(
        Unknown,
        r#"select photo as "photo: PhotoId", account as "account: AccountId", source from photo_uses
           where source like 'account:%' and created_at < now() - interval '1 day' order by created_at limit $1"#,
        most,
    )
    .fetch_all(pool)
    .await
}

/// How many places outside of the platform an account has named for a photo.
pub(crate) async fn elsewhere(connection: &mut PgConnection, photo: PhotoId, account: AccountId) -> sqlx::Result<i64> {
    query_scalar!(
        r#"select count(*) as "count!" from photo_uses where photo = $1 and account = $2 and source like 'elsewhere:%'"#,
        photo.0,
        account.0,
    )
    .fetch_one(connection)
    .await
}

/// One use of a photo by an account, by what shows it.
pub(crate) async fn at(executor: impl PgExecutor<'_>, photo: PhotoId, account: AccountId, source: &str) -> sqlx::Result<Option<UseRow>> {
    select_uses!("where photo = $1 and account = $2 and source = $3", photo.0, account.0, source).fetch_optional(executor).await
}

/// One use of a photo, by its id.
pub(crate) async fn find(connection: &mut PgConnection, photo: PhotoId, id: UseId) -> sqlx::Result<Option<UseRow>> {
    select_uses!("where photo = $1 and id = $2", photo.0, id.0).fetch_optional(connection).await
}

/// The uses of a photo by those who are not hidden, in the order of the page and one more than it holds.
pub(crate) async fn of(pool: &PgPool, photo: PhotoId, page: &Page) -> sqlx::Result<Vec<UseRow>> {
    let one_more = page.limit + 1;
    if let Some(after) = page.after() {
        select_uses!("where photo = $1 and not is_hidden(account) and id > $2 order by id limit $3", photo.0, after, one_more)
            .fetch_all(pool)
            .await
    } else {
        select_uses!("where photo = $1 and not is_hidden(account) and id < $2 order by id desc limit $3", photo.0, page.before(), one_more)
            .fetch_all(pool)
            .await
    }
}
