//! Posts and comments: one to write, one to read, one to delete.

use std::collections::HashSet;
use std::time::Duration;

use audience::Visibility;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use contracts::client::CallError;
use contracts::fact::{Fact, PostNarrowed};
use contracts::photo::UsablePhoto;
use contracts::{AccountId, PhotoId, PostId};
use identity::{MaybeViewer, Viewer};
use serde::{Deserialize, Serialize};
use serving::{Attempt, Create, Json, Path, Problem, ProblemDocument, Result};
use sqlx::PgConnection;
use utoipa::ToSchema;

use super::bodies::Post;
use super::load;
use crate::store::{photos, posts, profiles};
use crate::text::PostText;
use crate::{Social, State as Inner};

/// Images of one post.
const MOST_PHOTOS: usize = 10;
/// How long a caller waits until everybody has heard.
const HEARD_BY_ALL: Duration = Duration::from_secs(2);

/// What is to be posted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPost {
    /// At most 5,000 characters. May be empty where there are photos.
    #[schema(value_type = String, max_length = 5000)]
    text: PostText,
    /// For whom; everybody unless said. A comment takes that of its thread.
    visibility: Option<Visibility>,
    /// Your own photos, or public ones of others: at most ten, each once.
    #[serde(default)]
    photos: Vec<PhotoId>,
    /// The post or comment that this answers.
    parent: Option<PostId>,
}

impl NewPost {
    fn check(&self) -> Result<()> {
        if self.text.as_str().is_empty() && self.photos.is_empty() {
            return Err(Problem::invalid("text", "write something, or show a photo"));
        }
        if self.photos.len() > MOST_PHOTOS {
            return Err(Problem::invalid("photos", format!("a post shows at most {MOST_PHOTOS} photos")));
        }
        if self.photos.iter().collect::<HashSet<_>>().len() < self.photos.len() {
            return Err(Problem::invalid("photos", "name each photo once"));
        }
        if self.parent.is_some() && self.visibility.is_some() {
            return Err(Problem::invalid("visibility", "a comment is for those who see what it answers; leave this out"));
        }
        Ok(())
    }
}

/// Post something, or comment.
#[utoipa::path(post, path = "/v1/posts", tag = "posts", request_body = NewPost, responses(
    (status = 201, body = Post),
    (status = 404, body = ProblemDocument, description = "What it answers is not there for you"),
    (status = 422, body = ProblemDocument),
    (status = 503, body = ProblemDocument, description = "Its photos cannot be checked now"),
))]
pub(crate) async fn create(
    State(Social(social)): State<Social>,
    viewer: Viewer,
    Create { body, idempotency }: Create<NewPost>,
) -> Result<Response> {
    body.check()?;
    let applied = photos::applied(&social.pool).await?;
    let photos = usable(&social, viewer.account, &body.photos).await?;
    let mut attempt = match idempotency.begin(&social.pool, viewer.account).await? {
        Attempt::Replayed(response) => return Ok(response),
        Attempt::Fresh(attempt) => attempt,
    };
    profiles::ensure(&mut attempt, &viewer).await?;
    let text = body.text.as_str();
    let id = match body.parent {
        Some(parent) => {
            let thread = posts::thread(&mut attempt, viewer.account, parent).await?.ok_or_else(Problem::not_found)?;
            posts::insert_comment(&mut attempt, viewer.account, text, thread).await?
        }
        None => posts::insert(&mut attempt, viewer.account, text, body.visibility.unwrap_or_default()).await?,
    };
    keep(&mut attempt, applied, &photos).await?;
    for (position, photo) in (0..).zip(&photos) {
        posts::show_photo(&mut attempt, id, position, photo.id).await?;
    }
    let mut made = load::posts(&mut attempt, &social.signer, Some(viewer.account), &[id.0]).await?;
    let post = made.pop().ok_or_else(|| Problem::internal("a post that was just made cannot be seen by its author"))?;
    attempt.finish(StatusCode::CREATED, &post).await
}

/// Asks photo, in one call, whether the author may show these.
pub(super) async fn usable(social: &Inner, author: AccountId, photos: &[PhotoId]) -> Result<Vec<UsablePhoto>> {
    if photos.is_empty() {
        return Ok(Vec::new());
    }
    let answer = social.photo.usable(author, photos.to_vec()).await.map_err(|error| {
        match &error {
            CallError::Unreachable { source, .. } => tracing::warn!(%error, cause = %source, "photo gives no answer"),
            CallError::Refused { .. } => tracing::error!(%error, "photo refuses our question"),
        }
        Problem::unavailable("Photos cannot be checked now. Post without them, or try again.", Duration::from_secs(2))
    })?;
    let usable: HashSet<PhotoId> = answer.photos.iter().map(|photo| photo.id).collect();
    match photos.iter().position(|photo| !usable.contains(photo)) {
        Some(index) => Err(Problem::invalid(format!("photos[{index}]"), "there is no such photo of yours, and no public one")),
        None => Ok(answer.photos),
    }
}

/// Keeps what photo answered, unless it has told something newer meanwhile.
pub(super) async fn keep(connection: &mut PgConnection, applied: i64, answered: &[UsablePhoto]) -> Result<()> {
    let ids: Vec<i64> = answered.iter().map(|photo| photo.id.0).collect();
    if !ids.is_empty() && photos::changed_since(connection, applied, &ids).await? {
        return Err(Problem::unavailable("A photo changed at this very moment. Try again.", Duration::from_secs(1)));
    }
    for photo in answered {
        photos::keep(connection, photo).await?;
    }
    Ok(())
}

/// One post or comment.
#[utoipa::path(get, path = "/v1/posts/{id}", tag = "posts", params(("id" = PostId, Path)), responses((status = 200, body = Post), (status = 404, body = ProblemDocument)))]
pub(crate) async fn show(
    State(Social(social)): State<Social>,
    MaybeViewer(viewer): MaybeViewer,
    Path(id): Path<PostId>,
) -> Result<Json<Post>> {
    let viewer = viewer.map(|viewer| viewer.account);
    let mut connection = social.pool.acquire().await?;
    let mut found = load::posts(&mut connection, &social.signer, viewer, &[id.0]).await?;
    found.pop().map(Json).ok_or_else(Problem::not_found)
}

/// The change is made, and not every service has applied it yet.
#[derive(Serialize, ToSchema)]
pub(crate) struct Pending {
    /// Always `true`.
    pending: bool,
}

/// Delete a post of yours with all its comments, or a comment.
#[utoipa::path(delete, path = "/v1/posts/{id}", tag = "posts", params(("id" = PostId, Path)), responses(
    (status = 204),
    (status = 202, body = Pending),
    (status = 404, body = ProblemDocument),
))]
pub(crate) async fn delete(State(Social(social)): State<Social>, viewer: Viewer, Path(id): Path<PostId>) -> Result<Response> {
    let mut tx = social.pool.begin().await?;
    if !posts::delete(&mut tx, viewer.account, id).await? {
        return Err(Problem::not_found());
    }
    let fact = facts::publish(&mut tx, &Fact::PostNarrowed(PostNarrowed { post: id, author: viewer.account })).await?;
    tx.commit().await?;
    // The post is gone, so a database that fails now only leaves open who has heard of it.
    let heard = social.outbox.passed(fact, HEARD_BY_ALL).await.unwrap_or_else(|error| {
        tracing::warn!(%error, "failed to ask whether a deletion was heard of");
        false
    });
    Ok(match heard {
        true => StatusCode::NO_CONTENT.into_response(),
        false => (StatusCode::ACCEPTED, Json(Pending { pending: true })).into_response(),
    })
}
