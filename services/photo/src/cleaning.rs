//! Objects that nothing refers to any more. An object is written before its row and deleted after it, so whatever dies in
//! between leaves an object too many, and never a row without one.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

use futures::future::try_join_all;
use jobs::{JobError, Run};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::{PgConnection, PgPool};

use crate::AppState;
use crate::objects::{self, Objects};
use crate::store::blobs;
use crate::variant::Variant;

/// Where the objects of blobs lie in the bucket.
const PREFIX: &str = "blobs/";
/// The kind of the job that deletes the objects of a key that no photo refers to.
const DELETE_OBJECTS: &str = "photo.delete-objects";
/// How often the bucket is searched for objects that no row knows.
const SWEEP_EVERY: Duration = Duration::from_secs(30 * 60);
/// How often stored answers are purged.
const PURGE_EVERY: Duration = Duration::from_secs(10 * 60);
/// Younger objects may belong to an upload that is still running.
const GRACE: Duration = Duration::from_secs(3600);

#[derive(Serialize, Deserialize)]
struct DeleteObjects {
    object_key: String,
}

/// A key for the objects of a new blob: random, and in hexadecimal, as some file systems ignore case.
pub(crate) fn new_object_key() -> String {
    format!("{PREFIX}{:032x}", rand::random::<u128>())
}

/// The object of one variant. A suffix and not a folder: stores on a file system leave empty folders behind.
pub(crate) fn object(object_key: &str, variant: Variant) -> String {
    format!("{object_key}.{variant}")
}

/// Owes the deletion of these objects, should no photo refer to them when it comes to it.
pub(crate) async fn delete_later(connection: &mut PgConnection, object_key: &str) -> sqlx::Result<()> {
    jobs::enqueue(connection, DELETE_OBJECTS, &DeleteObjects { object_key: object_key.to_owned() }).await
}

/// Runs photo's jobs.
pub struct Jobs {
    pool: PgPool,
    objects: Objects,
}

impl Jobs {
    /// Works on what `state` has.
    pub fn new(state: &AppState) -> Self {
        Self { pool: state.pool.clone(), objects: state.objects.clone() }
    }

    /// Deletes objects while holding the lock on their blob, so that nobody can begin to refer to it meanwhile.
    async fn delete_objects(&self, object_key: &str) -> Result<(), JobError> {
        let mut tx = self.pool.begin().await?;
        if !blobs::lock_and_ask_if_used(&mut tx, object_key).await? {
            delete_variants(&self.objects, object_key).await?;
            blobs::bury(&mut tx, object_key).await?;
        }
        Ok(tx.commit().await?)
    }
}

impl Run for Jobs {
    async fn run(&self, kind: &str, payload: &Value) -> Result<(), JobError> {
        match kind {
            DELETE_OBJECTS => {
                let DeleteObjects { object_key } = DeleteObjects::deserialize(payload)?;
                self.delete_objects(&object_key).await
            }
            unknown => Err(format!("no job is called {unknown}").into()),
        }
    }
}

async fn delete_variants(objects: &Objects, object_key: &str) -> objects::Result<()> {
    try_join_all(Variant::ALL.map(|variant| async move { objects.delete(&object(object_key, variant)).await })).await.map(drop)
}

/// Deletes now and then what is of no use any more: objects that no row knows, such as those of an upload whose process was
/// killed, and old answers to repeated requests. Until dropped.
pub async fn sweep(state: AppState) {
    tokio::join!(sweep_bucket(&state), purge_answers(&state));
}

async fn sweep_bucket(state: &AppState) {
    loop {
        match sweep_once(state, GRACE).await {
            Ok(0) => {}
            Ok(swept) => tracing::info!(swept, "swept objects that no photo refers to"),
            Err(error) => tracing::warn!(%error, "failed to sweep the bucket; trying again later"),
        }
        tokio::time::sleep(SWEEP_EVERY).await;
    }
}

async fn purge_answers(state: &AppState) {
    loop {
        if let Err(error) = serving::purge_idempotency_keys(&state.pool).await {
            tracing::warn!(%error, "failed to delete old idempotency keys; trying again later");
        }
        tokio::time::sleep(PURGE_EVERY).await;
    }
}

/// Sweeps the whole bucket once, sparing objects younger than `grace`; says how many blobs' worth of objects went.
///
/// # Errors
///
/// What went wrong with the store or the database, in words.
pub async fn sweep_once(state: &AppState, grace: Duration) -> Result<usize, JobError> {
    let mut swept = 0;
    let mut next = None;
    loop {
        let page = state.objects.list(PREFIX, next).await?;
        let found = by_object_key(page.objects);
        let old: Vec<String> = found.into_iter().filter(|(_, changed)| is_older(*changed, grace)).map(|(key, _)| key).collect();
        // Keys are never used twice, so one that has no row by now will never have one: no lock is needed.
        for object_key in blobs::unknown(&state.pool, &old).await? {
            delete_variants(&state.objects, &object_key).await?;
            swept += 1;
        }
        match page.next {
            Some(token) => next = Some(token),
            None => return Ok(swept),
        }
    }
}

/// The keys of blobs' objects, each with the last change of any of its variants, in Unix seconds.
fn by_object_key(listed: Vec<(String, i64)>) -> BTreeMap<String, i64> {
    let suffixes: BTreeSet<String> = Variant::ALL.iter().map(Variant::to_string).collect();
    let mut found = BTreeMap::new();
    for (name, changed) in listed {
        // Whatever else lies there is not ours to delete.
        if let Some((object_key, _)) = name.rsplit_once('.').filter(|(_, suffix)| suffixes.contains(*suffix)) {
            let latest = found.entry(object_key.to_owned()).or_insert(changed);
            *latest = changed.max(*latest);
        }
    }
    found
}

fn is_older(changed: i64, grace: Duration) -> bool {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |now| now.as_secs());
    i64::try_from(now.saturating_sub(grace.as_secs())).is_ok_and(|limit| changed <= limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_objects_are_counted_by_their_youngest() {
        let listed = [("blobs/a.original", 5), ("blobs/a.thumb", 9), ("blobs/readme.txt", 1), ("blobs/b.large", 2)];
        let found = by_object_key(listed.map(|(name, changed)| (name.to_owned(), changed)).to_vec());
        assert_eq!(found.into_iter().collect::<Vec<_>>(), [("blobs/a".to_owned(), 9), ("blobs/b".to_owned(), 2)]);
    }
}
