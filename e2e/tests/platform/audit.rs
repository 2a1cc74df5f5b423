//! What the API server writes down about the operator.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead as _, BufReader, Seek as _, SeekFrom};
use std::path::PathBuf;

use serde::Deserialize;

/// What changes something, or would: dry runs are writes too.
const WRITES: [&str; 5] = ["create", "update", "patch", "delete", "deletecollection"];

/// The audit log from one moment on.
pub struct Audit {
    path: PathBuf,
    from: u64,
}

/// What was asked for, and how it was answered.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Asked {
    /// `patch`.
    pub verb: String,
    /// `apps`; empty for the core.
    pub group: String,
    /// `deployments`.
    pub resource: String,
    /// `status`, or empty.
    pub subresource: String,
    /// Empty for all.
    pub namespace: String,
    /// Empty for a whole kind.
    pub name: String,
    /// The HTTP status.
    pub code: u16,
    /// Whether its rights let it. What admission refuses, such as new objects in a namespace that is going, has the same status.
    pub allowed: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    verb: String,
    user: User,
    object_ref: Option<Target>,
    #[serde(default)]
    response_status: Status,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct User {
    username: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Status {
    code: u16,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Target {
    api_group: String,
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

    /// All of the log.
    pub fn from_the_start(path: PathBuf) -> Audit {
        Audit { path, from: 0 }
    }

    /// The writes of `user` in `namespace` since then, but those of its lease.
    pub fn writes(&self, user: &str, namespace: &str) -> Vec<String> {
        let counts = |line: &Line| WRITES.contains(&&*line.verb);
        let lines = self.lines(user).filter(counts).filter_map(Line::asked);
        lines.filter(|asked| asked.namespace == namespace && asked.resource != "leases").map(|asked| asked.told()).collect()
    }

    /// Everything that `user` has asked for since then, each once.
    pub fn asked(&self, user: &str) -> BTreeSet<Asked> {
        self.lines(user).filter_map(Line::asked).collect()
    }

    /// The lines about `user`, read one by one: the log of a whole run is large.
    fn lines(&self, user: &str) -> impl Iterator<Item = Line> {
        let mut log = File::open(&self.path).unwrap_or_else(|error| panic!("E2E_AUDIT_LOG {}: {error}", self.path.display()));
        log.seek(SeekFrom::Start(self.from)).expect("a log can be read from its middle");
        let lines = BufReader::new(log).split(b'\n').map(|line| line.expect("the audit log can be read"));
        // The last line may be half written: it is read whole the next time.
        lines.filter_map(|line| serde_json::from_slice::<Line>(&line).ok()).filter(move |line| line.user.username == user)
    }
}

impl Line {
    /// None for what is about no object, such as the list of APIs.
    fn asked(self) -> Option<Asked> {
        let Target { api_group, resource, subresource, namespace, name } = self.object_ref?;
        let code = self.response_status.code;
        let allowed = self.annotations.get("authorization.k8s.io/decision").is_none_or(|decision| decision == "allow");
        Some(Asked { verb: self.verb, group: api_group, resource, subresource, namespace, name, code, allowed })
    }
}

impl Asked {
    fn told(&self) -> String {
        let Asked { verb, resource, subresource, name, .. } = self;
        let slash = if subresource.is_empty() { "" } else { "/" };
        format!("{verb} {resource}{slash}{subresource} {name}")
    }
}
