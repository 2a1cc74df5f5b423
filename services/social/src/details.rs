//! What belongs beside a photo and was not told when it was first shown, by a version of photo that did not tell it. It is asked for
//! now and then, so that no read has to ask.

use std::error::Error;

use contracts::{AccountId, PhotoId};

use crate::State;
use crate::store::photos;

/// Photos that are asked for at once: as many as photo takes.
const AT_ONCE: i64 = 100;

/// Asks for all that is unknown, an owner's at a time, and says of how many photos it is known now. Of those whose owner is hidden or
/// has let go of them it is not said.
pub(crate) async fn ask(social: &State) -> Result<u64, Box<dyn Error + Send + Sync>> {
    let (mut known, mut after) = (0, (AccountId(0), PhotoId(0)));
    loop {
        let unknown = photos::undetailed(&social.pool, after, AT_ONCE).await?;
        let Some(owner) = unknown.first().map(|photo| photo.owner) else { return Ok(known) };
        let of_one: Vec<PhotoId> = unknown.into_iter().take_while(|photo| photo.owner == owner).map(|photo| photo.id).collect();
        after = (owner, of_one.last().copied().unwrap_or(PhotoId(i64::MAX)));
        for photo in social.photo.usable(owner, of_one).await?.photos {
            known += photos::detail(&social.pool, &photo).await?;
        }
    }
}
