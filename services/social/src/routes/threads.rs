//! Finding one's way in a thread.

use axum::extract::State;
use contracts::PostId;
use identity::MaybeViewer;
use serde::Serialize;
use serving::{Json, Page, Paged, Path, Problem, ProblemDocument, Result};
use utoipa::ToSchema;

use super::bodies::Post;
use super::load;
use super::timelines::loaded;
use crate::Social;
use crate::store::{posts, threads};

/// Where a post stands in its thread.
#[derive(Serialize, ToSchema)]
pub(crate) struct Context {
    /// What it answers, what that answers, and so on: from the root down, at most 50 and the root.
    ancestors: Vec<Post>,
    /// The first answers to it, and the first answers to those: at most 60 in all, by depth. `parent` says what each answers,
    /// `comments_count` whether there are more, and `/v1/posts/{id}/replies` has them.
    descendants: Vec<Post>,
}

/// What a post or comment answers, and the first answers to it.
#[utoipa::path(get, path = "/v1/posts/{id}/context", tag = "posts", params(("id" = PostId, Path)), responses(
    (status = 200, body = Context),
    (status = 404, body = ProblemDocument),
))]
pub(crate) async fn context(
    State(Social(social)): State<Social>,
    MaybeViewer(viewer): MaybeViewer,
    Path(id): Path<PostId>,
) -> Result<Json<Context>> {
    let viewer = viewer.map(|viewer| viewer.account);
    let mut connection = social.pool.acquire().await?;
    if !posts::is_visible(&mut connection, viewer, id).await? {
        return Err(Problem::not_found());
    }
    let above = threads::ancestors(&mut connection, viewer, id).await?;
    let below = threads::descendants(&mut connection, viewer, id).await?;
    let ids: Vec<i64> = above.iter().chain(&below).copied().collect();
    let found = load::posts(&mut connection, &social.signer, viewer, &ids).await?;
    let (ancestors, descendants) = found.into_iter().partition(|post| above.contains(&post.id.0));
    Ok(Json(Context { ancestors, descendants }))
}

/// The answers to this very post or comment, newest first; `comments_count` of each says whether the thread goes on there.
#[utoipa::path(get, path = "/v1/posts/{id}/replies", tag = "posts", params(("id" = PostId, Path)), responses(
    (status = 200, body = Paged<Post>),
    (status = 404, body = ProblemDocument),
))]
pub(crate) async fn replies(
    State(Social(social)): State<Social>,
    MaybeViewer(viewer): MaybeViewer,
    Path(id): Path<PostId>,
    page: Page,
) -> Result<Paged<Post>> {
    let viewer = viewer.map(|viewer| viewer.account);
    let mut connection = social.pool.acquire().await?;
    if !posts::is_visible(&mut connection, viewer, id).await? {
        return Err(Problem::not_found());
    }
    drop(connection);
    let found = threads::replies(&social.pool, viewer, id, &page).await?;
    loaded(&social, viewer, found.page(&page)).await
}
