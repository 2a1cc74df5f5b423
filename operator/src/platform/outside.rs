//! What is outside: what is called there, and what is trusted.

use crate::crd::MailTls;

/// What may be called outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outside {
    /// The database of `database.mode` External.
    Database,
    /// The object store of `objectStore.mode` External.
    ObjectStore,
    /// Where backups go.
    Backups,
    /// Where the backup is that the platform begins with.
    Origin,
    /// The mail server.
    Mail,
    /// The collector.
    Collector,
}

/// Something outside that is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Its base URL, without a slash at its end.
    pub url: String,
    /// Its port, which the NetworkPolicies open.
    pub port: u16,
}

/// Private certificate authorities.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trust {
    /// The ConfigMap with their certificates.
    pub config_map: String,
    /// The key.
    pub key: String,
    /// A hash of them, so that pods are replaced when they change.
    pub fingerprint: String,
}

/// How mail leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// The mail server.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub tls: MailTls,
    /// Whom mail comes from.
    pub from: String,
    /// The Secret with name and password, and a hash of them.
    pub credentials: Option<(String, String)>,
}
