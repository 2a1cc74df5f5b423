//! Who shows whose photos, in the transaction of what shows them.
//!
//! A use counts people, not places: the count is what "most used" sorts by, and must not grow with how often somebody posts. Who
//! is hidden does not count, and what was left to them stays for when they return.

use audience::accounts;
use contracts::AccountId;
use contracts::id::AlbumId;
use sqlx::{PgConnection, PgPool};

use crate::owner::Owner;
use crate::removal;
use crate::store::photos::PhotoRow;
use crate::store::uses::Shown;
use crate::store::{album_photos, photos, uses};

/// What shows photos.
#[derive(Clone, Copy)]
pub(crate) struct What<'a> {
    /// Such as `post:17`.
    pub(crate) source: &'a str,
    /// Everybody may see it, so the owners of the photos learn which it is.
    pub(crate) open: bool,
}

/// What is noted when it is known who shows a photo, and not yet in what.
fn somewhere(account: AccountId) -> String {
    format!("account:{account}")
}

/// Whether this use of a locked photo is to be noted: of another's photo that everybody sees, or that was left to its users.
fn counts(photo: &PhotoRow, account: AccountId) -> bool {
    photo.owner != Owner::Account(account) && photo.is_public()
}

/// Notes that an account is about to show these photos, if no use of theirs is noted yet.
pub(crate) async fn about_to_show(pool: &PgPool, account: AccountId, photos: &[i64]) -> sqlx::Result<()> {
    // Most often there is nothing to note, and nothing to lock.
    let unnoted = uses::unnoted(pool, account, &Owner::Account(account).to_string(), photos).await?;
    if unnoted.is_empty() {
        return Ok(());
    }
    let mut tx = pool.begin().await?;
    if accounts::is_barred(&mut tx, account).await? {
        return Ok(());
    }
    let source = somewhere(account);
    for photo in photos::lock_all(&mut tx, &unnoted).await? {
        if counts(&photo, account) && !photo.left {
            uses::add(&mut tx, photo.id, Shown { account, source: &source, open: false, url: None, note: None }).await?;
        }
    }
    tx.commit().await
}

/// Notes that something of an account shows these photos now and no others. What was left to its users goes with the last.
pub(crate) async fn shows(connection: &mut PgConnection, account: AccountId, what: What<'_>, now: &[i64]) -> sqlx::Result<()> {
    let mut concerned = uses::shown_by(connection, account, what.source).await?;
    concerned.extend(now);
    photos::lock_all(connection, &concerned).await?;
    // It was told before it was heard that an owner has left one of them as another: its uses are that one's by now, or until the
    // locks were had.
    let now = photos::or_left(connection, account, now).await?;
    let mut concerned = uses::shown_by(connection, account, what.source).await?;
    concerned.extend(&now);
    for photo in photos::lock_all(connection, &concerned).await? {
        if now.contains(&photo.id.0) {
            begins(connection, &photo, account, what).await?;
        } else {
            ends(connection, &photo, account, what.source).await?;
        }
    }
    uses::set_open(connection, account, what.source, what.open).await
}

/// Notes that something of an account shows a photo, which must be locked, and no longer that it is unknown what does.
pub(crate) async fn begins(connection: &mut PgConnection, photo: &PhotoRow, account: AccountId, what: What<'_>) -> sqlx::Result<()> {
    if counts(photo, account) {
        let What { source, open } = what;
        uses::add(connection, photo.id, Shown { account, source, open, url: None, note: None }).await?;
        uses::remove(connection, photo.id, account, &somewhere(account)).await?;
    }
    Ok(())
}

/// Notes that `source` of an account shows a photo, which must be locked, no longer.
pub(crate) async fn ends(connection: &mut PgConnection, photo: &PhotoRow, account: AccountId, source: &str) -> sqlx::Result<()> {
    let used = uses::remove(connection, photo.id, account, source).await?;
    if photo.left && used == Some(false) {
        removal::remove(connection, photo, None).await?;
    }
    Ok(())
}

/// The source of an album.
pub(crate) fn album(id: AlbumId) -> String {
    format!("album:{id}")
}

/// Takes a photo, which must be locked, from everybody else.
pub(crate) async fn take(connection: &mut PgConnection, photo: &PhotoRow) -> sqlx::Result<()> {
    album_photos::remove_from_others(connection, photo.id, photo.owner).await?;
    uses::clear(connection, photo.id).await
}
