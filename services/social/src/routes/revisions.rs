//! What a post said and showed before.

use std::collections::{BTreeSet, HashMap};

use axum::extract::State;
use contracts::{AccountId, PhotoId, PostId};
use identity::{MaybeViewer, ServiceSigner};
use jiff::Timestamp;
use serde::Serialize;
use serving::{Json, Path, Problem, ProblemDocument, Result};
use sqlx::PgConnection;
use utoipa::ToSchema;

use super::bodies::{Listed, Photo};
use super::load::{as_of, view};
use crate::Social;
use crate::entities::Entity;
use crate::store::photos::Shower;
use crate::store::{photos, posts, revisions};

/// What a post said and showed before an edit.
#[derive(Serialize, ToSchema)]
pub(crate) struct Revision {
    text: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    content_warning: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<String>,
    entities: Vec<Entity>,
    /// As they are now. What has been deleted since, or taken back by another, is gone from here too.
    photos: Vec<Photo>,
    /// Until when it said and showed this.
    #[schema(value_type = String, format = DateTime)]
    replaced_at: Timestamp,
}

/// What a post or comment said and showed before its edits, the last first. What it was while it was not for you stays hidden.
#[utoipa::path(get, path = "/v1/posts/{id}/revisions", tag = "posts", params(("id" = PostId, Path)), responses(
    (status = 200, body = Listed<Revision>),
    (status = 404, body = ProblemDocument),
))]
pub(crate) async fn list(
    State(Social(social)): State<Social>,
    MaybeViewer(viewer): MaybeViewer,
    Path(id): Path<PostId>,
) -> Result<Json<Listed<Revision>>> {
    let viewer = viewer.map(|viewer| viewer.account);
    let mut connection = social.pool.acquire().await?;
    if !posts::is_visible(&mut connection, viewer, id).await? {
        return Err(Problem::not_found());
    }
    let revisions = revisions::of_post(&mut connection, viewer, id).await?;
    let shown = showed(&mut connection, &social.signer, viewer, id, &revisions).await?;
    let revisions = revisions.into_iter().map(|revision| Revision {
        text: revision.text,
        content_warning: revision.content_warning,
        language: revision.language,
        entities: revision.entities.0,
        photos: revision.photos.iter().filter_map(|photo| shown.get(&PhotoId(*photo)).cloned()).collect(),
        replaced_at: revision.replaced_at.to_jiff(),
    });
    Ok(Json(Listed { items: revisions.collect() }))
}

/// The photos of some revisions of a post as this viewer sees them.
async fn showed(
    connection: &mut PgConnection,
    signer: &ServiceSigner,
    viewer: Option<AccountId>,
    post: PostId,
    revisions: &[revisions::Revision],
) -> Result<HashMap<PhotoId, Photo>> {
    let ids: BTreeSet<i64> = revisions.iter().flat_map(|revision| revision.photos.iter().copied()).collect();
    let Some(revision) = revisions.first().filter(|_| !ids.is_empty()) else {
        return Ok(HashMap::new());
    };
    let ids: Vec<i64> = ids.into_iter().collect();
    let shower = Shower { post: Some(post), author: revision.author, root_author: revision.root_author };
    let as_of = as_of(revision.heard, revision.told);
    let shown = photos::by_ids(connection, shower, &ids).await?;
    Ok(shown.into_iter().filter_map(|photo| view(signer, viewer, as_of, photo)).map(|photo| (photo.id, photo)).collect())
}
