//! The certificate of the domain: when it expires, and what is there of one that the user writes into a Secret. Gateways read
//! it by themselves; the operator only tells. Pure.

use jiff::Timestamp;

use crate::certificate_metrics::{Expiry, Keeper};
use crate::reconcile::Cluster;
use crate::x509;

/// What is there of a certificate that the user writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Own {
    /// No Secret of this name.
    Missing,
    /// A Secret whose `tls.crt` is no certificate.
    Unreadable,
    /// A certificate that expires then, or did.
    Until(Timestamp),
}

/// What is there of the certificate that the user writes; nothing, if the resource names none.
pub(super) fn own(cluster: &Cluster) -> Option<Own> {
    let name = cluster.resource.spec.exposure.tls.as_ref()?.own_secret()?;
    let Some(secret) = cluster.referenced.get(name) else { return Some(Own::Missing) };
    let certificate = secret.data.as_ref().and_then(|data| data.get("tls.crt"));
    Some(certificate.and_then(|pem| x509::expires(&pem.0)).map_or(Own::Unreadable, Own::Until))
}

/// When the certificate of the domain expires, as far as that is known.
pub(super) fn expiry(cluster: &Cluster) -> Option<Expiry> {
    match own(cluster) {
        Some(Own::Until(at)) => Some(Expiry { second: at.as_second(), keeper: Keeper::User }),
        Some(Own::Missing | Own::Unreadable) => None,
        None => {
            let second = cluster.children.certificates.first()?.expires()?;
            Some(Expiry { second, keeper: Keeper::CertManager })
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

    use super::*;
    use crate::crd::TlsSpec;
    use crate::example::minimal;
    use crate::fixtures::{EXPIRED, VALID, cluster, secret};
    use crate::resources::certificate::{Certificate, CertificateSpec, CertificateStatus};

    /// A platform whose certificate is in the Secret `own`, and that Secret with these values.
    fn with_own(values: &[(&str, &str)]) -> Cluster {
        let mut resource = minimal();
        resource.spec.exposure.tls = Some(TlsSpec { secret_name: Some("own".into()), issuer_ref: None });
        let mut cluster = cluster(resource);
        cluster.referenced.insert("own".into(), secret("own", values));
        cluster
    }

    /// A certificate of cert-manager that expires at the second 7.
    fn kept() -> Certificate {
        let spec = CertificateSpec {
            secret_name: "demo-tls".into(),
            dns_names: Vec::new(),
            issuer_ref: Default::default(),
            private_key: Default::default(),
        };
        let status = CertificateStatus { conditions: Vec::new(), not_after: Some(Time(Timestamp::from_second(7).unwrap())) };
        Certificate { status: Some(status), ..Certificate::new("demo", spec) }
    }

    #[test]
    fn a_certificate_that_the_user_writes_is_read_from_its_secret() {
        let told = |tls_crt| own(&with_own(&[("tls.crt", tls_crt), ("tls.key", "a secret")]));
        assert_eq!(told(VALID), Some(Own::Until("2100-01-01T00:00:00Z".parse().unwrap())));
        assert_eq!(told("no certificate"), Some(Own::Unreadable));
        assert_eq!(own(&with_own(&[("tls.key", "a secret")])), Some(Own::Unreadable));
        let mut missing = with_own(&[]);
        missing.referenced.remove("own");
        assert_eq!(own(&missing), Some(Own::Missing));
        assert_eq!(own(&cluster(minimal())), None);
    }

    #[test]
    fn the_metric_says_who_renews_the_certificate() {
        let expired = Some(Expiry { second: 1_609_459_200, keeper: Keeper::User });
        assert_eq!(expiry(&with_own(&[("tls.crt", EXPIRED)])), expired);
        assert_eq!(expiry(&with_own(&[("tls.crt", "no certificate")])), None);
        let mut issued = cluster(minimal());
        assert_eq!(expiry(&issued), None);
        issued.children.certificates.push(Arc::new(kept()));
        assert_eq!(expiry(&issued), Some(Expiry { second: 7, keeper: Keeper::CertManager }));
    }
}
