//! Posts and comments: one to write, one to read, one to delete.

use std::collections::HashSet;

use audience::Visibility;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use contracts::fact::{Fact, PostNarrowed};
use contracts::{AccountId, PhotoId, PostId};
use facts::FactId;
use identity::{MaybeViewer, Viewer};
use serde::Deserialize;
use serving::{Attempt, Create, Json, Path, Problem, ProblemDocument, Result};
use sqlx::PgConnection;
use utoipa::ToSchema;

use super::bodies::Post;
use super::photos::{Shows, keep, tell_shown, usable};
use super::{Pending, deleted, load};
use crate::entities::{self, Entity};
use crate::store::posts::Content;
use crate::store::{self, posts, profiles, threads};
use crate::text::{ContentWarning, Language, PostText};
use crate::{Social, deletions};

/// Images of one post.
const MOST_PHOTOS: usize = 10;
/// People named in one post: more would be a way to bother many at once.
const MOST_MENTIONS: usize = 20;
/// Tags of one post.
const MOST_TAGS: usize = 30;

/// What is to be posted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPost {
    /// At most 5,000 characters. May be empty where there are photos. `@handle`, `#tag` and addresses in it become entities.
    #[schema(value_type = String, max_length = 5000)]
    text: PostText,
    /// What to show first instead of the text and the photos, at most 500 characters.
    #[schema(value_type = Option<String>, max_length = 500)]
    content_warning: Option<ContentWarning>,
    /// The language of the text: the primary subtag of BCP 47, such as `en`.
    #[schema(value_type = Option<String>, max_length = 3)]
    language: Option<Language>,
    /// For whom; everybody unless said. `direct` is for whom the text mentions. A comment takes that of its thread.
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
        if self.parent.is_some() && self.visibility.is_some() {
            return Err(Problem::invalid("visibility", "a comment is for those who see what it answers; leave this out"));
        }
        check_photos(&self.photos)
    }
}

/// At most ten photos, each once.
pub(super) fn check_photos(photos: &[PhotoId]) -> Result<()> {
    if photos.len() > MOST_PHOTOS {
        return Err(Problem::invalid("photos", format!("a post shows at most {MOST_PHOTOS} photos")));
    }
    if photos.iter().collect::<HashSet<_>>().len() < photos.len() {
        return Err(Problem::invalid("photos", "name each photo once"));
    }
    Ok(())
}

/// Finds what a text names, and whose the handles in it are.
pub(super) async fn read(connection: &mut PgConnection, author: AccountId, text: &str) -> Result<Vec<Entity>> {
    let found = entities::find(text);
    let handles = entities::handles(&found);
    if handles.len() > MOST_MENTIONS {
        return Err(Problem::invalid("text", format!("mention at most {MOST_MENTIONS} people")));
    }
    let people = store::entities::people(connection, author, &handles).await?;
    let entities = entities::resolve(found, &people);
    if entities::tags(&entities).len() > MOST_TAGS {
        return Err(Problem::invalid("text", format!("use at most {MOST_TAGS} different tags")));
    }
    Ok(entities)
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
    // Asked now, so that a repeat needs no answer of photo, and again in the transaction of the effect, where it counts.
    if !body.photos.is_empty()
        && let Some(answer) = idempotency.stored(&social.pool, viewer.account).await?
    {
        return Ok(answer);
    }
    let photos = usable(&social, viewer.account, &body.photos).await?;
    let mut attempt = match idempotency.begin(&social.pool, viewer.account).await? {
        Attempt::Replayed(response) => return Ok(response),
        Attempt::Fresh(attempt) => attempt,
    };
    keep(&mut attempt, &photos).await?;
    profiles::ensure(&mut attempt, &viewer).await?;
    let entities = read(&mut attempt, viewer.account, body.text.as_str()).await?;
    let content = Content {
        text: body.text.as_str(),
        content_warning: body.content_warning.as_ref().map_or("", ContentWarning::as_str),
        language: body.language.as_ref().map(Language::as_str),
        entities: &entities,
    };
    let (id, visibility) = match body.parent {
        Some(parent) => {
            let thread = threads::join(&mut attempt, viewer.account, parent).await?.ok_or_else(Problem::not_found)?;
            (posts::insert_comment(&mut attempt, viewer.account, &content, thread).await?, thread.visibility)
        }
        None => {
            let visibility = body.visibility.unwrap_or_default();
            (posts::insert(&mut attempt, viewer.account, &content, visibility).await?, visibility)
        }
    };
    // Of what is for few, not even that it was written is told.
    if posts::is_open(visibility) {
        profiles::tell_posting(&mut attempt, viewer.account).await?;
    }
    store::entities::add(&mut attempt, id, &entities::mentioned(&entities), &entities::tags(&entities)).await?;
    if !body.photos.is_empty() {
        posts::show_photos(&mut attempt, id, &body.photos).await?;
        tell_shown(&mut attempt, Shows::post(id, viewer.account, visibility), &[], &body.photos).await?;
    }
    let mut made = load::posts(&mut attempt, &social.signer, Some(viewer.account), &[id.0]).await?;
    let post = made.pop().ok_or_else(|| Problem::internal("a post that was just made cannot be seen by its author"))?;
    let answer = attempt.finish(StatusCode::CREATED, &post).await?;
    social.outbox.committed();
    Ok(answer)
}

/// One post or comment.
#[utoipa::path(get, path = "/v1/posts/{id}", tag = "posts", params(("id" = PostId, Path)), responses((status = 200, body = Post), (status = 404, body = ProblemDocument)))]
pub(crate) async fn show(
    State(Social(social)): State<Social>,
    MaybeViewer(viewer): MaybeViewer,
    Path(id): Path<PostId>,
) -> Result<Json<Post>> {
    load::post(&social, viewer.map(|viewer| viewer.account), id).await.map(Json)
}

/// Delete a post of yours with all its comments, or a comment. Nobody sees it any more; where much hangs on it, that goes bit by bit.
#[utoipa::path(delete, path = "/v1/posts/{id}", tag = "posts", params(("id" = PostId, Path)), responses(
    (status = 204),
    (status = 202, body = Pending, description = "Something of it is still to go, or some services have yet to hear of it"),
    (status = 404, body = ProblemDocument),
))]
pub(crate) async fn delete(State(Social(social)): State<Social>, viewer: Viewer, Path(id): Path<PostId>) -> Result<Response> {
    let mut tx = social.pool.begin().await?;
    threads::lock_to_delete(&mut tx, id).await?;
    let deletion = deletions::delete(&mut tx, viewer.account, id).await?.ok_or_else(Problem::not_found)?;
    tx.commit().await?;
    Ok(deleted(&social, &deletion).await)
}

/// Tells that a post is for fewer now, and each comment below it that shows a private photo: a grant names the comment that
/// it was given for. The answer is the last fact; who has heard of it has heard of all.
pub(crate) async fn tell_narrowed(connection: &mut PgConnection, author: AccountId, id: PostId) -> Result<FactId> {
    for comment in threads::granting(connection, id).await? {
        let narrowed = PostNarrowed { post: comment.id, author: comment.author };
        facts::publish(connection, &Fact::PostNarrowed(narrowed)).await?;
    }
    Ok(facts::publish(connection, &Fact::PostNarrowed(PostNarrowed { post: id, author })).await?)
}
