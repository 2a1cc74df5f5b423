//! How the viewer stands to others.

use axum::extract::{RawQuery, State};
use contracts::AccountId;
use identity::Viewer;
use jiff::Timestamp;
use serde::Serialize;
use serving::{Json, Path, Problem, ProblemDocument, Result};
use utoipa::ToSchema;

use crate::Relation;
use crate::store::people;
use crate::store::relationships::{self, Row};

/// People of whom one may ask at once.
const MOST: usize = 100;

/// How you and another account stand to each other. Being blocked, muted or liked by them is not told.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Relationship {
    id: AccountId,
    /// They approve their followers: to follow them is to ask. Of somebody who blocks you, or whom you block, it is not told.
    approves_followers: bool,
    following: bool,
    followed_by: bool,
    /// You have asked to follow them.
    requested: bool,
    /// They have asked to follow you.
    requested_by: bool,
    friends: bool,
    /// You have asked them to be friends.
    friend_requested: bool,
    /// They have asked you to be friends.
    friend_requested_by: bool,
    blocking: bool,
    muting: bool,
    /// The mute holds for notifications too.
    muting_notifications: bool,
    /// When the mute ends; `null` where it has no end, or is none.
    #[schema(value_type = Option<String>, format = DateTime)]
    muted_until: Option<Timestamp>,
    /// What you noted of them.
    note: Option<String>,
    /// You like them.
    liked: bool,
    /// You like each other.
    matched: bool,
}

impl From<Row> for Relationship {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            approves_followers: row.approves_followers,
            following: row.following,
            followed_by: row.followed_by,
            requested: row.requested,
            requested_by: row.requested_by,
            friends: row.friends,
            friend_requested: row.friend_requested,
            friend_requested_by: row.friend_requested_by,
            blocking: row.blocking,
            muting: row.muting,
            muting_notifications: row.muting_notifications,
            muted_until: row.muted_until.and_then(|second| Timestamp::from_second(second).ok()),
            note: row.note,
            liked: row.liked,
            matched: row.matched,
        }
    }
}

/// How you stand to several people.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Relationships {
    /// In the order in which they were asked for.
    items: Vec<Relationship>,
}

/// How you stand to somebody.
#[utoipa::path(get, path = "/v1/relations/{id}", tag = "relations", params(("id" = AccountId, Path)), responses((status = 200, body = Relationship)))]
pub(crate) async fn show(
    State(Relation(relation)): State<Relation>,
    viewer: Viewer,
    Path(id): Path<AccountId>,
) -> Result<Json<Relationship>> {
    people::seen(&relation.pool, &viewer).await?;
    let mut rows = relationships::by_ids(&relation.pool, viewer.account, &[id.0]).await?;
    rows.pop().map(Relationship::from).map(Json).ok_or_else(Problem::not_found)
}

/// How you stand to each of up to 100 people: `?id=1&id=2`.
#[utoipa::path(get, path = "/v1/relations", tag = "relations", params(("id" = Vec<AccountId>, Query)), responses(
    (status = 200, body = Relationships),
    (status = 400, body = ProblemDocument, description = "No ids, too many, or something that is none"),
))]
pub(crate) async fn list(
    State(Relation(relation)): State<Relation>,
    viewer: Viewer,
    RawQuery(query): RawQuery,
) -> Result<Json<Relationships>> {
    let ids = ids(query.as_deref().unwrap_or_default())?;
    people::seen(&relation.pool, &viewer).await?;
    let rows = relationships::by_ids(&relation.pool, viewer.account, &ids).await?;
    Ok(Json(Relationships { items: rows.into_iter().map(Relationship::from).collect() }))
}

/// The values of `id` in a query, each once.
fn ids(query: &str) -> Result<Vec<i64>> {
    let wrong = || Problem::bad_request(format!("Ask for 1 to {MOST} ids, each as `id=` and its digits."));
    let mut ids = Vec::new();
    for value in query.split('&').filter_map(|pair| pair.strip_prefix("id=")) {
        let AccountId(id) = value.parse().map_err(|_| wrong())?;
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    match (1..=MOST).contains(&ids.len()) {
        true => Ok(ids),
        false => Err(wrong()),
    }
}
