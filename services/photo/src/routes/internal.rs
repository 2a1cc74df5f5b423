use std::collections::HashMap;

use axum::extract::State;
use contracts::Service;
use contracts::photo::{UsableRequest, UsableResponse};
use identity::Caller;
use serving::{Json, Problem, Result};

use crate::store::photos;
use crate::{Photo, reuse};

/// Photos that one call may ask about.
const MOST: usize = 100;

/// Which of these photos may this author show? Their own and public ones. One that is missing in the answer does not exist
/// for them, for whatever reason. Notes that they show the others'.
pub(crate) async fn usable(
    State(Photo(photo)): State<Photo>,
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
    // Noted before the answer is read: a photo that its owner takes back from now on is taken from this author too.
    reuse::about_to_show(&photo.pool, asked.author, &ids).await?;
    let found = photos::usable(&photo.pool, asked.author, &ids).await?;
    let mut found: HashMap<_, _> = found.into_iter().map(|photo| (photo.id, photo)).collect();
    Ok(Json(UsableResponse { photos: asked.photos.iter().filter_map(|id| found.remove(id)).collect() }))
}
