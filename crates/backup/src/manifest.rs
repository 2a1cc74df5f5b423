use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::BackupError;

/// The layout that this program writes.
pub(crate) const FORMAT: u32 = 1;
/// Where the manifests lie.
pub(crate) const FOLDER: &str = "manifests/";

/// What a backup is made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// The layout of all this.
    pub format: u32,
    /// The release of the program that made it.
    pub program: String,
    /// The platform that it is of, which alone may delete it; absent, where nobody said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    /// When it was begun; what was written later is not in it.
    pub started_at: Timestamp,
    /// When it was verified; absent from one that was begun and never ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verified_at: Option<Timestamp>,
    /// The dump of the database.
    pub database: Dump,
    /// Rows, by `schema.table`.
    pub rows: BTreeMap<String, i64>,
    /// The photos.
    pub objects: Objects,
}

/// A dump in PostgreSQL's custom format.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Dump {
    /// In their order.
    pub parts: Vec<Piece>,
    /// Of all parts together.
    pub sha256: String,
    /// Of all parts together.
    pub bytes: u64,
}

/// The objects of photos.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Objects {
    /// Files that hold one [`Piece`] a line.
    pub lists: Vec<Piece>,
    /// How many objects.
    pub count: u64,
    /// Bytes of all objects.
    pub bytes: u64,
    /// Objects that the platform had lost before.
    pub missing: u64,
}

/// One object, by its key within the backup.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Piece {
    /// Of an object of a photo: as in the platform's bucket.
    pub key: String,
    /// Its length.
    pub bytes: u64,
    /// In hexadecimal.
    pub sha256: String,
}

impl Manifest {
    /// The key of the manifest of the backup `name`.
    pub(crate) fn key(name: &str) -> String {
        format!("{FOLDER}{name}.json")
    }

    /// One of a backup that begins.
    pub(crate) fn begun(platform: Option<String>, now: Timestamp) -> Self {
        Self {
            format: FORMAT,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            platform,
            started_at: now,
            verified_at: None,
            database: Dump::default(),
            rows: BTreeMap::new(),
            objects: Objects::default(),
        }
    }

    /// Reads one, unless its layout is newer than this program.
    pub(crate) fn parse(json: &[u8]) -> Result<Self, BackupError> {
        #[derive(Deserialize)]
        struct Header {
            format: u32,
        }
        let broken = |_| BackupError::Differs { what: "the manifest".to_owned() };
        let Header { format } = serde_json::from_slice(json).map_err(broken)?;
        if format > FORMAT {
            return Err(BackupError::Format { format, known: FORMAT });
        }
        serde_json::from_slice(json).map_err(broken)
    }

    /// As it is stored.
    pub(crate) fn json(&self) -> Vec<u8> {
        serde_json::to_vec_pretty(self).expect("strings and numbers are JSON")
    }

    /// Rows of all tables.
    pub(crate) fn total_rows(&self) -> u64 {
        self.rows.values().map(|rows| u64::try_from(*rows).unwrap_or_default()).sum()
    }
}

impl Piece {
    /// What is under `key`.
    pub(crate) fn of(key: String, bytes: &[u8]) -> Self {
        Self { key, bytes: bytes.len() as u64, sha256: sha256(bytes) }
    }

    /// Are these the bytes?
    pub(crate) fn is(&self, bytes: &[u8]) -> bool {
        self.bytes == bytes.len() as u64 && self.sha256 == sha256(bytes)
    }
}

/// In hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

/// Two digits a byte.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_survives_its_file() {
        let mut manifest = Manifest::begun(Some("social/demo/5a0e".to_owned()), Timestamp::UNIX_EPOCH);
        manifest.rows.insert("social.posts".to_owned(), 3);
        manifest.database.parts.push(Piece::of("database.00000".to_owned(), b"dump"));
        assert_eq!(Manifest::parse(&manifest.json()).unwrap(), manifest);
        assert_eq!(manifest.total_rows(), 3);
    }

    #[test]
    fn a_later_layout_is_refused_before_it_is_read() {
        let error = Manifest::parse(br#"{"format": 2, "unknown": true}"#).unwrap_err();
        assert_eq!(error.reason(), "FormatUnknown");
        assert_eq!(Manifest::parse(b"{").unwrap_err().reason(), "VerificationFailed");
    }

    #[test]
    fn a_piece_knows_its_bytes() {
        let piece = Piece::of("a".to_owned(), b"abc");
        assert_eq!(piece.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert!(piece.is(b"abc") && !piece.is(b"abd") && !piece.is(b"ab"));
    }
}
