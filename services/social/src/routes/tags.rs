//! Tags, and following them.

use axum::extract::State;
use axum::http::StatusCode;
use identity::{MaybeViewer, Viewer};
use serde::Serialize;
use serving::{Json, Page, Paged, Path, Problem, ProblemDocument, Result};
use utoipa::ToSchema;

use crate::Social;
use crate::entities::normalized;
use crate::store::{profiles, tags};

/// Tags that one person follows: a home timeline looks at each.
const MOST_TAGS: i64 = 200;

/// A tag.
#[derive(Serialize, ToSchema)]
pub(crate) struct Tag {
    /// As it is compared with others: without `#`, in small letters.
    tag: String,
    /// You follow it.
    followed: bool,
}

/// What is written in a path, as it is compared. What is no tag names nothing.
fn parse(tag: &str) -> Result<String> {
    normalized(tag.trim_start_matches('#')).ok_or_else(Problem::not_found)
}

/// A tag, in whatever way it is written.
#[utoipa::path(get, path = "/v1/tags/{tag}", tag = "tags", params(("tag" = String, Path)), responses(
    (status = 200, body = Tag),
    (status = 404, body = ProblemDocument, description = "It is no tag"),
))]
pub(crate) async fn show(
    State(Social(social)): State<Social>,
    MaybeViewer(viewer): MaybeViewer,
    Path(tag): Path<String>,
) -> Result<Json<Tag>> {
    let tag = parse(&tag)?;
    let followed = match viewer {
        Some(viewer) => tags::is_followed(&social.pool, viewer.account, &tag).await?,
        None => false,
    };
    Ok(Json(Tag { tag, followed }))
}

/// The tags that you follow, the last followed first.
#[utoipa::path(get, path = "/v1/tags", tag = "tags", responses((status = 200, body = Paged<Tag>)))]
pub(crate) async fn list(State(Social(social)): State<Social>, viewer: Viewer, page: Page) -> Result<Paged<Tag>> {
    let followed = tags::followed(&social.pool, viewer.account, &page).await?;
    Ok(page.cut(followed, |followed| followed.id).map(|followed| Tag { tag: followed.tag, followed: true }))
}

/// Follow a tag. Doing it again changes nothing.
#[utoipa::path(put, path = "/v1/tags/{tag}/follow", tag = "tags", params(("tag" = String, Path)), responses(
    (status = 204),
    (status = 404, body = ProblemDocument, description = "It is no tag"),
    (status = 409, body = ProblemDocument, description = "You follow 200"),
))]
pub(crate) async fn follow(State(Social(social)): State<Social>, viewer: Viewer, Path(tag): Path<String>) -> Result<StatusCode> {
    let tag = parse(&tag)?;
    let mut tx = social.pool.begin().await?;
    profiles::ensure(&mut tx, &viewer).await?;
    tags::lock(&mut tx, viewer.account).await?;
    if tags::count_others(&mut tx, viewer.account, &tag).await? >= MOST_TAGS {
        return Err(Problem::conflict("too-many-tags", format!("You follow {MOST_TAGS} tags; unfollow one of them first.")));
    }
    tags::follow(&mut tx, viewer.account, &tag).await?;
    tx.commit().await?;
    social.outbox.committed();
    Ok(StatusCode::NO_CONTENT)
}

/// Unfollow a tag.
#[utoipa::path(delete, path = "/v1/tags/{tag}/follow", tag = "tags", params(("tag" = String, Path)), responses(
    (status = 204),
    (status = 404, body = ProblemDocument, description = "It is no tag"),
))]
pub(crate) async fn unfollow(State(Social(social)): State<Social>, viewer: Viewer, Path(tag): Path<String>) -> Result<StatusCode> {
    let tag = parse(&tag)?;
    let mut tx = social.pool.begin().await?;
    tags::lock(&mut tx, viewer.account).await?;
    tags::unfollow(&mut tx, viewer.account, &tag).await?;
    tx.commit().await?;
    social.outbox.committed();
    Ok(StatusCode::NO_CONTENT)
}
