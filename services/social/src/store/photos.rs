use contracts::fact::PhotoChanged;
use contracts::photo::{PhotoDetails, PhotoState, PhotoVisibility, UsablePhoto};
use contracts::{AccountId, PhotoId, PostId};
use identity::AsOf;
use serving::Result;
use sqlx::{PgConnection, PgPool};

use super::left;

/// A photo in a post.
pub(crate) struct Shown {
    pub(crate) post: PostId,
    /// Whose post or comment it is.
    pub(crate) author: AccountId,
    /// Of a comment, for whose audience it is.
    pub(crate) root_author: Option<AccountId>,
    pub(crate) id: PhotoId,
    pub(crate) owner: AccountId,
    pub(crate) key: String,
    pub(crate) visibility: PhotoVisibility,
    pub(crate) alt: String,
    pub(crate) width: i32,
    pub(crate) height: i32,
    pub(crate) thumbhash: String,
    /// What others may do with it. This and the rest are `None` while photo has not told them.
    pub(crate) license: Option<String>,
    pub(crate) credit: Option<String>,
    pub(crate) animated: Option<bool>,
}

/// How far the facts of photo are applied: to be read before photo is asked, for [`changed_since`].
pub(crate) async fn applied(pool: &PgPool) -> Result<i64> {
    let position = sqlx::query_scalar!("select position from photo.outbox_cursors where consumer = 'social'").fetch_optional(pool).await?;
    Ok(position.unwrap_or(0))
}

/// Has a fact about one of these photos been applied since? Then what photo answered may be older than the fact. Holds
/// back further facts of photo until the transaction ends, so that they find the rows that it makes.
pub(crate) async fn changed_since(connection: &mut PgConnection, applied: i64, photos: &[i64]) -> Result<bool> {
    let now = sqlx::query_scalar!("select position from photo.outbox_cursors where consumer = 'social' for share")
        .fetch_optional(&mut *connection)
        .await?;
    Ok(sqlx::query_scalar!(
        r#"select exists (select from photo.outbox where position > $1 and position <= $2 and (fact ->> 'photo')::bigint = any($3)) as "changed!""#,
        applied,
        now.unwrap_or(0),
        photos,
    )
    .fetch_one(connection)
    .await?)
}

