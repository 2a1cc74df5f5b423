//! What a backup tells the operator, and the time that it may take.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How long photo keeps the objects of a deleted photo, unless it is told otherwise.
pub const KEEP_DELETED: Duration = Duration::from_secs(24 * 3600);

/// The longest that a backup may take, an hour less: every object that its dump names is still there when it is copied.
pub const LONGEST_BACKUP: Duration = Duration::from_secs(23 * 3600);

/// What came of a backup or of a restore, as its pod's termination message says it in JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BackupReport {
    /// Where it is, such as `s3://backups/demo/demo-20261129t020000`.
    pub location: String,
    /// The SHA-256 of its manifest in hexadecimal; the manifest holds those of all the rest.
    pub checksum: String,
    /// Bytes of the dump and of the objects together.
    pub bytes: u64,
    /// Rows of the database.
    pub rows: u64,
    /// Objects of photos.
    pub objects: u64,
    /// Objects that the platform had lost before, so that they could not be copied.
    pub missing: u64,
    /// Whether it was restored into a scratch database and compared, in counts and hashes.
    pub verified: bool,
}
