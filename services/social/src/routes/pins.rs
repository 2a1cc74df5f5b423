//! Posts that somebody shows first on their profile.

use axum::extract::State;
use axum::http::StatusCode;
use contracts::{AccountId, PostId};
use identity::{MaybeViewer, Viewer};
use serving::{Json, Path, Problem, ProblemDocument, Result};

use super::bodies::{Listed, Post};
use super::load;
use crate::Social;
use crate::store::pins;

/// Pinned posts of one person.
const MOST_PINS: i64 = 5;

/// Pin a post of yours to your profile. Doing it again changes nothing.
#[utoipa::path(put, path = "/v1/posts/{id}/pin", tag = "posts", params(("id" = PostId, Path)), responses(
    (status = 204),
    (status = 404, body = ProblemDocument),
    (status = 409, body = ProblemDocument, description = "Five are pinned"),
))]
pub(crate) async fn create(State(Social(social)): State<Social>, viewer: Viewer, Path(id): Path<PostId>) -> Result<StatusCode> {
    let mut tx = social.pool.begin().await?;
    // The post before the profile, as whoever deletes it does.
    if !pins::hold(&mut tx, viewer.account, id).await? {
        return Err(Problem::not_found());
    }
    if pins::count_others(&mut tx, viewer.account, id).await? >= MOST_PINS {
        return Err(Problem::conflict("too-many-pins", format!("You have pinned {MOST_PINS} posts; unpin one of them first.")));
    }
    pins::insert(&mut tx, viewer.account, id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Unpin a post of yours.
#[utoipa::path(delete, path = "/v1/posts/{id}/pin", tag = "posts", params(("id" = PostId, Path)), responses(
    (status = 204),
    (status = 404, body = ProblemDocument),
))]
pub(crate) async fn delete(State(Social(social)): State<Social>, viewer: Viewer, Path(id): Path<PostId>) -> Result<StatusCode> {
    let mut tx = social.pool.begin().await?;
    if !pins::hold(&mut tx, viewer.account, id).await? {
        return Err(Problem::not_found());
    }
    pins::delete(&mut tx, id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What somebody has pinned, the newest post first.
#[utoipa::path(get, path = "/v1/profiles/{id}/pinned", tag = "profiles", params(("id" = AccountId, Path)), responses((status = 200, body = Listed<Post>)))]
pub(crate) async fn list(
    State(Social(social)): State<Social>,
    MaybeViewer(viewer): MaybeViewer,
    Path(id): Path<AccountId>,
) -> Result<Json<Listed<Post>>> {
    let viewer = viewer.map(|viewer| viewer.account);
    let ids = pins::of_author(&social.pool, viewer, id).await?;
    let mut connection = social.pool.acquire().await?;
    let items = load::posts(&mut connection, &social.signer, viewer, &ids).await?;
    Ok(Json(Listed { items }))
}
