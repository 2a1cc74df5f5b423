use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The certificate of the domain.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[x_kube(
    validation = Rule::new("has(self.secretName) || has(self.issuerRef)")
        .message("exposure.tls needs a secretName that holds the certificate, or an issuerRef that cert-manager gets it from")
)]
#[serde(rename_all = "camelCase")]
pub struct TlsSpec {
    /// The Secret with the certificate, in the namespace of the platform. With `issuerRef`, cert-manager writes it, and it is
    /// `<name>-tls` unless set. Without, you do: `tls.crt` and `tls.key`; the condition `CertificateReady` says when it expires. An
    /// Ingress names it by itself; the listener of a Gateway has to (`certificateRefs`), with a ReferenceGrant if it is in
    /// another namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253), regex(pattern = r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"))]
    pub secret_name: Option<String>,

    /// Whom cert-manager gets the certificate from and renews it with, where the cluster knows cert-manager.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer_ref: Option<IssuerRef>,
}

impl TlsSpec {
    /// The Secret with the certificate, where somebody else than cert-manager writes it.
    pub fn own_secret(&self) -> Option<&str> {
        self.secret_name.as_deref().filter(|_| self.issuer_ref.is_none())
    }
}

/// An issuer of cert-manager.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct IssuerRef {
    /// Its name.
    #[schemars(length(min = 1, max = 253), regex(pattern = r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"))]
    pub name: String,

    /// `Issuer`, in the namespace of the platform, unless set; or `ClusterIssuer`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<IssuerKind>,
}

/// The kind of an issuer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(description = "")]
pub enum IssuerKind {
    /// Of the namespace.
    #[default]
    Issuer,
    /// Of the cluster.
    ClusterIssuer,
}

impl IssuerKind {
    /// The word that a Certificate takes.
    pub fn name(self) -> &'static str {
        match self {
            Self::Issuer => "Issuer",
            Self::ClusterIssuer => "ClusterIssuer",
        }
    }
}
