//! Objects that nothing refers to any more. An object is written before its row and deleted after it, so whatever dies in
//! between leaves an object too many, and never a row without one.

use std::time::Duration;

use futures::future::try_join_all;
use jobs::{JobError, Run};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::{PgConnection, PgPool};

use crate::State;
use crate::objects::{self, Objects};
use crate::rendition::Rendition;
use crate::store::blobs;

/// Where the objects of blobs lie in the bucket.
pub(crate) const PREFIX: &str = "blobs/";
/// The kind of the job that deletes the objects of a key that no photo refers to any more. The sweep leaves them to it.
const DELETE_OBJECTS: &str = "photo.delete-objects";
/// The kind of the job that deletes the objects of a key that no row was made for. Where the other rests for the sake of
/// backups, this does not: no backup names them, and nobody's quota counts them.
const DISCARD_OBJECTS: &str = "photo.discard-objects";
/// The kind of the job that deletes the objects of an upload that is over.
const DELETE_INCOMING: &str = "photo.delete-incoming";

/// What a job is about.
#[derive(Serialize, Deserialize)]
struct OfKey {
    object_key: String,
}

/// A key for the objects of a new blob: random, and in hexadecimal, as some file systems ignore case.
pub(crate) fn new_object_key() -> String {
    format!("{PREFIX}{:032x}", rand::random::<u128>())
}

/// The object of one rendition. A suffix and not a folder: stores on a file system leave empty folders behind.
pub(crate) fn object(object_key: &str, rendition: Rendition) -> String {
    format!("{object_key}.{rendition}")
}

/// The key that the name of an object was made of; nothing of a name that is not ours.
pub(crate) fn object_key(name: &str) -> Option<&str> {
    let (object_key, rendition) = name.rsplit_once('.')?;
    Rendition::ALL.iter().any(|known| known.to_string() == rendition).then_some(object_key)
}

/// Owes the deletion of these objects, should no photo refer to them when it comes to it.
pub(crate) async fn delete_later(connection: &mut PgConnection, object_key: &str) -> sqlx::Result<()> {
    jobs::enqueue(connection, DELETE_OBJECTS, &OfKey { object_key: object_key.to_owned() }).await
}

/// Owes the deletion of these objects, which no row names, nor will.
pub(crate) async fn discard_later(connection: &mut PgConnection, object_key: &str) -> sqlx::Result<()> {
    jobs::enqueue(connection, DISCARD_OBJECTS, &OfKey { object_key: object_key.to_owned() }).await
}

/// Owes the deletion of the objects of an upload that is over.
pub(crate) async fn delete_incoming_later(connection: &mut PgConnection, object_key: &str) -> sqlx::Result<()> {
    jobs::enqueue(connection, DELETE_INCOMING, &OfKey { object_key: object_key.to_owned() }).await
}

/// Runs photo's jobs.
pub(crate) struct Jobs {
    pool: PgPool,
    objects: Objects,
    /// How long the objects of a deleted photo are kept.
    keep: Duration,
}

impl Jobs {
    /// Works on what `photo` has.
    pub(crate) fn new(photo: &State) -> Self {
        Self { pool: photo.pool.clone(), objects: photo.objects.clone(), keep: photo.keep_deleted }
    }

    /// Deletes objects while holding the lock on their blob, so that nobody can begin to refer to it meanwhile.
    async fn delete_objects(&self, object_key: &str) -> Result<(), JobError> {
        let mut tx = self.pool.begin().await?;
        if !blobs::lock_and_ask_if_used(&mut tx, object_key).await? {
            delete_renditions(&self.objects, object_key).await?;
            blobs::bury(&mut tx, object_key).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Deletes objects, unless a row names them after all: the answer to its commit was lost. Then they go when it says so.
    async fn discard_objects(&self, object_key: &str) -> Result<(), JobError> {
        if !blobs::is_named(&self.pool, object_key).await? {
            delete_renditions(&self.objects, object_key).await?;
        }
        Ok(())
    }

    /// Deletes the pieces of an upload.
    async fn delete_incoming(&self, object_key: &str) -> Result<(), JobError> {
        let mut next = None;
        loop {
            let page = self.objects.list(object_key, next).await?;
            try_join_all(page.objects.iter().map(|object| self.objects.delete(&object.key))).await?;
            match page.next {
                Some(token) => next = Some(token),
                None => return Ok(()),
            }
        }
    }
}

impl Run for Jobs {
    async fn run(&self, kind: &str, payload: &Value) -> Result<(), JobError> {
        let OfKey { object_key } = OfKey::deserialize(payload)?;
        match kind {
            DELETE_OBJECTS => self.delete_objects(&object_key).await,
            DISCARD_OBJECTS => self.discard_objects(&object_key).await,
            DELETE_INCOMING => self.delete_incoming(&object_key).await,
            unknown => Err(format!("no job is called {unknown}").into()),
        }
    }

    /// A backup copies the objects that its dump of the database names, some of them hours after the dump.
    fn rest(&self, kind: &str) -> Duration {
        if kind == DELETE_OBJECTS { self.keep } else { Duration::ZERO }
    }
}

/// Deletes all the objects of a blob.
pub(crate) async fn delete_renditions(objects: &Objects, object_key: &str) -> objects::Result<()> {
    try_join_all(Rendition::ALL.map(|rendition| async move { objects.delete(&object(object_key, rendition)).await })).await.map(drop)
}
