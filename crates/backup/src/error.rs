use crate::store::StoreError;

/// Why there is no backup, or why it could not be restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The owner's URL cannot be read.
    #[error("the URL of the database must be like postgres://owner:password@host:5432/name")]
    Url,
    /// The database refused.
    #[error("failed to {doing}")]
    Database {
        /// What was tried.
        doing: &'static str,
        /// Why not.
        source: sqlx::Error,
    },
    /// The owner lacks CREATEDB.
    #[error(
        "the owner may not create the scratch database in which a backup is verified: run `alter role {owner:?} createdb` as a superuser"
    )]
    ScratchRefused {
        /// The owner.
        owner: String,
    },
    /// The roles of the services could not be made.
    #[error(transparent)]
    Roles(#[from] database::ProvisionError),
    /// Another backup of the same database is running.
    #[error("another backup of this database is running: wait for its end")]
    Busy,
    /// A program of PostgreSQL cannot be run.
    #[error("failed to run {program}: put PostgreSQL's client programs on the PATH, or set PG_BIN to their folder")]
    NoProgram {
        /// Which.
        program: &'static str,
        /// Why.
        source: std::io::Error,
    },
    /// A program of PostgreSQL failed.
    #[error("{program} failed: {output}")]
    Program {
        /// Which.
        program: &'static str,
        /// What it printed.
        output: String,
    },
    /// A store refused.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An object that a photo needs is not in the platform's store, and nobody knew.
    #[error("the object {key} is not in the platform's store: restore it from an earlier backup, or delete its photo")]
    ObjectMissing {
        /// Its key.
        key: String,
    },
    /// Something is not what it was.
    #[error("{what} differs from what was backed up; this backup cannot be trusted")]
    Differs {
        /// What.
        what: String,
    },
    /// There is no such backup.
    #[error("there is no whole backup at {location}: check its name, and that it is said to be complete")]
    NoBackup {
        /// Where it was looked for.
        location: String,
    },
    /// The backup was made by a program with another layout.
    #[error("the backup has the format {format}, and this program knows up to {known}: use a newer program")]
    Format {
        /// The backup's.
        format: u32,
        /// Ours.
        known: u32,
    },
    /// The database to restore into has tables.
    #[error("the database {database} is not empty: a backup is restored into a new one only")]
    NotEmpty {
        /// Its name.
        database: String,
    },
    /// The bucket to restore into has photos.
    #[error(
        "there are photos at {location} already: name an empty bucket; two platforms in one bucket delete each other's photos, because \
         each deletes what its own database does not know"
    )]
    BucketNotEmpty {
        /// Where they are.
        location: String,
    },
    /// Another backup was restored into the database.
    #[error("the database {database} was restored from the backup {other}: choose a new database, or that backup")]
    OtherBackup {
        /// Its name.
        database: String,
        /// The backup's name.
        other: String,
    },
}

impl BackupError {
    /// The reason in one word, as a condition of Kubernetes has it.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Url | Self::Database { .. } => "DatabaseUnavailable",
            Self::ScratchRefused { .. } => "ScratchRefused",
            Self::Roles(database::ProvisionError::RolesMissing { .. }) => "RolesMissing",
            Self::Roles(_) => "DatabaseUnavailable",
            Self::Busy => "AnotherBackupRuns",
            Self::NoProgram { .. } => "ProgramMissing",
            Self::Program { program, .. } if *program == crate::dump::PG_DUMP => "DumpFailed",
            Self::Program { .. } => "RestoreFailed",
            Self::Store(_) => "StoreUnavailable",
            Self::ObjectMissing { .. } => "ObjectMissing",
            Self::Differs { .. } => "VerificationFailed",
            Self::NoBackup { .. } => "BackupNotFound",
            Self::Format { .. } => "FormatUnknown",
            Self::NotEmpty { .. } | Self::OtherBackup { .. } => "DatabaseNotEmpty",
            Self::BucketNotEmpty { .. } => "BucketNotEmpty",
        }
    }

    /// Names what the database was asked for.
    pub(crate) fn database(doing: &'static str) -> impl FnOnce(sqlx::Error) -> Self {
        move |source| Self::Database { doing, source }
    }
}
