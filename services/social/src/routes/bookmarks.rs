//! Posts that somebody keeps for later.

use axum::extract::State;
use axum::http::StatusCode;
use contracts::PostId;
use identity::Viewer;
use serving::{Page, Paged, Path, Problem, ProblemDocument, Result};

use super::bodies::Post;
use super::load;
use crate::Social;
use crate::store::{bookmarks, posts, profiles};

/// Bookmarks of one account. Counted before one is made: a few at once may go beyond it.
const MOST: i64 = 10_000;

/// Bookmark a post or comment. Nobody else learns of it; doing it again changes nothing.
#[utoipa::path(put, path = "/v1/posts/{id}/bookmark", tag = "bookmarks", params(("id" = PostId, Path)), responses(
    (status = 204),
    (status = 404, body = ProblemDocument),
    (status = 409, body = ProblemDocument, description = "You have 10,000"),
))]
pub(crate) async fn create(State(Social(social)): State<Social>, viewer: Viewer, Path(id): Path<PostId>) -> Result<StatusCode> {
    let mut tx = social.pool.begin().await?;
    profiles::ensure(&mut tx, &viewer).await?;
    if !posts::hold(&mut tx, viewer.account, id).await? {
        return Err(Problem::not_found());
    }
    if !bookmarks::has_room(&mut tx, viewer.account, id, MOST).await? {
        return Err(Problem::conflict("too-many-bookmarks", format!("You have {MOST} bookmarks; take one of them away first.")));
    }
    bookmarks::insert(&mut tx, viewer.account, id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Take a bookmark away, also of what you cannot see any more. Where there is none, nothing changes, and the answer is the same.
#[utoipa::path(delete, path = "/v1/posts/{id}/bookmark", tag = "bookmarks", params(("id" = PostId, Path)), responses(
    (status = 204),
    (status = 404, body = ProblemDocument, description = "This is no id"),
))]
pub(crate) async fn delete(State(Social(social)): State<Social>, viewer: Viewer, Path(id): Path<PostId>) -> Result<StatusCode> {
    bookmarks::delete(&social.pool, viewer.account, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What you have bookmarked and may still see, the last bookmarked first.
#[utoipa::path(get, path = "/v1/timelines/bookmarks", tag = "bookmarks", responses((status = 200, body = Paged<Post>)))]
pub(crate) async fn list(State(Social(social)): State<Social>, viewer: Viewer, page: Page) -> Result<Paged<Post>> {
    let bookmarks = bookmarks::list(&social.pool, viewer.account, &page).await?;
    let bookmarks = page.cut(bookmarks, |bookmark| bookmark.id);
    let ids: Vec<i64> = bookmarks.items.iter().map(|bookmark| bookmark.post).collect();
    let mut connection = social.pool.acquire().await?;
    let posts = load::posts(&mut connection, &social.signer, Some(viewer.account), &ids).await?;
    Ok(bookmarks.replace(posts))
}
