//! A Certificate of cert-manager, with the few fields of it that the operator writes and reads.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::CustomResource;
use serde::{Deserialize, Serialize};

use super::metadata::owned;
use crate::platform::{Issuer, Platform, Tls};

/// `spec` of a Certificate.
#[derive(CustomResource, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[kube(
    group = "cert-manager.io",
    version = "v1",
    kind = "Certificate",
    plural = "certificates",
    namespaced,
    schema = "disabled",
    status = "CertificateStatus",
    doc = "A Certificate of cert-manager."
)]
#[serde(rename_all = "camelCase")]
pub struct CertificateSpec {
    /// The Secret that it is written into.
    #[serde(default)]
    pub secret_name: String,
    /// The hosts.
    #[serde(default)]
    pub dns_names: Vec<String>,
    /// Who issues it.
    #[serde(default)]
    pub issuer_ref: IssuerRef,
    /// Its private key.
    #[serde(default)]
    pub private_key: PrivateKey,
}

/// Who issues a certificate.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct IssuerRef {
    /// Its name.
    #[serde(default)]
    pub name: String,
    /// Its kind.
    #[serde(default)]
    pub kind: String,
    /// The group of its kind.
    #[serde(default)]
    pub group: String,
}

/// The private key of a certificate.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PrivateKey {
    /// Its algorithm.
    #[serde(default)]
    pub algorithm: String,
    /// Its size in bits.
    #[serde(default)]
    pub size: i32,
    /// Whether each renewal has a new one.
    #[serde(default)]
    pub rotation_policy: String,
}

/// What cert-manager says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CertificateStatus {
    /// Among them `Ready`.
    #[serde(default)]
    pub conditions: Vec<CertificateCondition>,
    /// When it expires.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_after: Option<Time>,
}

/// A condition, of which cert-manager may leave parts out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CertificateCondition {
    /// Which.
    #[serde(default, rename = "type")]
    pub type_: String,
    /// `True`, `False` or `Unknown`.
    #[serde(default)]
    pub status: String,
    /// Why, in CamelCase.
    #[serde(default)]
    pub reason: String,
    /// Why, for people.
    #[serde(default)]
    pub message: String,
    /// The generation of the spec that it speaks of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
}

impl Certificate {
    /// What cert-manager says of this generation of it.
    pub fn ready(&self) -> Option<&CertificateCondition> {
        let conditions = &self.status.as_ref()?.conditions;
        let ready = conditions.iter().find(|condition| condition.type_ == "Ready")?;
        let is_about_this = ready.observed_generation.is_none_or(|seen| Some(seen) >= self.metadata.generation);
        is_about_this.then_some(ready)
    }

    /// The second, since 1970, at which it expires.
    pub fn expires(&self) -> Option<i64> {
        Some(self.status.as_ref()?.not_after.as_ref()?.0.as_second())
    }
}

/// The certificate of the domain, if cert-manager is to get it and the cluster knows it.
pub fn certificate(platform: &Platform) -> Option<Certificate> {
    let Tls { secret, issuer } = platform.tls.as_ref()?;
    let Issuer { name, kind, served: true } = issuer.as_ref()? else { return None };
    let spec = CertificateSpec {
        secret_name: secret.clone(),
        dns_names: vec![platform.domain.clone()],
        issuer_ref: IssuerRef { name: name.clone(), kind: kind.name().to_owned(), group: "cert-manager.io".to_owned() },
        private_key: PrivateKey { algorithm: "ECDSA".to_owned(), size: 256, rotation_policy: "Always".to_owned() },
    };
    Some(Certificate { metadata: owned(platform, "gateway", &platform.name), spec, status: None })
}
