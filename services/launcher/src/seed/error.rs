//! Why a seeding can fail.

use std::path::PathBuf;

use reqwest::StatusCode;

/// Why the seeding stopped.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// A file or folder given on the command line.
    #[error("failed to read {path}: {source}")]
    Read {
        /// What was to be read.
        path: PathBuf,
        /// Why it was not.
        source: std::io::Error,
    },
    /// A line of the graph file.
    #[error("failed to read {path}: line {line} is not an edge: write two numbers, such as `17 42`")]
    Edge {
        /// The graph file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
    },
    /// A graph of nobody who knows anybody.
    #[error("failed to find an edge between the people to seed in {0}: seed more of them, or leave --graph out")]
    NoEdges(PathBuf),
    /// A folder that holds nothing to upload.
    #[error("failed to find a picture in {0}: put a .jpg, .png or .webp there, or leave --photos out")]
    NoPictures(PathBuf),
    /// A value on the command line that cannot be sent.
    #[error("failed to use --host {0}: it is not a host name")]
    Host(String),
    /// The picture encoder.
    #[error("failed to make a picture: {0}")]
    Picture(#[from] image::ImageError),
    /// No answer at all.
    #[error("failed to {action}: {source}")]
    Unreachable {
        /// Finishes "failed to …".
        action: String,
        /// What the HTTP client says.
        source: reqwest::Error,
    },
    /// An answer that is not a success, or that never stopped asking to come back later.
    #[error("failed to {action}: the platform answered {status}: {detail}")]
    Refused {
        /// Finishes "failed to …".
        action: String,
        /// The last answer's.
        status: StatusCode,
        /// The problem document's detail, else the beginning of the body.
        detail: String,
    },
    /// A success in a form that the API does not promise.
    #[error("failed to {action}: the answer is not what the API promises: {source}")]
    Answer {
        /// Finishes "failed to …".
        action: String,
        /// Where it differs.
        source: serde_json::Error,
    },
    /// The platform works, but shows somebody what it should not, or hides what it should show.
    #[error("the check failed: {0}")]
    Check(String),
}

impl SeedError {
    /// Whether the platform answered with this status.
    pub fn is(&self, expected: StatusCode) -> bool {
        matches!(self, SeedError::Refused { status, .. } if *status == expected)
    }
}
