//! Whom the viewer may like to follow.

use axum::extract::State;
use axum::http::StatusCode;
use contracts::AccountId;
use identity::Viewer;
use serde::Serialize;
use serving::{Json, Page, Path, Result};
use utoipa::ToSchema;

use crate::Relation;
use crate::store::people;
use crate::store::suggestions::{self, Suggested};

/// Somebody you may like to follow, and why.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Suggestion {
    id: AccountId,
    /// At least one.
    reasons: Vec<Reason>,
}

/// Why somebody is suggested.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Reason {
    kind: ReasonKind,
    /// How many people or tags make the reason, of those near you that were looked at; 1 for `active`.
    count: i32,
    /// Up to three of the people.
    people: Vec<AccountId>,
}

/// What kind of reason.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ReasonKind {
    /// Friends of yours are friends of theirs.
    FriendsInCommon,
    /// People whom you follow, or who are your friends, follow them.
    FollowedBy,
    /// They follow people whom you follow.
    FolloweesInCommon,
    /// They follow tags that you follow. Never the only reason.
    SharedTags,
    /// They wrote something for everybody in the last seven days. Never the only reason.
    Active,
}

/// Suggestions, the best first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Suggestions {
    items: Vec<Suggestion>,
}

impl From<Suggested> for Suggestion {
    fn from(suggested: Suggested) -> Self {
        let reasons = [
            (ReasonKind::FriendsInCommon, suggested.friends_in_common, suggested.friends),
            (ReasonKind::FollowedBy, suggested.followed_by, suggested.followers),
            (ReasonKind::FolloweesInCommon, suggested.followees_in_common, suggested.followees),
            (ReasonKind::SharedTags, suggested.shared_tags, Vec::new()),
            (ReasonKind::Active, i32::from(suggested.active), Vec::new()),
        ];
        let reasons = reasons.into_iter().filter(|(_, count, _)| *count > 0);
        Self { id: suggested.id, reasons: reasons.map(|(kind, count, people)| Reason { kind, count, people }).collect() }
    }
}

/// Whom you may like to follow: one list of up to `limit`, the best first. Nobody whom you follow or have asked, whom you
/// block, mute or have dismissed, who does not want to be suggested, or who was not here for 90 days.
#[utoipa::path(get, path = "/v1/relations/suggestions", tag = "suggestions", responses((status = 200, body = Suggestions)))]
pub(crate) async fn list(State(Relation(relation)): State<Relation>, viewer: Viewer, page: Page) -> Result<Json<Suggestions>> {
    people::seen(&relation.pool, &viewer).await?;
    suggestions::refresh(&relation.pool, viewer.account).await?;
    let suggested = suggestions::best(&relation.pool, viewer.account, page.limit).await?;
    Ok(Json(Suggestions { items: suggested.into_iter().map(Suggestion::from).collect() }))
}

/// Do not be suggested somebody again. The newest 5,000 whom you dismiss are remembered.
#[utoipa::path(delete, path = "/v1/relations/suggestions/{id}", tag = "suggestions", params(("id" = AccountId, Path)), responses((status = 204)))]
pub(crate) async fn dismiss(State(Relation(relation)): State<Relation>, viewer: Viewer, Path(id): Path<AccountId>) -> Result<StatusCode> {
    people::seen(&relation.pool, &viewer).await?;
    suggestions::dismiss(&relation.pool, viewer.account, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
