//! Pictures whose objects are not in the bucket as they should be. Their owners see which, and nobody else is shown them in a list. What
//! a restore brings back is there again at once; what nobody brings back for a month is given up, and its place is free.

use std::collections::BTreeMap;

use audience::accounts;
use jobs::JobError;

use super::ROWS;
use crate::objects::Listed;
use crate::owner::Owner;
use crate::rendition::Rendition;
use crate::store::blobs::Expected;
use crate::store::{blobs, photos, usage};
use crate::{State, cleaning, removal};

/// Notes which blobs are whole by a page of the bucket's listing, with what was left of the page before. Answers what is left of this
/// one: the objects of its last blob, of which the next page may have more. A blob whose objects a store lists apart is looked at by
/// [`check`].
pub(super) async fn met(photo: &State, left: Vec<Listed>, page: &[Listed]) -> Result<Vec<Listed>, JobError> {
    let last = page.last().and_then(|object| cleaning::object_key(&object.key));
    let mut by_blob: BTreeMap<&str, Vec<Listed>> = BTreeMap::new();
    for object in left.iter().chain(page) {
        if let Some(object_key) = cleaning::object_key(&object.key) {
            by_blob.entry(object_key).or_default().push(object.clone());
        }
    }
    let keys: Vec<String> = by_blob.keys().map(|object_key| (*object_key).to_owned()).collect();
    let due = blobs::due_of(&photo.pool, &keys).await?;
    let is_whole = |expected: &Expected| by_blob.get(expected.object_key.as_str()).is_some_and(|listed| expected.is_met_by(listed));
    let whole: Vec<String> = due.into_iter().filter(is_whole).map(|expected| expected.object_key).collect();
    if !whole.is_empty() {
        blobs::are_whole(&photo.pool, &whole).await?;
    }
    Ok(last.and_then(|object_key| by_blob.remove(object_key)).unwrap_or_default())
}

/// Looks whether objects are there that should be, of those blobs that were looked at the longest ago: most were met in the listing,
/// and these were not. Says how many blobs miss some, and how many photos are given up.
pub(super) async fn check(photo: &State) -> Result<(usize, usize), JobError> {
    let (mut missing, mut lost) = (0, 0);
    for expected in blobs::to_check(&photo.pool, ROWS).await? {
        let page = photo.objects.list(&expected.object_key, None).await?;
        let absent = !expected.is_met_by(&page.objects);
        // It may have been deleted while the store was asked.
        let there = blobs::checked(&photo.pool, &expected.object_key, absent).await?;
        if !there || !absent {
            continue;
        }
        missing += 1;
        if !expected.missing {
            // Which one, the database says, to those who may read it.
            tracing::error!("the objects of a photo are not in the bucket: restore them from a backup");
        }
        // Smaller pictures can be made again of an original that is there, if only by sending it again.
        if expected.lost && !expected.has(&page.objects, Rendition::Original) {
            lost += give_up(photo, &expected.object_key).await?;
        }
    }
    Ok((missing, lost))
}

/// Removes the photos of a picture that nobody has brought back. Where every picture is missing none is removed: that is the wrong
/// bucket, or an empty one that waits for its restore.
async fn give_up(photo: &State, object_key: &str) -> Result<usize, JobError> {
    if blobs::any(&photo.pool).await?.is_none() {
        return Ok(0);
    }
    let mut removed = 0;
    for (id, owner) in photos::of_blob(&photo.pool, object_key, ROWS).await? {
        let Owner::Account(account) = owner;
        let mut tx = photo.pool.begin().await?;
        // For its lock, as where they delete it themselves.
        accounts::is_gone(&mut tx, account).await?;
        if let Some(row) = photos::lock(&mut tx, id).await? {
            // In this order, as where somebody keeps the same picture.
            usage::lock(&mut tx, owner).await?;
            if blobs::is_lost(&mut tx, &row.blob).await? {
                removal::remove(&mut tx, &row, None).await?;
                removed += 1;
            }
        }
        tx.commit().await?;
    }
    photo.outbox.committed();
    tracing::warn!(photos = removed, "gave up a picture whose original was not in the bucket for a month");
    Ok(removed)
}

impl Expected {
    /// Whether all objects are listed, in the size that they should have.
    fn is_met_by(&self, listed: &[Listed]) -> bool {
        Rendition::ALL.into_iter().filter(|rendition| self.sizes.of(*rendition).is_some()).all(|rendition| self.has(listed, rendition))
    }

    /// Whether one of them is.
    fn has(&self, listed: &[Listed], rendition: Rendition) -> bool {
        let (key, size) = (cleaning::object(&self.object_key, rendition), self.sizes.of(rendition));
        listed.iter().any(|object| object.key == key && Some(object.size) == size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sizes::Sizes;

    #[test]
    fn a_blob_is_met_by_all_its_objects_in_their_sizes() {
        let webp_only = Sizes { original: 4, large: 3, small: 2, thumb: 1, large_jpeg: None, small_jpeg: None, thumb_jpeg: None };
        let both = Sizes { large_jpeg: Some(7), small_jpeg: Some(6), thumb_jpeg: Some(5), ..webp_only };
        let met = |sizes: Sizes, objects: &[Listed]| {
            Expected { object_key: "blobs/a".to_owned(), sizes, missing: false, lost: false }.is_met_by(objects)
        };
        let sized = [("original", 4), ("large", 3), ("small", 2), ("thumb", 1), ("large-jpeg", 7), ("small-jpeg", 6), ("thumb-jpeg", 5)];
        let objects = sized.map(|(rendition, size)| Listed { key: format!("blobs/a.{rendition}"), size, changed: 0 });
        assert!(met(both, &objects));
        assert!(met(webp_only, &objects[..4]) && !met(both, &objects[..4]), "what was kept without JPEG is whole without");
        for n in 0..objects.len() {
            let mut fewer = objects.to_vec();
            fewer[n].size = 0;
            assert!(!met(both, &fewer));
            fewer.remove(n);
            assert!(!met(both, &fewer));
        }
    }
}
