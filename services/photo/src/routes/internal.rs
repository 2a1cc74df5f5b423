use std::collections::HashMap;

use axum::extract::State;
use contracts::Service;
use contracts::photo::{UsableRequest, UsableResponse};
use identity::Caller;
use serving::{Json, Problem, Result};

use crate::AppState;
use crate::store::photos;

/// Photos that one call may ask about.
const MOST: usize = 100;

/// Which of these photos may this author show? Their own and public ones. One that is missing in the answer does not exist
/// for them, for whatever reason.
pub async fn usable(
    State(state): State<AppState>,
    Caller(caller): Caller,
    Json(asked): Json<UsableRequest>,
) -> Result<Json<UsableResponse>> {
    if caller != Service::Social {
        return Err(Problem::forbidden("Only social shows people's photos."));
    }
    if asked.photos.len() > MOST {
        return Err(Problem::invalid("photos", format!("at most {MOST}")));
    }
    let ids: Vec<i64> = asked.photos.iter().map(|photo| photo.0).collect();
    let found = photos::usable(&state.pool, asked.author, &ids).await?;
    let mut found: HashMap<_, _> = found.into_iter().map(|photo| (photo.id, photo)).collect();
    Ok(Json(UsableResponse { photos: asked.photos.iter().filter_map(|id| found.remove(id)).collect() }))
}
