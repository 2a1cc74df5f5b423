//! Lists of people whom one follows, each with a timeline of its own.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use contracts::AccountId;
use identity::Viewer;
use serde::{Deserialize, Serialize};
use serving::{Attempt, Create, Json, Page, Paged, Path, Problem, ProblemDocument, Result};
use utoipa::ToSchema;

use super::bodies::{Author, Listed, Post};
use super::timelines::whole;
use crate::Social;
use crate::store::{lists, profiles};
use crate::text::ListTitle;

/// Lists of one account.
const MOST_LISTS: i64 = 50;
/// People in one list.
const MOST_MEMBERS: i64 = 500;

/// A list of people.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct List {
    id: String,
    title: String,
}

impl From<lists::List> for List {
    fn from(list: lists::List) -> Self {
        Self { id: list.id.to_string(), title: list.title }
    }
}

/// What a list is called.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Titled {
    /// 1 to 100 characters.
    #[schema(value_type = String, min_length = 1, max_length = 100)]
    title: ListTitle,
}

impl Titled {
    fn title(&self) -> Result<&str> {
        match self.title.as_str() {
            "" => Err(Problem::invalid("title", "give the list a title")),
            title => Ok(title),
        }
    }
}

/// Make a list. Nobody else learns of it, nor of who is in it.
#[utoipa::path(post, path = "/v1/timelines/lists", operation_id = "create_list", tag = "lists", request_body = Titled, responses(
    (status = 201, body = List),
    (status = 409, body = ProblemDocument, description = "You have 50 lists"),
    (status = 422, body = ProblemDocument),
))]
pub(crate) async fn create(
    State(Social(social)): State<Social>,
    viewer: Viewer,
    Create { body, idempotency }: Create<Titled>,
) -> Result<Response> {
    let title = body.title()?;
    let mut attempt = match idempotency.begin(&social.pool, viewer.account).await? {
        Attempt::Replayed(response) => return Ok(response),
        Attempt::Fresh(attempt) => attempt,
    };
    profiles::ensure(&mut attempt, &viewer).await?;
    if lists::count(&mut attempt, viewer.account).await? >= MOST_LISTS {
        return Err(Problem::conflict("too-many-lists", format!("You have {MOST_LISTS} lists; delete one first.")));
    }
    let list = List::from(lists::insert(&mut attempt, viewer.account, title).await?);
    attempt.finish(StatusCode::CREATED, &list).await
}

/// Your lists, the newest first.
#[utoipa::path(get, path = "/v1/timelines/lists", operation_id = "list_lists", tag = "lists", responses((status = 200, body = Listed<List>)))]
pub(crate) async fn list(State(Social(social)): State<Social>, viewer: Viewer) -> Result<Json<Listed<List>>> {
    let lists = lists::of_owner(&social.pool, viewer.account).await?;
    Ok(Json(Listed { items: lists.into_iter().map(List::from).collect() }))
}

/// The posts of those in a list of yours whom you follow and do not mute, newest first.
#[utoipa::path(get, path = "/v1/timelines/lists/{id}", operation_id = "read_list", tag = "lists", params(("id" = String, Path)), responses(
    (status = 200, body = Paged<Post>),
    (status = 404, body = ProblemDocument),
))]
pub(crate) async fn timeline(State(Social(social)): State<Social>, viewer: Viewer, Path(id): Path<i64>, page: Page) -> Result<Paged<Post>> {
    if !lists::exists(&social.pool, viewer.account, id).await? {
        return Err(Problem::not_found());
    }
    let ids = lists::posts(&social.pool, viewer.account, id, &page).await?;
    whole(&social, Some(viewer.account), ids, &page).await
}

/// Give a list another title.
#[utoipa::path(patch, path = "/v1/timelines/lists/{id}", operation_id = "update_list", tag = "lists", params(("id" = String, Path)), request_body = Titled, responses(
    (status = 200, body = List),
    (status = 404, body = ProblemDocument),
    (status = 422, body = ProblemDocument),
))]
pub(crate) async fn update(
    State(Social(social)): State<Social>,
    viewer: Viewer,
    Path(id): Path<i64>,
    Json(body): Json<Titled>,
) -> Result<Json<List>> {
    let renamed = lists::rename(&social.pool, viewer.account, id, body.title()?).await?;
    renamed.map(List::from).map(Json).ok_or_else(Problem::not_found)
}

/// Delete a list.
#[utoipa::path(delete, path = "/v1/timelines/lists/{id}", operation_id = "delete_list", tag = "lists", params(("id" = String, Path)), responses(
    (status = 204),
    (status = 404, body = ProblemDocument),
))]
pub(crate) async fn delete(State(Social(social)): State<Social>, viewer: Viewer, Path(id): Path<i64>) -> Result<StatusCode> {
    match lists::delete(&social.pool, viewer.account, id).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Problem::not_found()),
    }
}

/// Who is in a list, the last added first.
#[utoipa::path(get, path = "/v1/timelines/lists/{id}/members", operation_id = "list_members", tag = "lists", params(("id" = String, Path)), responses(
    (status = 200, body = Paged<Author>),
    (status = 404, body = ProblemDocument),
))]
pub(crate) async fn members(
    State(Social(social)): State<Social>,
    viewer: Viewer,
    Path(id): Path<i64>,
    page: Page,
) -> Result<Paged<Author>> {
    if !lists::exists(&social.pool, viewer.account, id).await? {
        return Err(Problem::not_found());
    }
    let members = lists::members(&social.pool, viewer.account, id, &page).await?;
    let author = |member: lists::Member| Author::new(member.id, member.handle, member.display_name, member.picture_key.as_deref());
    Ok(page.cut(members, |member| member.place).map(author))
}

/// Put somebody whom you follow into a list. Doing it again changes nothing.
#[utoipa::path(put, path = "/v1/timelines/lists/{id}/members/{account}", operation_id = "add_member", tag = "lists", params(("id" = String, Path), ("account" = AccountId, Path)), responses(
    (status = 204),
    (status = 404, body = ProblemDocument),
    (status = 409, body = ProblemDocument, description = "There are 500 people in it"),
    (status = 422, body = ProblemDocument, description = "You do not follow them"),
))]
pub(crate) async fn add(
    State(Social(social)): State<Social>,
    viewer: Viewer,
    Path((id, account)): Path<(i64, AccountId)>,
) -> Result<StatusCode> {
    let mut tx = social.pool.begin().await?;
    let others = lists::others(&mut tx, viewer.account, id, account).await?.ok_or_else(Problem::not_found)?;
    if others >= MOST_MEMBERS {
        return Err(Problem::conflict("too-many-members", format!("There are {MOST_MEMBERS} people in this list.")));
    }
    if !lists::add(&mut tx, viewer.account, id, account).await? {
        return Err(Problem::unprocessable("A list holds people whom you follow; follow them first."));
    }
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Take somebody out of a list.
#[utoipa::path(delete, path = "/v1/timelines/lists/{id}/members/{account}", operation_id = "remove_member", tag = "lists", params(("id" = String, Path), ("account" = AccountId, Path)), responses(
    (status = 204),
    (status = 404, body = ProblemDocument),
))]
pub(crate) async fn remove(
    State(Social(social)): State<Social>,
    viewer: Viewer,
    Path((id, account)): Path<(i64, AccountId)>,
) -> Result<StatusCode> {
    if !lists::exists(&social.pool, viewer.account, id).await? {
        return Err(Problem::not_found());
    }
    lists::remove(&social.pool, viewer.account, id, account).await?;
    Ok(StatusCode::NO_CONTENT)
}
