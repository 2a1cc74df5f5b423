use contracts::id::AlbumId;
use contracts::photo::PhotoVisibility;
use serving::Page;
use sqlx::{PgConnection, PgExecutor, PgPool, query, query_as, query_scalar};

use crate::owner::Owner;

/// An album as somebody sees it.
pub(crate) struct AlbumRow {
    pub(crate) id: AlbumId,
    pub(crate) owner: Owner,
    pub(crate) title: String,
    pub(crate) visibility: PhotoVisibility,
    pub(crate) created_at: jiff::Timestamp,
    /// How many photos they see in it, of those that were looked at.
    pub(crate) photos: i64,
    /// The key of the first of them.
    pub(crate) cover: Option<String>,
}

/// What an album is, whoever looks at it.
pub(crate) struct LockedAlbum {
    pub(crate) title: String,
    pub(crate) visibility: PhotoVisibility,
}

/// `query_as!` of an [`AlbumRow`], given how many photos of each are looked at, from the first on, and what comes after `from albums`;
/// `$1` is who looks.
macro_rules! select_albums {
    ($looked_at:tt, $rest:tt, $viewer:expr, $($argument:tt)*) => {
        query_as!(
            AlbumRow,
            r#"select albums.id as "id: AlbumId", albums.owner as "owner: Owner", albums.title,
                   albums.visibility as "visibility: PhotoVisibility", albums.created_at,
                   (
                       select count(*)
                       from (select photo from album_photos where album = albums.id order by position limit "# + $looked_at + r#") placed
                           join photos on photos.id = photo
                       where (photos.visibility = 'public' or photos.owner = $1) and not owner_is_hidden(photos.owner)
                           and (photos.owner = $1 or not exists (select from blobs where sha256 = blob and missing_since is not null))
                   ) as "photos!",
                   (
                       select key
                       from (
                           select photo, position from album_photos where album = albums.id order by position limit "# + $looked_at + r#"
                       ) placed
                           join photos on photos.id = photo
                       where (photos.visibility = 'public' or photos.owner = $1) and not owner_is_hidden(photos.owner)
                           and (photos.owner = $1 or not exists (select from blobs where sha256 = blob and missing_since is not null))
                       order by position limit 1
                   ) as "cover?"
               from albums "# + $rest,
            $viewer,
            $($argument)*
        )
    };
}

/// One album as `viewer` sees it: a public one, or their own.
pub(crate) async fn find(executor: impl PgExecutor<'_>, id: AlbumId, viewer: Option<Owner>) -> sqlx::Result<Option<AlbumRow>> {
    let viewer = viewer.map(|viewer| viewer.to_string());
    select_albums!(
        "all",
        "where albums.id = $2 and (albums.visibility = 'public' or albums.owner = $1) and not owner_is_hidden(albums.owner)",
        viewer,
        id.0
    )
    .fetch_optional(executor)
    .await
}

/// Albums as `viewer` sees them, of one owner or of all; private ones only of `myself`. In the order of the page and one more
/// than it holds. Of each no more than the first 60 photos are looked at: a page has up to 80 albums, and an album up to a thousand.
pub(crate) async fn list(
    pool: &PgPool,
    owner: Option<Owner>,
    myself: Option<Owner>,
    viewer: Option<Owner>,
    page: &Page,
) -> sqlx::Result<Vec<AlbumRow>> {
    let [owner, myself, viewer] = [owner, myself, viewer].map(|owner| owner.map(|owner| owner.to_string()));
    let one_more = page.limit + 1;
    if let Some(after) = page.after() {
        select_albums!(
            "60",
            "where ($2::text is null or albums.owner = $2) and (albums.visibility = 'public' or albums.owner = $3)
                 and not owner_is_hidden(albums.owner) and albums.id > $4
             order by albums.id limit $5",
            viewer,
            owner,
            myself,
            after,
            one_more
        )
        .fetch_all(pool)
        .await
    } else {
        select_albums!(
            "60",
            "where ($2::text is null or albums.owner = $2) and (albums.visibility = 'public' or albums.owner = $3)
                 and not owner_is_hidden(albums.owner) and albums.id < $4
             order by albums.id desc limit $5",
            viewer,
            owner,
            myself,
            page.before(),
            one_more
        )
        .fetch_all(pool)
        .await
    }
}

/// Some of all the albums of an owner, those after one of them.
pub(crate) async fn of_owner(pool: &PgPool, owner: Owner, after: i64, most: i64) -> sqlx::Result<Vec<AlbumRow>> {
    let owner = owner.to_string();
    select_albums!("all", "where albums.owner = $1 and albums.id > $2 order by albums.id limit $3", owner, after, most)
        .fetch_all(pool)
        .await
}

/// An owner's album, locked until the transaction ends. What is in it changes only then.
pub(crate) async fn lock(connection: &mut PgConnection, id: AlbumId, owner: Owner) -> sqlx::Result<Option<LockedAlbum>> {
    query_as!(
        LockedAlbum,
        r#"select title, visibility as "visibility: PhotoVisibility" from albums where id = $1 and owner = $2 for update"#,
        id.0,
        owner.to_string(),
    )
    .fetch_optional(connection)
    .await
}

/// How many albums an owner has.
pub(crate) async fn count(connection: &mut PgConnection, owner: Owner) -> sqlx::Result<i64> {
    query_scalar!(r#"select count(*) as "count!" from albums where owner = $1"#, owner.to_string()).fetch_one(connection).await
}

/// A new album, with nothing in it.
pub(crate) async fn insert(connection: &mut PgConnection, owner: Owner, title: &str, visibility: PhotoVisibility) -> sqlx::Result<AlbumId> {
    query_scalar!(
        r#"insert into albums (owner, title, visibility) values ($1, $2, $3) returning id as "id: AlbumId""#,
        owner.to_string(),
        title,
        visibility as PhotoVisibility,
    )
    .fetch_one(connection)
    .await
}

/// Says something else about an album.
pub(crate) async fn update(connection: &mut PgConnection, id: AlbumId, title: &str, visibility: PhotoVisibility) -> sqlx::Result<()> {
    query!("update albums set title = $2, visibility = $3 where id = $1", id.0, title, visibility as PhotoVisibility)
        .execute(connection)
        .await
        .map(drop)
}

/// Deletes an album, and none of its photos.
pub(crate) async fn delete(connection: &mut PgConnection, id: AlbumId) -> sqlx::Result<()> {
    query!("delete from albums where id = $1", id.0).execute(connection).await.map(drop)
}
