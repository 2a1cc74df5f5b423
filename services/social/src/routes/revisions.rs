//! What a post said before.

use axum::extract::State;
use contracts::PostId;
use identity::MaybeViewer;
use jiff::Timestamp;
use serde::Serialize;
use serving::{Json, Path, Problem, ProblemDocument, Result};
use utoipa::ToSchema;

use super::bodies::Listed;
use crate::Social;
use crate::entities::Entity;
use crate::store::{posts, revisions};

/// What a post said before an edit.
#[derive(Serialize, ToSchema)]
pub(crate) struct Revision {
    text: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    content_warning: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<String>,
    entities: Vec<Entity>,
    /// Until when it said this.
    #[schema(value_type = String, format = DateTime)]
    replaced_at: Timestamp,
}

/// What a post or comment said before its edits, the last first. What it said while it was not for you stays hidden.
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
    drop(connection);
    let revisions = revisions::of_post(&social.pool, viewer, id).await?.into_iter().map(|revision| Revision {
        text: revision.text,
        content_warning: revision.content_warning,
        language: revision.language,
        entities: revision.entities.0,
        replaced_at: revision.replaced_at.to_jiff(),
    });
    Ok(Json(Listed { items: revisions.collect() }))
}
