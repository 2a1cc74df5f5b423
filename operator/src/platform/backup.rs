//! Where backups go, and where they come from.

use jiff::Timestamp;

use super::Endpoint;
use crate::backups::Due;
use crate::schedule::Schedule;

/// Where backups go, and which is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backup {
    /// An image with PostgreSQL's programs.
    pub postgres_image: String,
    /// Where they go.
    pub destination: Destination,
    /// When they are made by themselves.
    pub schedule: Option<Schedule>,
    /// How many verified ones of the schedule are kept.
    pub keep: usize,
    /// The one that is to be made now.
    pub due: Option<Due>,
    /// The time for which one is to be created.
    pub slot: Option<Timestamp>,
    /// Whether one of the schedule is not over yet: then none is created, and that time passes.
    pub is_making: bool,
}

/// A bucket for backups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// The store.
    pub endpoint: Endpoint,
    /// The bucket.
    pub bucket: String,
    /// What all keys begin with.
    pub prefix: Option<String>,
    /// The region that requests are signed for.
    pub region: String,
    /// The Secret with the credentials.
    pub secret: String,
    /// A hash of the credentials.
    pub fingerprint: String,
}

/// A backup to begin with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The name under which it is kept.
    pub name: String,
    /// An image with PostgreSQL's programs.
    pub postgres_image: String,
    /// Where it is.
    pub source: Destination,
}
