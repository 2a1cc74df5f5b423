//! The database and the photos of a platform, kept together elsewhere, and brought back as a new platform.
//!
//! ```text
//!   back up   pg_dump of one snapshot ─► parts ─► a scratch database, restored from the parts and counted
//!                                                   │ the photos that it names
//!             the platform's objects ───────────────┴─► copies, each read back ─► the manifest
//!
//!   restore   the parts ─► an empty database, in one transaction
//!             the copies ─► the new platform's bucket
//! ```
//!
//! A backup lies under a name:
//!
//! | key | what |
//! |---|---|
//! | `manifests/<name>.json` | what there is, with its hashes ([`Manifest`]); written last |
//! | `<name>/database.00000`, … | `pg_dump --format=custom` in parts; put together, a file for `pg_restore` |
//! | `<name>/objects.00000.jsonl`, … | the objects, one a line, with their hashes |
//! | `<name>/objects/blobs/…` | the objects |
//!
//! Every object is whole or not there at all, so whatever is killed is run again and goes on. The objects that a dump names are
//! still there when they are copied, because photo [keeps](contracts::backup::KEEP_DELETED) them for longer than a backup takes.
//! Keys and passwords are in no backup: the key under which auth encrypts has to be kept beside it.

mod back_up;
mod dump;
mod error;
mod manifest;
mod objects;
mod owner;
mod prune;
mod restore;
mod scratch;
mod store;

pub use back_up::{Keep, Plan, back_up};
pub use error::BackupError;
pub use manifest::{Dump, Manifest, Objects, Piece};
pub use owner::Owner;
pub use restore::{RestorePlan, restore};
pub use store::{Bucket, Store, StoreError};
