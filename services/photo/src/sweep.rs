//! What is found by looking: objects that no row names, such as those of an upload whose process was killed, uploads whose time
//! is over, uses that nothing came of, and rows whose objects are gone. Each turn is bounded, and the next goes on where it ended.

mod missing;

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use jobs::JobError;

use crate::objects::Listed;
use crate::store::{blobs, photos, uploads, uses};
use crate::{State, cleaning, incoming, metrics, reuse};

/// How often there is a turn.
const EVERY: Duration = Duration::from_secs(5 * 60);
/// Younger objects may belong to an upload that is still running.
const GRACE: Duration = Duration::from_secs(24 * 3600);
/// The same of what was sent as it is: rows know all that is under way, and nothing of it should lie there for long.
const INCOMING_GRACE: Duration = Duration::from_secs(2 * 3600);
/// Pages of the bucket's listing in one turn, for each prefix.
const PAGES: usize = 10;
/// Rows in one turn.
const ROWS: i64 = 200;

/// What one turn has found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Blobs' worth of objects that no row knew, and that are deleted.
    pub orphans: usize,
    /// Uploads' worth of objects that no row knew, and that are deleted.
    pub abandoned: usize,
    /// Uploads whose time was over.
    pub expired: usize,
    /// Uses that were announced, and that nothing came of.
    pub unused: usize,
    /// Rows whose objects are not there as they should be.
    pub missing: usize,
    /// Photos of which these were, for too long, and that are gone.
    pub lost: usize,
}

/// Sweeps now and then, until dropped.
pub(crate) async fn run(photo: &State) {
    let mut sweeps = Sweeps::default();
    loop {
        match telemetry::caught(sweeps.turn(photo, GRACE)).await {
            Ok(Ok(swept)) => {
                metrics::swept(swept.orphans + swept.abandoned);
                if swept != Swept::default() {
                    tracing::info!(?swept, "swept the bucket");
                }
            }
            Ok(Err(error)) => tracing::warn!(%error, "failed to sweep the bucket; trying again later"),
            Err(panicked) => tracing::warn!(%panicked, "failed to sweep the bucket; trying again later"),
        }
        match blobs::missing(&photo.pool).await {
            Ok(blobs) => metrics::missing(blobs),
            Err(error) => tracing::warn!(%error, "failed to count the missing pictures; trying again later"),
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// Where the listings go on.
#[derive(Default)]
pub(crate) struct Sweeps {
    blobs: Option<String>,
    incoming: Option<String>,
    /// What was listed last of blobs: the next page may have more of the same.
    left: Vec<Listed>,
}

impl Sweeps {
    /// One turn of everything, sparing objects younger than `grace`, or than two hours where uploads are under way.
    pub(crate) async fn turn(&mut self, photo: &State, grace: Duration) -> Result<Swept, JobError> {
        let expired = expire(photo).await?;
        let unused = forget(photo).await?;
        let (mut orphans, mut abandoned) = (0, 0);
        for _ in 0..PAGES {
            let page = photo.objects.list(cleaning::PREFIX, self.blobs.take()).await?;
            self.left = missing::met(photo, std::mem::take(&mut self.left), &page.objects).await?;
            let old = older(by_blob(page.objects), grace);
            // Keys are never used twice, so one that has no row by now will never have one: no lock is needed.
            for object_key in blobs::unknown(&photo.pool, &old).await? {
                cleaning::delete_renditions(&photo.objects, &object_key).await?;
                orphans += 1;
            }
            self.blobs = page.next;
            if self.blobs.is_none() {
                self.left.clear();
                break;
            }
        }
        let (missing, lost) = missing::check(photo).await?;
        for _ in 0..PAGES {
            let page = photo.objects.list(incoming::PREFIX, self.incoming.take()).await?;
            let names: Vec<String> = page.objects.iter().map(|object| object.key.clone()).collect();
            let old = older(by_upload(page.objects), grace.min(INCOMING_GRACE));
            for object_key in uploads::unknown(&photo.pool, &old).await? {
                for name in names.iter().filter(|name| incoming::object_key(name) == object_key) {
                    photo.objects.delete(name).await?;
                }
                abandoned += 1;
            }
            self.incoming = page.next;
            if self.incoming.is_none() {
                break;
            }
        }
        Ok(Swept { orphans, abandoned, expired, unused, missing, lost })
    }
}

/// Ends the uploads whose time is over.
async fn expire(photo: &State) -> Result<usize, JobError> {
    let mut tx = photo.pool.begin().await?;
    let expired = uploads::delete_expired(&mut tx, ROWS).await?;
    for object_key in &expired {
        cleaning::delete_incoming_later(&mut tx, object_key).await?;
    }
    tx.commit().await?;
    Ok(expired.len())
}

/// Forgets the uses that nothing came of: somebody asked whether they may show a photo, and did not.
async fn forget(photo: &State) -> Result<usize, JobError> {
    let unknown = uses::unknown(&photo.pool, ROWS).await?;
    for used in &unknown {
        // One photo at a time, so that this waits for nobody who waits for it.
        let mut tx = photo.pool.begin().await?;
        if let Some(row) = photos::lock(&mut tx, used.photo).await? {
            reuse::ends(&mut tx, &row, used.account, &used.source).await?;
        }
        tx.commit().await?;
    }
    photo.outbox.committed();
    Ok(unknown.len())
}

/// The keys of blobs' objects, each with the last change of any of them, in Unix seconds.
fn by_blob(listed: Vec<Listed>) -> BTreeMap<String, i64> {
    // Whatever else lies there is not ours to delete.
    youngest(listed, cleaning::object_key)
}

/// The same, of uploads.
fn by_upload(listed: Vec<Listed>) -> BTreeMap<String, i64> {
    youngest(listed, |name| Some(incoming::object_key(name)))
}

fn youngest(listed: Vec<Listed>, key: impl Fn(&str) -> Option<&str>) -> BTreeMap<String, i64> {
    let mut found = BTreeMap::new();
    for Listed { key: name, changed, .. } in &listed {
        if let Some(key) = key(name) {
            let latest = found.entry(key.to_owned()).or_insert(*changed);
            *latest = (*changed).max(*latest);
        }
    }
    found
}

fn older(found: BTreeMap<String, i64>, grace: Duration) -> Vec<String> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |now| now.as_secs());
    let limit = i64::try_from(now.saturating_sub(grace.as_secs())).unwrap_or_default();
    found.into_iter().filter(|(_, changed)| *changed <= limit).map(|(key, _)| key).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(objects: &[(&str, i64)]) -> Vec<Listed> {
        objects.iter().map(|(key, changed)| Listed { key: (*key).to_owned(), size: 1, changed: *changed }).collect()
    }

    #[test]
    fn only_our_own_objects_are_counted_by_their_youngest() {
        let found = by_blob(listed(&[("blobs/a.original", 5), ("blobs/a.thumb", 9), ("blobs/readme.txt", 1), ("blobs/b.large-jpeg", 2)]));
        assert_eq!(found.into_iter().collect::<Vec<_>>(), [("blobs/a".to_owned(), 9), ("blobs/b".to_owned(), 2)]);
        let found = by_upload(listed(&[("incoming/a.0000000000.ff", 5), ("incoming/a.0000262144.ee", 9), ("incoming/b", 2)]));
        assert_eq!(found.into_iter().collect::<Vec<_>>(), [("incoming/a".to_owned(), 9), ("incoming/b".to_owned(), 2)]);
    }
}
