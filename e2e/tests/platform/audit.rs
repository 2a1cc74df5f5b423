//! What the API server writes down about the operator.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::PathBuf;

use serde::Deserialize;

/// What changes something, or would: dry runs are writes too.
const WRITES: [&str; 5] = ["create", "update", "patch", "delete", "deletecollection"];

/// The audit log from one moment on.
pub struct Audit {
    path: PathBuf,
    from: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    verb: String,
    user: User,
    object_ref: Option<Target>,
}

#[derive(Deserialize)]
struct User {
    username: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Target {
    resource: String,
    subresource: String,
    namespace: String,
    name: String,
}

impl Audit {
    /// The log from its present end on.
    pub fn from_now(path: PathBuf) -> Audit {
        let from = std::fs::metadata(&path).unwrap_or_else(|error| panic!("E2E_AUDIT_LOG {}: {error}", path.display())).len();
        Audit { path, from }
    }

    /// The writes of `user` in `namespace` since then, but those of its lease.
    pub fn writes(&self, user: &str, namespace: &str) -> Vec<String> {
        let mut text = Vec::new();
        let mut log = File::open(&self.path).expect("the audit log stays where it is");
        log.seek(SeekFrom::Start(self.from)).expect("a log can be read from its middle");
        log.read_to_end(&mut text).expect("the audit log can be read");
        // The last line may be half written: it is read whole the next time.
        let lines = text.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice::<Line>(line).ok());
        lines.filter(|line| line.user.username == user && WRITES.contains(&&*line.verb)).filter_map(|line| line.told(namespace)).collect()
    }
}

impl Line {
    fn told(self, ours: &str) -> Option<String> {
        let Target { resource, subresource, namespace, name } = self.object_ref?;
        let counts = namespace == ours && resource != "leases";
        let slash = if subresource.is_empty() { "" } else { "/" };
        counts.then(|| format!("{} {resource}{slash}{subresource} {name}", self.verb))
    }
}
