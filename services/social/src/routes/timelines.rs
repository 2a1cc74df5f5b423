//! Lists of posts.

use axum::extract::State;
use contracts::AccountId;
use identity::{MaybeViewer, Viewer};
use serving::{Page, Paged, Path, Result};

use super::bodies::Post;
use super::load;
use crate::store::timelines;
use crate::{Social, State as Inner};

/// A page of posts from a page of ids. A post that went away between the two statements leaves the page shorter, and the
/// cursors as they are.
pub(super) async fn whole(social: &Inner, viewer: Option<AccountId>, ids: Vec<i64>, page: &Page) -> Result<Paged<Post>> {
    let ids = page.cut(ids, |id| *id);
    let mut connection = social.pool.acquire().await?;
    let posts = load::posts(&mut connection, &social.signer, viewer, &ids.items).await?;
    Ok(ids.replace(posts))
}

/// The posts of whom you follow, and your own, newest first.
#[utoipa::path(get, path = "/v1/timelines/home", tag = "timelines", responses((status = 200, body = Paged<Post>)))]
pub(crate) async fn home(State(Social(social)): State<Social>, viewer: Viewer, page: Page) -> Result<Paged<Post>> {
    let ids = timelines::home(&social.pool, viewer.account, &page).await?;
    whole(&social, Some(viewer.account), ids, &page).await
}

/// All public posts, newest first.
#[utoipa::path(get, path = "/v1/timelines/public", tag = "timelines", responses((status = 200, body = Paged<Post>)))]
pub(crate) async fn public(State(Social(social)): State<Social>, MaybeViewer(viewer): MaybeViewer, page: Page) -> Result<Paged<Post>> {
    let viewer = viewer.map(|viewer| viewer.account);
    let ids = timelines::public(&social.pool, viewer, &page).await?;
    whole(&social, viewer, ids, &page).await
}

/// The posts of one account, newest first.
#[utoipa::path(get, path = "/v1/timelines/accounts/{id}", tag = "timelines", params(("id" = AccountId, Path)), responses((status = 200, body = Paged<Post>)))]
pub(crate) async fn account(
    State(Social(social)): State<Social>,
    MaybeViewer(viewer): MaybeViewer,
    Path(id): Path<AccountId>,
    page: Page,
) -> Result<Paged<Post>> {
    let viewer = viewer.map(|viewer| viewer.account);
    let ids = timelines::account(&social.pool, viewer, id, &page).await?;
    whole(&social, viewer, ids, &page).await
}
