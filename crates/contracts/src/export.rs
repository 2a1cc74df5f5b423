//! What auth asks of the other services when somebody takes a copy of all that is theirs: pages of files, until there is none.

use serde::{Deserialize, Serialize};

use crate::AccountId;

/// Where a page of what a service keeps of one person is asked for, on its private port.
pub const EXPORT: &str = "/internal/export";

/// "What do you keep of this person?"
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExportRequest {
    /// Whose.
    pub account: AccountId,
    /// Where to go on; `None` begins.
    pub after: Option<String>,
}

/// One page: about 500 rows and 1 MiB at most.
#[derive(Debug, Serialize, Deserialize)]
pub struct ExportPage {
    /// What goes into the archive.
    pub files: Vec<ExportFile>,
    /// Where to go on; `None`: that was all.
    pub after: Option<String>,
}

/// One file of the archive.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ExportFile {
    /// JSON of its own.
    Json {
        /// Path in the archive below the service's folder, such as `posts/0001.json`.
        name: String,
        /// What it holds.
        contents: serde_json::Value,
    },
    /// Text such as CSV.
    Text {
        /// Path in the archive below the service's folder, such as `following.csv`.
        name: String,
        /// What it holds.
        contents: String,
    },
    /// Bytes that have to be asked for one by one, with a GET of `path` on the same port.
    Bytes {
        /// Path in the archive below the service's folder, such as `photos/17.jpg`.
        name: String,
        /// Path and query on the private port.
        path: String,
        /// How many bytes: exactly so many are answered.
        size: u64,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_says_its_kind() {
        let file = ExportFile::Bytes { name: "photos/17.jpg".to_owned(), path: "/internal/export/photos/17".to_owned(), size: 7 };
        let told = serde_json::to_value(&file).unwrap();
        let path = "/internal/export/photos/17";
        assert_eq!(told, serde_json::json!({"kind": "bytes", "name": "photos/17.jpg", "path": path, "size": 7}));
        assert_eq!(serde_json::from_value::<ExportFile>(told).unwrap(), file);
    }
}
