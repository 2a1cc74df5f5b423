//! The thread below a post.

use axum::extract::State;
use contracts::PostId;
use identity::MaybeViewer;
use serving::{Page, Paged, Path, Problem, ProblemDocument, Result};

use super::bodies::Post;
use super::timelines::loaded;
use crate::Social;
use crate::store::threads;

/// All comments in the thread of a post, newest first.
#[utoipa::path(get, path = "/v1/posts/{id}/comments", tag = "posts", params(("id" = PostId, Path)), responses(
    (status = 200, body = Paged<Post>),
    (status = 404, body = ProblemDocument),
))]
pub(crate) async fn list(
    State(Social(social)): State<Social>,
    MaybeViewer(viewer): MaybeViewer,
    Path(id): Path<PostId>,
    page: Page,
) -> Result<Paged<Post>> {
    let viewer = viewer.map(|viewer| viewer.account);
    let root = threads::root(&social.pool, viewer, id).await?.ok_or_else(Problem::not_found)?;
    let found = threads::comments(&social.pool, viewer, root, &page).await?;
    loaded(&social, viewer, found.page(&page)).await
}
