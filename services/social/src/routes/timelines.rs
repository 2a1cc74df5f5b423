//! Lists of posts.

use axum::extract::State;
use contracts::AccountId;
use identity::{MaybeViewer, Viewer};
use serving::{Page, Paged, Path, Problem, ProblemDocument, Result};

use super::bodies::Post;
use super::load;
use crate::store::timelines;
use crate::{Social, State as Inner, entities, home as homes};

/// A page of posts from a page of ids. A post that went away between the two statements leaves the page shorter, and the
/// cursors as they are.
pub(super) async fn whole(social: &Inner, viewer: Option<AccountId>, ids: Vec<i64>, page: &Page) -> Result<Paged<Post>> {
    loaded(social, viewer, page.cut(ids, |id| *id)).await
}

/// The posts behind a page of ids.
pub(super) async fn loaded(social: &Inner, viewer: Option<AccountId>, ids: Paged<i64>) -> Result<Paged<Post>> {
    let mut connection = social.pool.acquire().await?;
    let posts = load::posts(&mut connection, &social.signer, viewer, &ids.items).await?;
    Ok(ids.replace(posts))
}

/// The posts of whom you follow, those with tags that you follow, and your own, newest first. Poll its `prev` link for what
/// has arrived since, which may be older than what you know.
#[utoipa::path(get, path = "/v1/timelines/home", tag = "timelines", responses((status = 200, body = Paged<Post>)))]
pub(crate) async fn home(State(Social(social)): State<Social>, viewer: Viewer, page: Page) -> Result<Paged<Post>> {
    let ids = homes::read(&social.pool, &viewer, &page).await?;
    loaded(&social, Some(viewer.account), ids).await
}

/// All public posts, newest first, but for those of whom you mute.
#[utoipa::path(get, path = "/v1/timelines/public", tag = "timelines", responses((status = 200, body = Paged<Post>)))]
pub(crate) async fn public(State(Social(social)): State<Social>, MaybeViewer(viewer): MaybeViewer, page: Page) -> Result<Paged<Post>> {
    let viewer = viewer.map(|viewer| viewer.account);
    let found = timelines::public(&social.pool, viewer, &page).await?;
    loaded(&social, viewer, found.page(&page)).await
}

/// All public posts with a tag, newest first, but for those of whom you mute.
#[utoipa::path(get, path = "/v1/timelines/tags/{tag}", tag = "timelines", params(("tag" = String, Path, description = "With or without the `#`")), responses(
    (status = 200, body = Paged<Post>),
    (status = 404, body = ProblemDocument, description = "It is no tag"),
))]
pub(crate) async fn tag(
    State(Social(social)): State<Social>,
    MaybeViewer(viewer): MaybeViewer,
    Path(tag): Path<String>,
    page: Page,
) -> Result<Paged<Post>> {
    let viewer = viewer.map(|viewer| viewer.account);
    let tag = entities::normalized(tag.trim_start_matches('#')).ok_or_else(Problem::not_found)?;
    let found = timelines::tag(&social.pool, viewer, &tag, &page).await?;
    loaded(&social, viewer, found.page(&page)).await
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
