//! Whether the bucket shows to anybody what is in it. Who may see a photo is decided in front of the bucket, and means nothing where the
//! bucket can be asked itself: so it is asked, now and then, as a stranger would.

use std::time::Duration;

use jobs::JobError;

use crate::rendition::{Coding, Rendition};
use crate::store::blobs;
use crate::{State, cleaning, metrics};

/// How often it is asked.
const EVERY: Duration = Duration::from_secs(24 * 3600);
/// How soon again, once it has shown something: whoever closes it wants to know that it is closed.
const WHILE_OPEN: Duration = Duration::from_secs(5 * 60);
/// How soon again, if it does not answer.
const UNANSWERED: Duration = Duration::from_secs(10);

/// Asks until dropped.
pub(crate) async fn run(photo: &State) {
    loop {
        let rest = match is_exposed(photo).await {
            Ok(exposed) => {
                metrics::exposed(exposed);
                if exposed {
                    tracing::error!("the bucket shows what is in it to anybody, without a key: close it to all but the platform");
                }
                if exposed { WHILE_OPEN } else { EVERY }
            }
            Err(error) => {
                tracing::debug!(%error, "failed to ask the store as a stranger; trying again");
                UNANSWERED
            }
        };
        tokio::time::sleep(rest).await;
    }
}

/// Asks for the list of the bucket, and for one object that is there.
pub(crate) async fn is_exposed(photo: &State) -> Result<bool, JobError> {
    let known = blobs::any(&photo.pool).await?.map(|object_key| cleaning::object(&object_key, Rendition::Thumb(Coding::WebP)));
    Ok(photo.objects.is_shown_to_strangers(known.as_deref()).await?)
}
