//! How far a platform is.

use jiff::Timestamp;

/// How far the platform is. Nothing waits here: whatever is waited for is watched, and starts the next reconcile.
#[derive(Clone, Debug, PartialEq)]
pub enum Progress {
    /// Storage of the platform's own does not answer yet; this of it.
    WaitingForStores(Vec<String>),
    /// The backup with which the platform begins is being restored.
    Restoring,
    /// It could not be restored; nothing else is made.
    RestoreFailed {
        /// The Job.
        job: String,
        /// What it left behind.
        message: String,
    },
    /// No migration starts before a person approves the release; the services run as before.
    AwaitingApproval,
    /// The migration runs; the services run as before.
    Migrating,
    /// The last attempt at the migration failed; the services run as before.
    MigrationFailed {
        /// What the attempt left behind.
        message: String,
        /// How many there were.
        attempts: u32,
        /// When the next one starts; none, if there were as many as may be.
        retry_at: Option<Timestamp>,
    },
    /// The migration went through, and the services are as they should be.
    Migrated,
    /// No pod is to run; nothing is migrated before the platform wakes.
    Hibernated,
}

impl Progress {
    /// Is every object as it should be, and what is no longer wanted in nobody's way?
    pub(super) fn is_through(&self) -> bool {
        matches!(self, Self::Migrated | Self::Hibernated)
    }
}
