//! Where objects lie: a bucket, or a folder.

mod bucket;
mod folder;

use std::path::PathBuf;

use bytes::Bytes;

pub use bucket::Bucket;
use bucket::BucketClient;
use folder::Folder;

/// Why a store did not do what it was asked to.
#[derive(Debug, thiserror::Error)]
#[error("failed to {doing} {key} in {store}: {cause}")]
pub struct StoreError {
    pub(crate) doing: &'static str,
    pub(crate) key: String,
    pub(crate) store: String,
    pub(crate) cause: String,
}

/// The result of every call.
pub(crate) type Result<T> = std::result::Result<T, StoreError>;

/// The keys of a listing, in order, and what asks for those after them.
pub(crate) struct Page {
    pub(crate) keys: Vec<String>,
    pub(crate) next: Option<String>,
}

/// A bucket or a folder, or what in it begins with a prefix.
#[derive(Clone)]
pub struct Store(Place);

#[derive(Clone)]
enum Place {
    Bucket(BucketClient),
    Folder(Folder),
}

impl Store {
    /// A bucket of a store that speaks S3. It must exist.
    pub fn in_bucket(bucket: &Bucket) -> Self {
        Self(Place::Bucket(BucketClient::new(bucket)))
    }

    /// A folder, made if it is not there.
    pub fn in_folder(path: PathBuf) -> Self {
        Self(Place::Folder(Folder::new(path)))
    }

    /// As a person writes where something is.
    pub fn location(&self, key: &str) -> String {
        match &self.0 {
            Place::Bucket(bucket) => bucket.location(key),
            Place::Folder(folder) => folder.location(key),
        }
    }

    /// Writes an object, whole or not at all.
    pub(crate) async fn put(&self, key: &str, bytes: Bytes) -> Result<()> {
        match &self.0 {
            Place::Bucket(bucket) => bucket.put(key, bytes).await,
            Place::Folder(folder) => folder.put(key, &bytes).await,
        }
    }

    /// Reads an object; `None` if there is none.
    pub(crate) async fn get(&self, key: &str) -> Result<Option<Bytes>> {
        match &self.0 {
            Place::Bucket(bucket) => bucket.get(key).await,
            Place::Folder(folder) => folder.get(key).await,
        }
    }

    /// The length of an object; `None` if there is none.
    pub(crate) async fn size(&self, key: &str) -> Result<Option<u64>> {
        match &self.0 {
            Place::Bucket(bucket) => bucket.size(key).await,
            Place::Folder(folder) => folder.size(key).await,
        }
    }

    /// Deletes an object. One that is not there is deleted already.
    pub(crate) async fn delete(&self, key: &str) -> Result<()> {
        match &self.0 {
            Place::Bucket(bucket) => bucket.delete(key).await,
            Place::Folder(folder) => folder.delete(key).await,
        }
    }

    /// The keys that begin with `prefix`, which ends with a slash or is empty, a page at a time.
    pub(crate) async fn list(&self, prefix: &str, next: Option<String>) -> Result<Page> {
        match &self.0 {
            Place::Bucket(bucket) => bucket.list(prefix, next).await,
            Place::Folder(folder) => folder.list(prefix).await,
        }
    }
}
