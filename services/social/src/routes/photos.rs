//! Photos that somebody wants to show.

use std::collections::HashSet;
use std::time::Duration;

use audience::Visibility;
use contracts::client::CallError;
use contracts::fact::{Fact, PhotosShown};
use contracts::photo::{PhotoVisibility, UsablePhoto};
use contracts::{AccountId, PhotoId, PostId};
use serving::{Problem, Result};
use sqlx::PgConnection;

use crate::State;
use crate::store::photos;

/// What photo answered, and how far its facts were applied when it was asked.
pub(super) struct Asked {
    pub(super) usable: Vec<UsablePhoto>,
    applied: i64,
}

/// Asks photo, in one call, whether the author may show these.
pub(super) async fn usable(social: &State, author: AccountId, photos: &[PhotoId]) -> Result<Asked> {
    if photos.is_empty() {
        return Ok(Asked { usable: Vec::new(), applied: 0 });
    }
    let applied = photos::applied(&social.pool).await?;
    let answer = social.photo.usable(author, photos.to_vec()).await.map_err(|error| {
        match &error {
            CallError::Unreachable { source, .. } => tracing::warn!(%error, cause = %source, "photo gives no answer"),
            CallError::Refused { .. } => tracing::error!(%error, "photo refuses our question"),
        }
        Problem::unavailable("Photos cannot be checked now. Go on without them, or try again.", Duration::from_secs(2))
    })?;
    let usable: HashSet<PhotoId> = answer.photos.iter().map(|photo| photo.id).collect();
    match photos.iter().position(|photo| !usable.contains(photo)) {
        Some(index) => Err(Problem::invalid(format!("photos[{index}]"), "there is no such photo of yours, and no public one")),
        None => Ok(Asked { usable: answer.photos, applied }),
    }
}

/// Asks photo about a picture that everybody is to see, which `field` names. One's own private photo is refused with the way to
/// publish it.
pub(super) async fn public(social: &State, account: AccountId, field: &str, photo: Option<PhotoId>) -> Result<Asked> {
    let asked: Vec<PhotoId> = photo.into_iter().collect();
    let asked = usable(social, account, &asked).await.map_err(|problem| match problem.status().as_u16() {
        422 => Problem::invalid(field, "there is no such photo of yours, and no public one"),
        _ => problem,
    })?;
    match asked.usable.iter().find(|photo| photo.state.visibility == PhotoVisibility::Private) {
        None => Ok(asked),
        Some(photo) => {
            let publish = "the photo is private and this is seen by everybody: publish it first, with {\"visibility\": \"public\"}";
            Err(Problem::invalid(field, format!("{publish} to PATCH /v1/photos/{}", photo.id)))
        }
    }
}

/// Keeps what photo answered, unless it has told something newer meanwhile. First in the transaction: it may wait for the facts of
/// photo that are being applied, and these for the profile of whoever shows something, or for a photo of a post that is changed.
pub(super) async fn keep(connection: &mut PgConnection, asked: &Asked) -> Result<()> {
    if asked.usable.is_empty() {
        return Ok(());
    }
    let ids: Vec<i64> = asked.usable.iter().map(|photo| photo.id.0).collect();
    if photos::changed_since(connection, asked.applied, &ids).await? {
        return Err(Problem::unavailable("A photo changed at this very moment. Try again.", Duration::from_secs(1)));
    }
    for photo in &asked.usable {
        photos::keep(connection, photo).await?;
    }
    Ok(())
}

/// What shows photos.
pub(super) struct Shows {
    pub(super) source: String,
    pub(super) author: AccountId,
    /// Everybody may see it.
    pub(super) open: bool,
}

impl Shows {
    /// A post or a comment. One that is unlisted is for whoever is given its address, and is given to nobody here.
    pub(super) fn post(id: PostId, author: AccountId, visibility: Visibility) -> Self {
        Self { source: format!("post:{id}"), author, open: visibility == Visibility::Public }
    }

    pub(super) fn profile(of: AccountId) -> Self {
        Self { source: format!("profile:{of}"), author: of, open: true }
    }
}

/// Tells photo which photos of others something shows now, if there are or were any: their owners see it. In the transaction of
/// the change, after it.
pub(super) async fn tell_shown(connection: &mut PgConnection, what: Shows, before: &[PhotoId], now: &[PhotoId]) -> Result<()> {
    let Shows { source, author, open } = what;
    let concerned: Vec<i64> = before.iter().chain(now).map(|photo| photo.0).collect();
    let concerned = photos::of_others(connection, author, &concerned).await?;
    if concerned.is_empty() {
        return Ok(());
    }
    let photos = concerned.into_iter().filter(|photo| now.contains(photo)).collect();
    facts::publish(connection, &Fact::PhotosShown(PhotosShown { source, author, photos, open })).await?;
    Ok(())
}