/// Keeps what photo just said of a photo that is about to be shown.
pub(crate) async fn keep(connection: &mut PgConnection, photo: &UsablePhoto) -> Result<()> {
    let PhotoState { key, visibility, alt, width, height, thumbhash, details } = &photo.state;
    let (license, credit, animated) = columns(details.as_ref());
    sqlx::query!(
        "insert into photos (id, owner, key, visibility, alt, width, height, thumbhash, license, credit, animated)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) on conflict (id) do nothing",
        photo.id as PhotoId,
        photo.owner as AccountId,
        key,
        *visibility as PhotoVisibility,
        alt,
        width,
        height,
        thumbhash,
        license,
        credit,
        animated,
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) fn columns(details: Option<&PhotoDetails>) -> (Option<&str>, Option<&str>, Option<bool>) {
    let Some(PhotoDetails { license, credit, animated }) = details else { return (None, None, None) };
    (Some(license), Some(credit), Some(*animated))
}

/// A photo of which it is not known what belongs beside it.
pub(crate) struct Undetailed {
    pub(crate) id: PhotoId,
    pub(crate) owner: AccountId,
}

/// Some photos of which it is not known what belongs beside them, by owner, those after one of them.
pub(crate) async fn undetailed(pool: &PgPool, (owner, photo): (AccountId, PhotoId), most: i64) -> sqlx::Result<Vec<Undetailed>> {
    sqlx::query_as!(
        Undetailed,
        r#"select id as "id: PhotoId", owner as "owner: AccountId" from photos
           where license is null and (owner, id) > ($1::bigint, $2::bigint) order by owner, id limit $3"#,
        owner as AccountId,
        photo as PhotoId,
        most,
    )
    .fetch_all(pool)
    .await
}

/// Sets what belongs beside a photo, if photo said it and if it is still unknown: a fact may have told something newer meanwhile.
pub(crate) async fn detail(pool: &PgPool, photo: &UsablePhoto) -> sqlx::Result<u64> {
    let (license, credit, animated) = columns(photo.state.details.as_ref());
    let set = sqlx::query!(
        "update photos set license = $2, credit = $3, animated = $4 where id = $1 and license is null and $2::text is not null",
        photo.id as PhotoId,
        license,
        credit,
        animated,
    )
    .execute(pool)
    .await?;
    Ok(set.rows_affected())
}

/// Those of some photos that are not this account's own.
pub(crate) async fn of_others(connection: &mut PgConnection, account: AccountId, photos: &[i64]) -> Result<Vec<PhotoId>> {
    Ok(sqlx::query_scalar!(
        r#"select id as "id: PhotoId" from photos where id = any($2) and owner <> $1 order by id"#,
        account as AccountId,
        photos,
    )
    .fetch_all(connection)
    .await?)
}

/// As of when it is, for what is shown to somebody whoever they are severed from.
pub(crate) async fn as_of_now(connection: &mut PgConnection) -> Result<AsOf> {
    let now = sqlx::query!(
        r#"select (select position from relation.outbox_cursors where consumer = 'social') as "heard?",
               (select max(position) from outbox) as "told?""#,
    )
    .fetch_one(connection)
    .await?;
    Ok(AsOf { relation: now.heard.unwrap_or(0), own: now.told.unwrap_or(0) })
}

/// Tells anew which photos of others a post and its comments show, after it has become one that everybody may see, or no longer.
pub(crate) async fn tell_open(connection: &mut PgConnection, root: PostId, open: bool) -> Result<()> {
    sqlx::query!(
        "insert into outbox (fact)
         select jsonb_build_object(
             'kind', 'photos.shown', 'source', 'post:' || posts.id, 'author', author::text,
             'photos', jsonb_agg(photo::text order by position), 'open', $2::boolean
         )
         from posts join post_photos on post = posts.id join photos on photos.id = photo
         where (posts.id = $1 or posts.root = $1) and owner <> author
         group by posts.id",
        root as PostId,
        open,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Sets what a fact of photo says, where the photo is shown. One made private leaves the profiles, the custom emoji, and the
/// posts of others and their history: it is taken from them for good, or they show the one that was left to them.
pub(crate) async fn apply(connection: &mut PgConnection, changed: &PhotoChanged) -> sqlx::Result<()> {
    if let Some(left) = &changed.left {
        left::hand_over(connection, changed, left).await?;
    }
    let Some(PhotoState { key, visibility, alt, width, height, thumbhash, details }) = &changed.state else {
        sqlx::query!("delete from photos where id = $1", changed.photo as PhotoId).execute(connection).await?;
        return Ok(());
    };
    let (license, credit, animated) = columns(details.as_ref());
    sqlx::query!(
        "update photos set key = $2, visibility = $3, alt = $4, width = $5, height = $6, thumbhash = $7,
             license = coalesce($8, license), credit = coalesce($9, credit), animated = coalesce($10, animated)
         where id = $1",
        changed.photo as PhotoId,
        key,
        *visibility as PhotoVisibility,
        alt,
        width,
        height,
        thumbhash,
        license,
        credit,
        animated,
    )
    .execute(&mut *connection)
    .await?;
    if *visibility == PhotoVisibility::Private {
        // A statement each, with its index.
        sqlx::query!("update profiles set picture = null where picture = $1", changed.photo as PhotoId).execute(&mut *connection).await?;
        sqlx::query!("update profiles set header = null where header = $1", changed.photo as PhotoId).execute(&mut *connection).await?;
        sqlx::query!("update custom_emojis set photo = null where photo = $1", changed.photo as PhotoId).execute(&mut *connection).await?;
        sqlx::query!(
            "delete from post_photos using posts where photo = $1 and posts.id = post and author <> $2",
            changed.photo as PhotoId,
            changed.owner as AccountId,
        )
        .execute(&mut *connection)
        .await?;
        sqlx::query!(
            "delete from revision_photos using posts where photo = $1 and posts.id = post and author <> $2",
            changed.photo as PhotoId,
            changed.owner as AccountId,
        )
        .execute(connection)
        .await?;
    }
    Ok(())
}

/// The photos of some posts, in order, without those of hidden owners.
pub(crate) async fn of_posts(connection: &mut PgConnection, posts: &[i64]) -> Result<Vec<Shown>> {
    Ok(sqlx::query_as!(
        Shown,
        r#"select post as "post: PostId", author as "author: AccountId", root_author as "root_author?: AccountId",
               photos.id as "id: PhotoId", owner as "owner: AccountId", key,
               photos.visibility as "visibility: PhotoVisibility", alt, width, height, thumbhash, license, credit, animated
           from post_photos join posts on posts.id = post join photos on photos.id = photo
           where post = any($1) and not is_hidden(owner) order by post, position"#,
        posts,
    )
    .fetch_all(connection)
    .await?)
}

/// What shows photos, or once showed them.
#[derive(Clone, Copy)]
pub(crate) struct Shower {
    /// The post or comment; none of a profile.
    pub(crate) post: Option<PostId>,
    /// Whose it is.
    pub(crate) author: AccountId,
    /// Of a comment, for whose audience it is.
    pub(crate) root_author: Option<AccountId>,
}

/// Photos by themselves, in the order of their ids, as something shows or once showed them. Those that are deleted are not there.
pub(crate) async fn by_ids(connection: &mut PgConnection, shower: Shower, ids: &[i64]) -> Result<Vec<Shown>> {
    Ok(sqlx::query_as!(
        Shown,
        r#"select coalesce($1::bigint, 0) as "post!: PostId", $2::bigint as "author!: AccountId", $4::bigint as "root_author?: AccountId",
               id as "id: PhotoId", owner as "owner: AccountId", key, visibility as "visibility: PhotoVisibility", alt, width, height,
               thumbhash, license, credit, animated
           from photos where id = any($3) order by id"#,
        shower.post as Option<PostId>,
        shower.author as AccountId,
        ids,
        shower.root_author as Option<AccountId>,
    )
    .fetch_all(connection)
    .await?)
}
