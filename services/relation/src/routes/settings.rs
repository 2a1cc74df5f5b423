//! What a person chooses of how others may stand to them.

use axum::extract::State;
use identity::Viewer;
use serde::{Deserialize, Serialize};
use serving::{Json, ProblemDocument, Result};
use utoipa::ToSchema;

use crate::Relation;
use crate::store::people;

/// How others may stand to you.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// Who wants to follow you asks first. Turning it off accepts nobody who has asked: they ask again, or you let them.
    approves_followers: bool,
    /// You may be suggested to others, unless your profile is not `discoverable`.
    suggestible: bool,
}

/// Your settings.
#[utoipa::path(get, path = "/v1/relations/settings", tag = "settings", responses((status = 200, body = Settings)))]
pub(crate) async fn show(State(Relation(relation)): State<Relation>, viewer: Viewer) -> Result<Json<Settings>> {
    people::seen(&relation.pool, &viewer).await?;
    let people::Settings { approves_followers, suggestible } = people::settings(&relation.pool, viewer.account).await?;
    Ok(Json(Settings { approves_followers, suggestible }))
}

/// Change your settings, all of them.
#[utoipa::path(put, path = "/v1/relations/settings", tag = "settings", request_body = Settings, responses(
    (status = 200, body = Settings),
    (status = 422, body = ProblemDocument),
))]
pub(crate) async fn update(
    State(Relation(relation)): State<Relation>,
    viewer: Viewer,
    Json(settings): Json<Settings>,
) -> Result<Json<Settings>> {
    let Settings { approves_followers, suggestible } = settings;
    people::seen(&relation.pool, &viewer).await?;
    people::set(&relation.pool, viewer.account, people::Settings { approves_followers, suggestible }).await?;
    Ok(Json(settings))
}
