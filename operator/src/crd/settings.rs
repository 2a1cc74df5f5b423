use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{PeerSpec, SecretRef};

/// Who may sign up.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RegistrationSpec {
    /// `Open`: everybody. `Approval`: everybody, and an administrator decides who may sign in. `Invite`: whoever has an
    /// invite of a member. `Closed`: nobody.
    pub mode: RegistrationMode,
}

/// Who may sign up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum RegistrationMode {
    /// Everybody.
    #[default]
    Open,
    /// Everybody, and an administrator decides.
    Approval,
    /// Whoever has an invite.
    Invite,
    /// Nobody.
    Closed,
}

impl RegistrationMode {
    /// The word that auth takes.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "Open",
            Self::Approval => "Approval",
            Self::Invite => "Invite",
            Self::Closed => "Closed",
        }
    }
}

/// How accounts end.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccountsSpec {
    /// Days between the wish to be erased and the erasure, in which one may think better of it; 7 unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 365))]
    pub erasure_grace_days: Option<i32>,
}

/// How mail leaves, by SMTP.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MailSpec {
    /// The mail server, such as `smtp.example.org`.
    #[schemars(length(min = 1, max = 253), regex(pattern = r"^\S+$"))]
    pub host: String,

    /// Its port, which the NetworkPolicy of auth opens. Unless set: 587 with `StartTls`, 465 with `Implicit`, 25 with `None`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 65535))]
    pub port: Option<i32>,

    /// How the connection is protected; `StartTls` unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<MailTls>,

    /// Whom mail comes from, such as `Our platform <no-reply@example.org>`.
    #[schemars(length(min = 3, max = 320))]
    pub from: String,

    /// The Secret with the keys `username` and `password`, if the server wants them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credentials_secret_ref: Option<SecretRef>,

    /// Where the mail server is: the only addresses or pods that may be called at its port, where the cluster enforces
    /// NetworkPolicies. Anywhere unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 16))]
    pub egress_to: Option<Vec<PeerSpec>>,
}

/// How the connection to the mail server is protected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(description = "")]
pub enum MailTls {
    /// Begun in the clear, and then required to be TLS.
    #[default]
    StartTls,
    /// TLS from the first byte.
    Implicit,
    /// Not at all.
    None,
}

impl MailTls {
    /// The word that auth takes.
    pub fn name(self) -> &'static str {
        match self {
            Self::StartTls => "StartTls",
            Self::Implicit => "Implicit",
            Self::None => "None",
        }
    }

    /// The port that servers usually have for it.
    pub fn port(self) -> u16 {
        match self {
            Self::StartTls => 587,
            Self::Implicit => 465,
            Self::None => 25,
        }
    }
}

/// How large photos may be, and how much room each person has. The memory that the operator lets pods of photo use grows with
/// `maxBytes` and `maxPixels`; `components.photo.resources` says it instead. That of backups and restores grows with `maxBytes`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PhotosSpec {
    /// Most bytes of a file that is uploaded; 20 MiB unless set. Four times as many are set aside in memory, if that is more
    /// than 128 MiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1024, max = 1_073_741_824))]
    pub max_bytes: Option<i64>,

    /// Most pixels that a side of a picture may have; 10,000 unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 16_383))]
    pub max_side: Option<i32>,

    /// Most pixels that a picture may have in all; 40 million unless set. Each takes up to twelve bytes of memory while it is
    /// processed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 268_402_689))]
    pub max_pixels: Option<i64>,

    /// Most frames that an animation may have; 300 unless set. Together they have no more than `maxPixels`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub max_frames: Option<i32>,

    /// Most bytes that one person's photos may take; 1 GiB unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub quota_bytes: Option<i64>,
}

/// Certificate authorities beside those that everybody trusts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TrustSpec {
    /// The certificates of private authorities, in PEM, by which PostgreSQL (with `sslMode: verify-full`), the object store,
    /// the mail server and the collector are known. A change replaces the pods, within ten minutes.
    pub ca_bundle_ref: ConfigMapKeyRef,
}

/// A key of a ConfigMap.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConfigMapKeyRef {
    /// The name of the ConfigMap, in the namespace of the platform.
    #[schemars(length(min = 1, max = 253), regex(pattern = r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"))]
    pub name: String,

    /// The key; `ca.crt` unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253), regex(pattern = r"^[-._a-zA-Z0-9]+$"))]
    pub key: Option<String>,
}
