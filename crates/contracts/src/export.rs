//! What auth asks of the other services when somebody takes a copy of all that is theirs: pages of files, until there is none.

use std::fmt;
use std::str::FromStr;

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

/// Where an export goes on, for a service whose parts are read row by row. To auth it is a word that it gives back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The place of the part among those of the service.
    pub part: usize,
    /// The last row of it that was answered.
    pub after: i64,
    /// Files of it that were.
    pub files: usize,
}

impl Place {
    /// Before the first row of a part.
    pub const fn begin(part: usize) -> Self {
        Self { part, after: 0, files: 0 }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.part, self.after, self.files)
    }
}

/// A word that is no place of an export.
#[derive(Debug, thiserror::Error)]
#[error("as the page before it was answered with")]
pub struct NoPlace;

impl FromStr for Place {
    type Err = NoPlace;

    fn from_str(text: &str) -> Result<Self, NoPlace> {
        let (part, rest) = text.split_once('.').ok_or(NoPlace)?;
        let (after, files) = rest.split_once('.').ok_or(NoPlace)?;
        let small = |number: &str| number.parse().map_err(|_| NoPlace);
        Ok(Self { part: small(part)?, after: after.parse().map_err(|_| NoPlace)?, files: small(files)? })
    }
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

    #[test]
    fn a_place_reads_what_it_wrote_and_nothing_else() {
        let place = Place { part: 3, after: 17, files: 2 };
        assert_eq!(place.to_string().parse::<Place>().unwrap(), place);
        for text in ["", "3", "3.17", "3.17.2.", "3.17.2.1", "-3.17.2", "3.17.x", "3..2"] {
            assert!(text.parse::<Place>().is_err(), "{text:?}");
        }
    }
}
